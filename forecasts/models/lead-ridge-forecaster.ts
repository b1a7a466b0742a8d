import type { FitInput, FitResult } from "../forecaster.ts";
import { fitLeadPast } from "./lead-past.ts";
import { fitLeadRidge } from "./lead-ridge-fit.ts";

/** Models that the step itself runs: they are fitted like the others, but live in the step's state. By id. */
export const CONTROL_MODELS: Readonly<Record<string, { fit(input: FitInput): FitResult }>> = {
  "lead-ridge": { fit: fitControl },
  "lead-past": { fit: fitLeadPast },
};

/** Fits the lead model for the horizons that the input names; declines with less than two days. */
function fitControl(input: FitInput): FitResult {
  const { series, seasons, horizons } = input;
  const dayRows = seasons[0];
  if (dayRows === undefined || horizons === undefined) return { ok: false, reason: "the lead model needs a season and its horizons" };
  const firstRow = Math.round(series.startSeconds / series.stepSeconds);
  const fit = fitLeadRidge({ values: series.values, firstRow, dayRows, horizonsRows: horizons });
  return fit === undefined ? { ok: false, reason: "less than two days of rows" } : { ok: true, fit, note: "" };
}
