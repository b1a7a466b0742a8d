import { describe, expect, it } from "vitest";

import { rowsForUse, useThen } from "../../src/learn/inferred-misses.ts";
import type { UseRow } from "../../src/learn/inferred-misses.ts";

const AGE_ROWS = 3;
const RATE = 100;

/** Rows as a minute's window of four steps shows them, one step late, of a load and a fleet by step. */
function windowed(load: (step: number) => number, ready: (step: number) => number, steps: number): UseRow[] {
  return Array.from({ length: steps }, (_, step) => {
    const seen = [5, 4, 3, 2].map((back) => step - back);
    const arrived = seen.reduce((sum, at) => sum + load(at), 0);
    const could = seen.reduce((sum, at) => sum + RATE * ready(at), 0);
    return { demandPerSecond: arrived / 4, utilization: Math.min(1, arrived / could), readyReplicas: ready(step) };
  });
}

describe("the use that misses are inferred from", () => {
  it("is the load over what was ready where both stay", () => {
    const then = useThen(windowed(() => 800, () => 10, 20), AGE_ROWS, RATE);
    expect(then?.demandPerSecond).toBeCloseTo(800, 3);
    expect(then?.use).toBeCloseTo(0.8, 6);
  });

  it("is that of the replicas that were ready then, not of those that are now", () => {
    // The fleet doubles with the newest row.
    expect(useThen(windowed(() => 900, (step) => (step >= 19 ? 20 : 10), 20), AGE_ROWS, RATE)?.use).toBeCloseTo(0.9, 6);
  });

  it("is nearer to the top of a short peak than the mean of its window", () => {
    const peak = (step: number): number => 500 + 400 * Math.max(0, 1 - Math.abs(step - 10) / 3);
    const uses = Array.from({ length: 12 }, (_, more) => useThen(windowed(peak, () => 10, 10 + more), AGE_ROWS, RATE)?.use ?? 0);
    const means = windowed(peak, () => 10, 22).map(({ utilization }) => utilization);
    expect(Math.max(...uses)).toBeGreaterThan(Math.max(...means) + 0.02);
    expect(Math.max(...uses)).toBeLessThan(0.9);
  });

  it("passes one where a backlog grew, which no replica can say of itself", () => {
    expect(useThen(windowed(() => 1300, () => 10, 20), AGE_ROWS, RATE)?.use).toBeCloseTo(1.3, 6);
  });

  it("is the demand's alone where the replicas' use is not known", () => {
    const rows = windowed(() => 800, () => 10, 20).map((row) => ({ ...row, utilization: -1 }));
    expect(useThen(rows, AGE_ROWS, RATE)?.use).toBeCloseTo(0.8, 6);
  });

  it("is not known from too few rows, nor while nothing was ready", () => {
    const rows = windowed(() => 800, () => 10, 20);
    expect(useThen(rows.slice(-(rowsForUse(AGE_ROWS) - 1)), AGE_ROWS, RATE)).toBeUndefined();
    expect(useThen(rows.map((row) => ({ ...row, readyReplicas: 0 })), AGE_ROWS, RATE)).toBeUndefined();
  });
});
