import { describe, expect, it } from "vitest";
import { SizingBook } from "../../../src/app/money/sizing-book.ts";
import { openMemoryHistory } from "../../../src/history/memory-history.ts";
import { counter, gauge, NOW, point } from "../../fixtures/otlp/points.ts";
import { bench, signalOf, type Bench } from "../../fixtures/otlp/send.ts";
import { policyOf } from "../../fixtures/policy.ts";

const GIB = 1024 ** 3;
const START = Math.ceil(NOW / 300) * 300;
const POLICY = policyOf({
  usage: {
    cpu: signalOf({ metric: "process.cpu.time", unit: "s" }),
    memory: signalOf({ metric: "container.memory.working_set", unit: "By", extract: "gauge" }),
  },
});
const OPTIONS = [
  { instanceType: "wide", vcpu: 8, memoryGib: 32, pricePerHourUsd: 0.4 },
  { instanceType: "tall", vcpu: 2, memoryGib: 4, pricePerHourUsd: 0.08 },
  { instanceType: "tiny", vcpu: 1, memoryGib: 2, pricePerHourUsd: 0.01 },
];

/** Two processes of one service: `cores` and `gib` together, over `minutes`. */
async function live(on: Bench, book: SizingBook, use: { readonly cores: number; readonly gib: number; readonly minutes: number; readonly readyReplicas: number | undefined }): Promise<void> {
  for (let at = START; at <= START + use.minutes * 60; at += 30) {
    for (const instance of ["a", "b"]) {
      const attributes = { instance };
      on.send([
        counter("process.cpu.time", [point({ time: at, start: START - 10, value: (use.cores / 2) * (at - START + 10), attributes })], { unit: "s" }),
        gauge("container.memory.working_set", [point({ time: at, value: (use.gib / 2) * GIB, attributes })], "By"),
      ], { now: at });
    }
    await book.feed(POLICY, { reader: on.reader, readyReplicas: use.readyReplicas, nowSeconds: at });
  }
}

function open(): { readonly on: Bench; readonly history: ReturnType<typeof openMemoryHistory>; readonly book: SizingBook; readonly failures: string[] } {
  const failures: string[] = [];
  const history = openMemoryHistory();
  const book = new SizingBook({ history, onFailure: (_, message) => failures.push(message) });
  const on = bench();
  on.reader.retain(Object.values(POLICY.usage ?? {}));
  return { on, history, book, failures };
}

describe("the use of a replica", () => {
  it("is the sum over the ready replicas, as the semantic conventions name it, and sizes machines with saving and risk", async () => {
    const { on, book, failures } = open();
    await book.open([POLICY], START);
    await live(on, book, { cores: 3, gib: 6, minutes: 60, readyReplicas: 2 });
    const sizing = book.sizing("web", OPTIONS, 0.2);
    expect(failures).toEqual([]);
    // Buckets are 5 % wide and a quantile is the upper end of one.
    expect(sizing?.cpuCores).toBeGreaterThanOrEqual(1.5);
    expect(sizing?.cpuCores).toBeLessThan(1.6);
    expect(sizing?.memoryGib).toBeGreaterThanOrEqual(3);
    expect(sizing?.memoryGib).toBeLessThan(3.2);
    expect(sizing?.isEnough).toBe(false);
    expect(sizing?.advice.map(({ instanceType, replicas }) => [instanceType, replicas])).toEqual([["tall", 1], ["wide", 4]]);
    expect(sizing?.advice[0]?.savingShare).toBeCloseTo(0.6, 6);
    expect(sizing?.advice[0]).toMatchObject({ cpuShortShare: 0, memoryShortShare: 0 });
  });

  it("is there again after a restart, from the history", async () => {
    const { on, history, book } = open();
    await book.open([POLICY], START);
    await live(on, book, { cores: 3, gib: 6, minutes: 60, readyReplicas: 2 });
    const again = new SizingBook({ history, onFailure: () => undefined });
    await again.open([POLICY], START + 3600);
    expect(again.sizing("web", OPTIONS, 0.2)).toEqual(book.sizing("web", OPTIONS, 0.2));
  });

  it("is not guessed where the ready replicas are not known", async () => {
    const { on, book } = open();
    await book.open([POLICY], START);
    await live(on, book, { cores: 3, gib: 6, minutes: 30, readyReplicas: undefined });
    expect(book.sizing("web", OPTIONS, 0.2)).toMatchObject({ samples: 0, cpuCores: undefined, advice: [] });
  });

  it("is not kept for a policy that measures none", async () => {
    const { book } = open();
    await book.open([policyOf()], START);
    expect(book.sizing("web", OPTIONS, 0.2)).toBeUndefined();
  });
});
