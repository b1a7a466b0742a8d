import { calendarRows } from "../../forecasts/calendars/calendar-rows.ts";
import { detectSeasons } from "../../forecasts/season-detection.ts";
import { FORECASTERS } from "../../forecasts/registry.ts";
import type { InputSeries } from "./forecast-input.ts";
import { toGrid, usualStep } from "./row-grid.ts";

/** What is asked of every series of a file. Horizon, seasons and origins count rows. */
export interface ForecastOptions {
  readonly horizon: number;
  readonly levels: readonly number[];
  readonly seasons: readonly number[] | undefined;
  readonly stepSeconds: number | undefined;
  readonly model: string;
  readonly allowNegative: boolean;
  /** A country whose public holidays and clock changes matter. */
  readonly calendar: string | undefined;
}

/** One series forecast from one origin (rows seen). */
export interface ForecastJob {
  readonly series: InputSeries;
  readonly origin: number;
  readonly options: ForecastOptions;
}

export type ForecastAnswer =
  | {
      readonly ok: true;
      readonly series: string;
      readonly origin: number;
      readonly timesSeconds: readonly number[];
      readonly mean: Float64Array;
      readonly levels: readonly number[];
      readonly quantiles: readonly Float64Array[];
      readonly note: string;
    }
  | { readonly ok: false; readonly series: string; readonly origin: number; readonly reason: string };

/** Forecasts one series from one origin, seeing only the rows before it. */
export async function runForecastJob({ series, origin, options }: ForecastJob): Promise<ForecastAnswer> {
  const place = { series: series.name, origin };
  const step = options.stepSeconds ?? usualStep(series.times.subarray(0, origin));
  if (step === undefined) return { ok: false, ...place, reason: "one row tells no step: give --step" };
  const grid = toGrid(series, origin, step);
  const seasons = options.seasons ?? detectSeasons(grid);
  const forecaster = FORECASTERS[options.model]!;
  const { horizon, allowNegative } = options;
  const { startSeconds, stepSeconds, values } = grid;
  const days = options.calendar === undefined ? {} : { calendar: await calendarRows({ country: options.calendar, startSeconds, stepSeconds, rows: values.length + horizon }) };
  const result = forecaster.fit({ series: grid, seasons, horizon, seed: 0, allowNegative, ...days });
  if (!result.ok) return { ok: false, ...place, reason: result.reason };
  const horizons = Array.from({ length: horizon }, (_, k) => k + 1);
  const { mean, levels, quantiles, horizonsSeconds, originSeconds } = forecaster.resume(result.fit).forecast(horizons, options.levels);
  return { ok: true, ...place, timesSeconds: horizonsSeconds.map((s) => originSeconds + s), mean, levels, quantiles, note: result.note };
}
