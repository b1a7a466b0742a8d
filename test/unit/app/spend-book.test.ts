import { describe, expect, it } from "vitest";
import type { HeldOffering } from "../../../src/account/held-capacity.ts";
import { focusCsv, showback } from "../../../src/account/showback.ts";
import { SpendBook } from "../../../src/app/money/spend-book.ts";
import { costRows } from "../../../src/app/money/spend-rows.ts";
import { openMemoryHistory } from "../../../src/history/memory-history.ts";

const HOUR = 3600;
const START = 1_764_000_000 - (1_764_000_000 % 86_400);
const SPOT: HeldOffering = { offering: { id: "eu-west-1a/m5.large/spot", region: "eu-west-1", zone: "eu-west-1a", instanceType: "m5.large", capacityType: "spot" }, instances: 4, usdPerHour: 0.16, listUsdPerHour: 0.4, gramsPerHour: 20 };
const TAGS = new Map([["web", { team: "shop" }]]);

function open(history = openMemoryHistory()): { readonly history: typeof history; readonly book: SpendBook; readonly failures: string[] } {
  const failures: string[] = [];
  return { history, failures, book: new SpendBook({ history, onFailure: (_, message) => failures.push(message) }) };
}

/** A pass every 15 s. */
function run(book: SpendBook, [from, to]: readonly [number, number], held: readonly HeldOffering[]): void {
  for (let at = from; at <= to; at += 15) book.charge("web", held, at);
}

describe("what a target has spent", () => {
  it("is charged by the time for which it was held", async () => {
    const { book, history } = open();
    await book.open(["web"], START);
    run(book, [START, START + 2 * HOUR], [SPOT]);
    expect(book.spentSince("web", START, "usd")).toBeCloseTo(0.32, 9);
    expect(book.spentSince("web", START + HOUR, "grams")).toBeCloseTo(20, 9);
    await book.flush();
    const rows = await costRows(history, { targets: TAGS, fromSeconds: START, toSeconds: START + 2 * HOUR });
    expect(rows.ok && rows.value.map((row) => [row.offering.id, row.fromSeconds - START, row.instanceHours])).toEqual([["eu-west-1a/m5.large/spot", 0, 4], ["eu-west-1a/m5.large/spot", HOUR, 4]]);
    if (!rows.ok) return;
    expect(showback(rows.value, "team").get("shop")?.costUsd).toBeCloseTo(0.32, 9);
    expect(focusCsv(rows.value).split("\r\n")[1]).toContain("0.160000,0.160000,0.400000,USD,Usage");
  });

  it("counts a machine that was held for a part of an hour by that part", async () => {
    const { book, history } = open();
    await book.open(["web"], START);
    run(book, [START, START + 600], [SPOT]);
    run(book, [START + 600, START + HOUR], []);
    await book.flush();
    const rows = await costRows(history, { targets: TAGS, fromSeconds: START, toSeconds: START + HOUR });
    expect(rows.ok && rows.value[0]?.instanceHours).toBeCloseTo(4 / 6, 6);
    expect(book.spentSince("web", START, "usd")).toBeCloseTo(0.16 / 6, 9);
  });

  it("goes on after a restart, and charges the time in between at what was held", async () => {
    const first = open();
    await first.book.open(["web"], START);
    run(first.book, [START, START + HOUR], [SPOT]);
    await first.book.flush();
    const second = open(first.history);
    await second.book.open(["web"], START + HOUR + 900);
    expect(second.book.spentSince("web", START, "usd")).toBeCloseTo(0.16, 6);
    second.book.charge("web", [], START + HOUR + 900);
    expect(second.book.spentSince("web", START, "usd")).toBeCloseTo(0.16 * 1.25, 6);
    await second.book.flush();
    const rows = await costRows(first.history, { targets: TAGS, fromSeconds: START, toSeconds: START + 2 * HOUR });
    expect(rows.ok && rows.value.map(({ instanceHours }) => instanceHours)).toEqual([4, 1]);
    expect(second.failures).toEqual([]);
  });

  it("charges the time in between also where a pass comes before the history has been read", async () => {
    const first = open();
    await first.book.open(["web"], START);
    run(first.book, [START, START + HOUR], [SPOT]);
    await first.book.flush();
    const second = open(first.history);
    const opening = second.book.open(["web"], START + HOUR + 900);
    for (let turn = 0; turn < 3; turn += 1) {
      second.book.charge("web", [], START + HOUR + 900);
      await Promise.resolve();
    }
    await opening;
    second.book.charge("web", [], START + HOUR + 915);
    expect(second.book.spentSince("web", START, "usd")).toBeCloseTo((0.16 * (HOUR + 915)) / HOUR, 6);
  });

  it("does not charge a gap of more than a day: nobody knows what ran", async () => {
    const first = open();
    await first.book.open(["web"], START);
    run(first.book, [START, START + HOUR], [SPOT]);
    await first.book.flush();
    const second = open(first.history);
    await second.book.open(["web"], START + 72 * HOUR);
    second.book.charge("web", [SPOT], START + 72 * HOUR);
    expect(second.book.spentSince("web", START, "usd")).toBeCloseTo(0.16, 6);
  });

  it("leaves grams out where the grid is not known", async () => {
    const { book, history } = open();
    await book.open(["web"], START);
    run(book, [START, START + HOUR], [{ ...SPOT, gramsPerHour: undefined }]);
    await book.flush();
    const rows = await costRows(history, { targets: TAGS, fromSeconds: START, toSeconds: START + HOUR });
    expect(rows.ok && rows.value[0]?.carbonGrams).toBeUndefined();
  });
});
