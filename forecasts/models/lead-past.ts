import type { FitInput, FitResult } from "../forecaster.ts";
import type { Series } from "../series.ts";
import { fitLeadRidge } from "./lead-ridge-fit.ts";
import { LeadModel, type SavedLeadModel } from "./lead-ridge.ts";

/** A lead model that has watched the past of an alike series, scaled, before a target's own rows: plain JSON data. */
export interface LeadPast {
  readonly kind: "lead-past";
  readonly donor: string;
  readonly model: SavedLeadModel;
}

/** Fits over the borrowed rows: enough to learn how wrong they are. */
const FITS = 6;
/** Own rows that the borrowed past is judged on, at least. */
const LEAST_JUDGED_ROWS = 30;
/** Squared error on the own rows, over that of the newest value, above which nothing is borrowed. Chosen on the six open traces: decision 0142. */
const MOST_ERROR = 0.6;

/**
 * Lets a lead model watch a borrowed past and then the own rows (`borrowed` tells where they begin). Declines without a borrowed past,
 * with less than two days of it, and where the own rows were not foreseen better than by their newest value.
 */
export function fitLeadPast({ series, seasons, horizons, historyRows, borrowed }: FitInput): FitResult {
  const dayRows = seasons[0];
  if (borrowed === undefined || dayRows === undefined || horizons === undefined || historyRows === undefined) return { ok: false, reason: "no past is borrowed" };
  if (borrowed.rows < 2 * dayRows) return { ok: false, reason: "less than two days are borrowed" };
  const model = new LeadModel({ rowSeconds: series.stepSeconds, dayRows, historyRows, horizonsRows: horizons });
  watch(model, series, borrowed.rows);
  const ratio = errorOnOwnRows(model, series, borrowed.rows);
  if (!(ratio <= MOST_ERROR)) return { ok: false, reason: `the past of "${borrowed.donor}" foresees the own rows too little better than their newest value does` };
  const fit: LeadPast = { kind: "lead-past", donor: borrowed.donor, model: model.save() };
  return { ok: true, fit, note: `the past of "${borrowed.donor}" is borrowed: ${ratio.toFixed(2)} of the squared error` };
}

/** The model that goes on from a borrowed past with what the target's own model has seen since; undefined where it is not for this one. */
export function startOnPast(fit: unknown, own: LeadModel): LeadModel | undefined {
  const data = fit as Partial<LeadPast> | null;
  if (data?.kind !== "lead-past" || data.model === undefined) return undefined;
  const { rowSeconds, dayRows, historyRows, horizonsRows } = data.model.spec;
  const wanted = own.spec;
  if (rowSeconds !== wanted.rowSeconds || dayRows !== wanted.dayRows || historyRows !== wanted.historyRows || horizonsRows.length !== wanted.horizonsRows.length) return undefined;
  const model = LeadModel.restore(data.model);
  const { startSeconds, stepSeconds, values } = own.history();
  values.forEach((value, row) => { model.observe(startSeconds + row * stepSeconds, value); });
  return model;
}

/** Shows it the borrowed rows, with fits from the second day on. */
function watch(model: LeadModel, { startSeconds, stepSeconds, values }: Series, rows: number): void {
  const { dayRows } = model.spec;
  const every = Math.max(1, Math.ceil((rows - 2 * dayRows) / (FITS - 1)));
  for (let row = 0; row < rows; row += 1) {
    model.observe(startSeconds + row * stepSeconds, values[row] ?? NaN);
    const left = rows - 1 - row;
    if (row + 1 < 2 * dayRows || left % every !== 0) continue;
    const seen = model.history();
    model.adopt(fitLeadRidge({ values: seen.values, firstRow: Math.round(seen.startSeconds / stepSeconds), dayRows, horizonsRows: model.spec.horizonsRows }));
  }
}

/** Squared error of log(load) at the lead time over the newest value's, on the rows from `first` on; NaN where too few can be judged. */
function errorOnOwnRows(model: LeadModel, { startSeconds, stepSeconds, values }: Series, first: number): number {
  const lead = model.spec.horizonsRows[0] ?? 1;
  const said: number[] = [];
  let forecast = 0;
  let newest = 0;
  let judged = 0;
  for (let row = first; row < values.length; row += 1) {
    const value = values[row] ?? NaN;
    model.observe(startSeconds + row * stepSeconds, value);
    said.push(model.moments(0)?.median ?? NaN);
    const before = values[row - lead] ?? NaN;
    const foreseen = said[row - first - lead] ?? NaN;
    if (!(value > 0) || !(before > 0) || !(foreseen > 0)) continue;
    forecast += Math.log(value / foreseen) ** 2;
    newest += Math.log(value / before) ** 2;
    judged += 1;
  }
  return judged >= LEAST_JUDGED_ROWS ? forecast / newest : NaN;
}
