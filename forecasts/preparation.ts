import type { FitInput } from "./forecaster.ts";

/** A training series without gaps: `known` is 1 where the value was measured, 0 where it was filled in. */
export interface PreparedSeries {
  readonly values: Float64Array;
  readonly known: Uint8Array;
  readonly startSeconds: number;
  readonly stepSeconds: number;
}

/**
 * A censored row keeps its value as the least that it may be filled with, and is not known.
 * Cuts leading gaps and fills the others: with the mean of the same slot one season before and after where there is one, else
 * with a straight line between the neighbours. An infinity counts as a gap. Undefined where no value is known.
 */
export function prepareSeries({ series, seasons, censored = [] }: Pick<FitInput, "series" | "seasons" | "censored">): PreparedSeries | undefined {
  const first = series.values.findIndex((value) => Number.isFinite(value));
  if (first < 0) return undefined;
  const values = series.values.slice(first);
  const known = Uint8Array.from(values, (value) => (Number.isFinite(value) ? 1 : 0));
  const bounds = censored.map((row) => row - first).filter((row) => row >= 0 && row < values.length && known[row] === 1);
  const least = bounds.map((row) => values[row]!);
  for (const row of bounds) known[row] = 0;
  fillGaps(values, known, seasons[0] ?? 0);
  for (const [i, row] of bounds.entries()) values[row] = Math.max(values[row]!, least[i]!);
  return { values, known, startSeconds: series.startSeconds + first * series.stepSeconds, stepSeconds: series.stepSeconds };
}

function fillGaps(values: Float64Array, known: Uint8Array, season: number): void {
  let previous = 0;
  for (let row = 1; row < values.length; row++) {
    if (known[row] === 1) {
      previous = row;
      continue;
    }
    let next = row;
    while (next < values.length && known[next] === 0) next++;
    const from = values[previous]!;
    const to = next < values.length ? values[next]! : from;
    for (let gap = row; gap < next; gap++) {
      const seasonal = seasonalNeighbour(values, known, gap, season);
      values[gap] = seasonal ?? from + ((to - from) * (gap - previous)) / (next - previous);
    }
    row = next - 1;
  }
}

function seasonalNeighbour(values: Float64Array, known: Uint8Array, row: number, season: number): number | undefined {
  if (season <= 1) return undefined;
  const before = row - season;
  const after = row + season;
  // An earlier gap has been filled by now, so that a long one repeats the last known season.
  const hasBefore = before >= 0;
  const hasAfter = after < values.length && known[after] === 1;
  if (hasBefore && hasAfter) return (values[before]! + values[after]!) / 2;
  if (hasBefore) return values[before]!;
  return hasAfter ? values[after]! : undefined;
}
