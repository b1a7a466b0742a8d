import { calendarRows } from "../../forecasts/calendars/calendar-rows.ts";
import { detectSeasons } from "../../forecasts/season-detection.ts";
import { FORECASTERS } from "../../forecasts/registry.ts";
import type { InputSeries } from "./forecast-input.ts";

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

/** The most frequent distance between rows (the shorter where two are as frequent); undefined for less than two rows. */
function usualStep(times: Float64Array): number | undefined {
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
function toGrid({ times, values }: InputSeries, rows: number, step: number): { startSeconds: number; stepSeconds: number; values: Float64Array } {
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
