import type { Series } from "../../forecasts/series.ts";
import type { InputSeries } from "./forecast-input.ts";

/** The most frequent distance between rows (the shorter where two are as frequent); undefined for less than two rows. */
export function usualStep(times: Float64Array): number | undefined {
  const counts = new Map<number, number>();
  for (let i = 1; i < times.length; i++) {
    const step = times[i]! - times[i - 1]!;
    counts.set(step, (counts.get(step) ?? 0) + 1);
  }
  let usual: number | undefined;
  for (const [step, count] of counts) {
    const best = usual === undefined ? 0 : counts.get(usual)!;
    if (count > best || (count === best && step < usual!)) usual = step;
  }
  return usual;
}

/**
 * Lays rows on the regular grid of `step`, which ends on the last row: a row takes the nearest place, and places that no row
 * takes are gaps. Where two rows take one place (a clock that was set back), the later one counts.
 */
export function toGrid({ times, values }: InputSeries, rows: number, step: number): Series {
  const end = times[rows - 1]!;
  const places = Math.round((end - times[0]!) / step) + 1;
  // A jump of years in a file of minutes is a wrong time, not a gap worth its memory.
  const length = Math.min(places, Math.max(20 * rows, 1000));
  const grid = new Float64Array(length).fill(NaN);
  for (let row = 0; row < rows; row++) {
    const place = length - 1 - Math.round((end - times[row]!) / step);
    if (place >= 0 && !Number.isNaN(values[row]!)) grid[place] = values[row]!;
  }
  return { startSeconds: end - (length - 1) * step, stepSeconds: step, values: grid };
}
