import { createHash } from "node:crypto";
import type { FitInput, FitResult, Forecaster } from "../forecaster.ts";
import type { Shape } from "../models/member.ts";
import { prepareSeries } from "../preparation.ts";
import { RunningEnsemble, type SavedEnsemble } from "./running-ensemble.ts";
import { EnsembleTraining } from "./training.ts";

/** Rows of the long season that it takes to learn it, over its length. */
const LONG_SEASONS_NEEDED = 2.2;

/** A forecaster whose running model can be asked what stands behind its forecasts. */
export interface EnsembleForecaster extends Forecaster {
  resume(fit: unknown): RunningEnsemble;
}

/** An ensemble of the given members, weighed per horizon by rolling origins and then by their matured forecasts. */
export function createEnsemble(id: string, memberIds: readonly string[]): EnsembleForecaster {
  return {
    id,
    minimumRows: () => 1,
    fit: (input) => fitEnsemble(id, memberIds, input),
    resume: (fit) => new RunningEnsemble(fit as SavedEnsemble, createHash("sha256").update(JSON.stringify(fit)).digest("hex")),
  };
}

function fitEnsemble(id: string, memberIds: readonly string[], input: FitInput): FitResult {
  if (!Number.isInteger(input.horizon) || input.horizon < 1) return { ok: false, reason: `a horizon is a whole number of rows from 1, not ${String(input.horizon)}` };
  if (input.seasons.some((season) => !Number.isInteger(season) || season < 2)) {
    return { ok: false, reason: `a season is a whole number of rows from 2, not ${input.seasons.join(", ")}` };
  }
  const prepared = prepareSeries(input);
  if (prepared === undefined) return { ok: false, reason: "no value is known" };
  const { shape, note } = shapeOf(prepared.values.length, input);
  return { ok: true, fit: new EnsembleTraining(prepared, shape, memberIds, input.allowNegative ?? false).run(id, note), note };
}

/** The seasons that the history holds at least twice. */
function shapeOf(rows: number, input: FitInput): { shape: Shape; note: string } {
  const [first = 1, second = 0] = [...input.seasons].sort((a, b) => a - b);
  const day = rows >= 2 * first + 2 ? first : 1;
  const week = day > 1 && second > day && rows >= LONG_SEASONS_NEEDED * second ? second : 0;
  const missing = day < first ? `${String(rows)} rows hold less than two seasons of ${String(first)} rows: forecast without a season` : "";
  return { shape: { rows, day, week, horizon: input.horizon, stepSeconds: input.series.stepSeconds }, note: missing };
}
