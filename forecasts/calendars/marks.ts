import type { Series } from "../series.ts";

/** A stretch of time that a forecast shall not learn from. It stays in the history; taking the mark away brings it back. */
export interface Mark {
  readonly id: string;
  readonly kind: "outage" | "deploy" | "scrape-gap" | "saturated" | "one-off";
  /** Epoch seconds; rows at or after `from` and before `to` are marked. */
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly reason: string;
}

/** Less than this share of what the slot held in other seasons is an outage … */
const OUTAGE_SHARE = 0.05;
/** … where it lasts for so many rows. */
const OUTAGE_ROWS = 3;

/** The series with the marked rows as gaps; the series itself is not changed. */
export function withoutMarked(series: Series, marks: readonly Mark[]): Series {
  const values = series.values.slice();
  for (const { fromSeconds, toSeconds } of marks) {
    const from = Math.max(0, Math.ceil((fromSeconds - series.startSeconds) / series.stepSeconds));
    const to = Math.min(values.length, Math.ceil((toSeconds - series.startSeconds) / series.stepSeconds));
    values.fill(NaN, Math.min(from, to), to);
  }
  return { ...series, values };
}

/** The marks without the one of that id: what it hid is learned from again at the next fit. */
export function undoMark(marks: readonly Mark[], id: string): readonly Mark[] {
  return marks.filter((mark) => mark.id !== id);
}

/**
 * Stretches in which a load that is known to be there all but vanished: at least three rows under 5 % of the least that the same
 * slot held in the two seasons before and after. `season` counts rows; a series shorter than two seasons has none.
 */
export function detectOutages(series: Series, season: number): Mark[] {
  const { values, startSeconds, stepSeconds } = series;
  const marks: Mark[] = [];
  let from: number | undefined;
  for (let row = 0; row <= values.length; row++) {
    const isOut = row < values.length && values[row]! < OUTAGE_SHARE * usualLeast(values, row, season);
    if (isOut) from ??= row;
    if (isOut || from === undefined) continue;
    if (row - from >= OUTAGE_ROWS) {
      const [fromSeconds, toSeconds] = [startSeconds + from * stepSeconds, startSeconds + row * stepSeconds];
      marks.push({ id: `outage-${String(fromSeconds)}`, kind: "outage", fromSeconds, toSeconds, reason: "the load fell below 5 % of what this time of the season held before and after" });
    }
    from = undefined;
  }
  return marks;
}

/** The least of the same slot's values one and two seasons away; −∞ where fewer than two are known. */
function usualLeast(values: Float64Array, row: number, season: number): number {
  const others = [row - 2 * season, row - season, row + season, row + 2 * season].map((at) => values[at] ?? NaN).filter((value) => Number.isFinite(value));
  return others.length >= 2 ? Math.min(...others) : -Infinity;
}
