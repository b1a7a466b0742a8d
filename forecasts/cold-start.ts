import { median } from "simple-statistics";
import type { Series } from "./series.ts";

/** A series of the fleet that may lend its past; on the same step. */
export interface Donor {
  readonly name: string;
  readonly series: Series;
}

/** A young series with a past before its own first row, and what to say about it. */
export interface BorrowedHistory {
  readonly series: Series;
  readonly donor: string;
  readonly note: string;
}

/** Rows in common below which nothing is borrowed. */
const LEAST_COMMON_ROWS = 6;
/** Mean absolute deviation of the logarithm of the ratio from its median, above which two loads are not alike. */
const MOST_SCATTER = 0.25;

/**
 * Lends a young series the past of the most alike one of the fleet: the donor whose ratio to it is steadiest over the rows in
 * common, scaled by that ratio, up to `rows` before its first row. Its own rows stay as they are. Undefined where no donor has six rows in
 * common that are above zero in both, or none is alike.
 */
export function borrowHistory(own: Series, fleet: readonly Donor[], rows: number): BorrowedHistory | undefined {
  let best: { donor: Donor; ratio: number; scatter: number } | undefined;
  for (const donor of fleet) {
    const ratios = logRatios(own, donor.series);
    if (ratios.length < LEAST_COMMON_ROWS) continue;
    const middle = median(ratios);
    const scatter = ratios.reduce((sum, value) => sum + Math.abs(value - middle), 0) / ratios.length;
    if (scatter <= MOST_SCATTER && (best === undefined || scatter < best.scatter)) best = { donor, ratio: Math.exp(middle), scatter };
  }
  if (best === undefined) return undefined;
  const { donor, ratio } = best;
  const shift = rowOffset(own, donor.series);
  const first = Math.max(-rows, -shift);
  const past = Float64Array.from({ length: Math.max(0, -first) }, (_, i) => ratio * (donor.series.values[first + i + shift] ?? NaN));
  const values = new Float64Array(past.length + own.values.length);
  values.set(past);
  values.set(own.values, past.length);
  return {
    series: { ...own, startSeconds: own.startSeconds - past.length * own.stepSeconds, values },
    donor: donor.name,
    note: `${String(own.values.length)} rows of its own: ${String(past.length)} rows before them are those of "${donor.name}" times ${ratio.toPrecision(3)}`,
  };
}

function logRatios(own: Series, donor: Series): number[] {
  if (own.stepSeconds !== donor.stepSeconds) return [];
  const shift = rowOffset(own, donor);
  const ratios: number[] = [];
  for (let row = 0; row < own.values.length; row++) {
    const theirs = donor.values[row + shift];
    const mine = own.values[row]!;
    if (theirs !== undefined && theirs > 0 && mine > 0) ratios.push(Math.log(mine / theirs));
  }
  return ratios;
}

/** The donor's row at the time of the young series' row 0. */
function rowOffset(own: Series, donor: Series): number {
  return Math.round((own.startSeconds - donor.startSeconds) / own.stepSeconds);
}
