import { ORDINARY } from "./calendar-rows.ts";

/** A stretch of rows of one kind of day. */
export interface Run {
  readonly from: number;
  readonly to: number;
  readonly kind: number;
}

/** How far one row moves a running day's factor to the row's own ratio, at least. */
const RUN_RATE = 0.1;
const LEAST_FACTOR = 0.02;
const GREATEST_FACTOR = 50;

export function runsOf(kinds: Uint8Array): Run[] {
  const runs: Run[] = [];
  for (let row = 0; row < kinds.length; row++) {
    const kind = kinds[row]!;
    if (kind === ORDINARY) continue;
    const last = runs.at(-1);
    if (last?.to === row && last.kind === kind) runs[runs.length - 1] = { ...last, to: row + 1 };
    else runs.push({ from: row, to: row + 1, kind });
  }
  return runs;
}

/**
 * The factor of each kind of day over what its rows would have held: the geometric mean of its runs, with one more run without
 * effect, so that a single run counts half. `ordinary` holds the expected rows, `values` what came.
 */
export function learnFactors(runs: readonly Run[], values: Float64Array, ordinary: Float64Array): Record<number, number> {
  const logs = new Map<number, number[]>();
  for (const { from, to, kind } of runs) {
    let came = 0;
    let expected = 0;
    for (let row = from; row < Math.min(to, values.length); row++) {
      if (!Number.isFinite(values[row]!)) continue;
      came += values[row]!;
      expected += ordinary[row]!;
    }
    if (expected > 0 && came > 0) logs.set(kind, [...(logs.get(kind) ?? []), Math.log(clampFactor(came / expected))]);
  }
  return Object.fromEntries([...logs].map(([kind, list]) => [kind, Math.exp(list.reduce((sum, log) => sum + log, 0) / (list.length + 1))]));
}

/** A running day's factor after its `rows`-th row: the mean of the rows' ratios and the factor it began with, later a moving one. */
export function followRun(factor: number, value: number, expected: number, rows: number): number {
  if (!(expected > 0) || !(value >= 0)) return factor;
  return clampFactor(factor + Math.max(RUN_RATE, 1 / (rows + 1)) * (clampFactor(value / expected) - factor));
}

function clampFactor(ratio: number): number {
  return Math.max(LEAST_FACTOR, Math.min(GREATEST_FACTOR, ratio));
}
