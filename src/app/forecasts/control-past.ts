import { borrowHistory, type Donor } from "../../../forecasts/cold-start.ts";
import type { FitInput } from "../../../forecasts/forecaster.ts";
import { interpolated } from "../../replay/warm-up.ts";
import type { Policy } from "../../model/policy.ts";
import type { Series } from "../../model/series.ts";
import { withoutHidden } from "./mark-rows.ts";
import type { InputParts } from "./outlook-input.ts";

/** Whose rows a young target's control model may start on, and on which grid. */
interface WantedPast {
  readonly policy: Policy;
  /** The target's own rows, and how many the model keeps. */
  readonly own: Series;
  readonly rows: number;
}

/**
 * The input of a control model that starts on a borrowed past: that of the most alike target of the fleet, scaled, before the own rows.
 * Undefined where no target is alike.
 */
export async function withBorrowedPast(input: FitInput, policy: Policy, parts: InputParts): Promise<FitInput | undefined> {
  const historyRows = input.historyRows ?? 0;
  const wanted: WantedPast = { policy, own: input.series, rows: historyRows - input.series.values.length };
  const lenders = new Map(parts.lenders(policy).map((lender) => [lender.policy.name, lender.policy]));
  const donors: Donor[] = [];
  // The likeness is judged on the rows in common alone; the past is read of the one that is chosen.
  for (const lender of lenders.values()) donors.push({ name: lender.name, series: await lentRows(lender, { ...wanted, rows: 0 }, parts) });
  const chosen = lenders.get(borrowHistory(input.series, donors, 0)?.donor ?? "");
  if (chosen === undefined) return undefined;
  const lent = borrowHistory(input.series, [{ name: chosen.name, series: await lentRows(chosen, wanted, parts) }], wanted.rows);
  if (lent === undefined) return undefined;
  return { ...input, series: lent.series, borrowed: { rows: lent.series.values.length - input.series.values.length, donor: lent.donor } };
}

/** A lender's demand on the own rows and so many before them, without what its marks hide; gaps where it cannot be read. */
async function lentRows(lender: Policy, { own, rows }: WantedPast, { readHistory, marks }: InputParts): Promise<Series> {
  const { stepSeconds } = own;
  const startSeconds = own.startSeconds - rows * stepSeconds;
  const count = rows + own.values.length;
  const read = await readHistory(lender, startSeconds - lender.forecast.stepSeconds, startSeconds + count * stepSeconds);
  if (!read.ok) return { startSeconds, stepSeconds, values: new Float64Array(count).fill(NaN) };
  const { series } = withoutHidden({ series: read.value, seasons: [], horizon: 1, seed: 1 }, marks.marks(lender.name));
  const ends = series.startSeconds + series.values.length * series.stepSeconds;
  const valueAt = (timeSeconds: number): number => (timeSeconds < series.startSeconds || timeSeconds > ends ? NaN : interpolated(series, timeSeconds));
  return { startSeconds, stepSeconds, values: Float64Array.from({ length: count }, (_, row) => valueAt(startSeconds + row * stepSeconds)) };
}
