import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MetricStore } from "../../src/observe/metrics/metric-store.ts";
import { SignalReader } from "../../src/observe/metrics/signals/signal-reader.ts";
import { arbitraryRequest } from "../fixtures/otlp/arbitrary-request.ts";
import { encodeRequest } from "../fixtures/otlp/oracle.ts";
import { counter, NOW, point, requestOf } from "../fixtures/otlp/points.ts";
import { snapshotOf } from "../fixtures/otlp/table-snapshot.ts";

const SPEC = { source: "otlp", metric: "known", select: {}, extract: "rate", aggregate: "sum", quantile: undefined, threshold: undefined, unit: undefined, windowSeconds: 60, staleAfterSeconds: 60 } as const;

/** A store that knows a counter of 5 per second, and reads it. */
function storeWithCounter(): { readonly store: MetricStore; readonly reader: SignalReader } {
  const store = new MetricStore();
  const reader = new SignalReader(store.table);
  reader.retain([SPEC]);
  for (const time of [NOW - 60, NOW - 45, NOW - 30, NOW - 15]) {
    const bytes = encodeRequest(requestOf([counter("known", [point({ start: NOW - 100, time, value: (time - NOW + 100) * 5 })])]));
    if (!store.ingestProtobuf(bytes, NOW).ok) throw new Error("refused");
  }
  return { store, reader };
}

/** One edit of bytes: a bit flipped, a byte set, a run cut out, doubled, or the end cut off. */
const edit = fc.record({ kind: fc.constantFrom("flip", "set", "cut", "double", "truncate"), at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), value: fc.integer({ min: 0, max: 255 }), length: fc.integer({ min: 1, max: 20 }) });

function edited(bytes: Uint8Array, edits: readonly { readonly kind: string; readonly at: number; readonly value: number; readonly length: number }[]): Uint8Array {
  let result = Buffer.from(bytes);
  for (const { kind, at, value, length } of edits) {
    const i = Math.floor(at * result.length);
    if (kind === "flip") result[i] = (result[i] ?? 0) ^ (1 << (value & 7));
    else if (kind === "set") result[i] = value;
    else if (kind === "cut") result = Buffer.concat([result.subarray(0, i), result.subarray(i + length)]);
    else if (kind === "double") result = Buffer.concat([result.subarray(0, i + length), result.subarray(i)]);
    else result = result.subarray(0, i);
  }
  return result;
}

function check(bytes: Uint8Array, form: "protobuf" | "json"): void {
  const { store, reader } = storeWithCounter();
  const before = snapshotOf(store);
  const done = form === "protobuf" ? store.ingestProtobuf(bytes, NOW) : store.ingestJson(bytes, NOW);
  if (!done.ok) {
    expect(done.message).toMatch(/ at (byte \d+|\$|resourceMetrics)|malformed JSON/);
    expect(snapshotOf(store)).toEqual(before);
  }
  // Whatever came, the next good request is taken and the signal goes on.
  const next = encodeRequest(requestOf([counter("known", [point({ start: NOW - 100, time: NOW, value: 500 })])]));
  expect(store.ingestProtobuf(next, NOW)).toMatchObject({ ok: true, value: { accepted: 1 } });
  const read = reader.read(SPEC, NOW);
  expect(read.kind === "value" ? read.value : read.detail).toBeCloseTo(5, 5);
}

describe("a request of any bytes", () => {
  it("is taken or refused at a place, and a refused one changes nothing (protobuf, edited)", () => {
    fc.assert(
      fc.property(arbitraryRequest, fc.array(edit, { minLength: 1, maxLength: 4 }), (request, edits) => {
        check(edited(encodeRequest(request), edits), "protobuf");
      }),
      { numRuns: 1500 },
    );
  });

  it("is taken or refused at a place, and a refused one changes nothing (protobuf, random)", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        check(bytes, "protobuf");
      }),
      { numRuns: 1500 },
    );
  });

  it("is taken or refused at a place, and a refused one changes nothing (JSON, edited)", () => {
    fc.assert(
      fc.property(arbitraryRequest, fc.array(edit, { maxLength: 3 }), (request, edits) => {
        check(edited(Buffer.from(JSON.stringify(request)), edits), "json");
      }),
      { numRuns: 1000 },
    );
  });

  it("is taken or refused at a place, and a refused one changes nothing (any JSON)", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom("$", "resourceMetrics", "scopeMetrics", "metrics", "dataPoints"), (text, place) => {
        const shells: Readonly<Record<string, (inner: string) => string>> = {
          $: (inner) => inner,
          resourceMetrics: (inner) => `{"resourceMetrics":${inner}}`,
          scopeMetrics: (inner) => `{"resourceMetrics":[{"scopeMetrics":${inner}}]}`,
          metrics: (inner) => `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","sum":${inner}}]}]}]}`,
          dataPoints: (inner) => `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","histogram":{"dataPoints":[${inner}]}}]}]}]}`,
        };
        check(Buffer.from((shells[place] as (inner: string) => string)(text)), "json");
      }),
      { numRuns: 1000 },
    );
  });
});
