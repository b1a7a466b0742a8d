import { withoutMarked, type Mark } from "../../../forecasts/calendars/marks.ts";
import type { FitInput } from "../../../forecasts/forecaster.ts";
import type { Series } from "../../model/series.ts";

/** The input without what the marks hide: marked rows become gaps, and saturated ones lower bounds. */
export function withMarks(input: FitInput, marks: readonly Mark[]): FitInput {
  if (marks.length === 0) return input;
  const series = withoutMarked(input.series, marks.filter(({ kind }) => kind !== "saturated"));
  const censored = rowsOf(series, marks.filter(({ kind }) => kind === "saturated"));
  return { ...input, series, ...(censored.length > 0 && { censored }) };
}

/** The input of a model that knows no lower bounds: what the marks hide are gaps, a saturated row stays as it was measured. */
export function withoutHidden(input: FitInput, marks: readonly Mark[]): FitInput {
  const hiding = marks.filter(({ kind }) => kind !== "saturated");
  return hiding.length === 0 ? input : { ...input, series: withoutMarked(input.series, hiding) };
}

/** What marks say of the row of [fromSeconds, toSeconds): that it is hidden, that it is a lower bound, or nothing. */
export function markOn(marks: readonly Mark[], fromSeconds: number, toSeconds: number): "hidden" | "lower-bound" | undefined {
  const on = marks.filter((mark) => mark.fromSeconds < toSeconds && mark.toSeconds > fromSeconds);
  if (on.some(({ kind }) => kind !== "saturated")) return "hidden";
  return on.length > 0 ? "lower-bound" : undefined;
}

/** Rows that a mark covers in part or whole, ascending, each once. */
function rowsOf({ startSeconds, stepSeconds, values }: Series, marks: readonly Mark[]): number[] {
  const rows = new Set<number>();
  for (const { fromSeconds, toSeconds } of marks) {
    const from = Math.max(0, Math.floor((fromSeconds - startSeconds) / stepSeconds));
    const to = Math.min(values.length, Math.ceil((toSeconds - startSeconds) / stepSeconds));
    for (let row = from; row < to; row += 1) rows.add(row);
  }
  return [...rows].sort((a, b) => a - b);
}
