import type { Policy } from "../../model/policy.ts";
import type { Series } from "../../model/series.ts";

/** The grid that the outlook forecasts on, in whole rows. */
export interface OutlookGrid {
  readonly stepSeconds: number;
  /** Rows of the history that make one row of the grid. */
  readonly rowsPerStep: number;
  readonly horizonRows: number;
  readonly seasonRows: readonly number[];
  readonly historyRows: number;
}

const DAY_SECONDS = 86_400;
const USUAL_STEP_SECONDS = 300;
/** Every row so far ahead is forecast, then so many more over the rest of the horizon. */
const NEAR_ROWS = 36;
const FAR_HORIZONS = 84;
/** A row of which less was seen is a gap. */
const LEAST_KNOWN_SHARE = 0.5;

/**
 * Five minutes and at least a day ahead where the load's rhythm is the day's: what the models are measured on, and a fifth of the
 * work of minutes. Where the rhythm is shorter (a demo's day of ten minutes), the policy's own step and horizon.
 */
export function outlookGrid({ forecast }: Pick<Policy, "forecast">): OutlookGrid {
  const { seasonsSeconds, historySeconds } = forecast;
  const isDaily = Math.min(...seasonsSeconds) >= DAY_SECONDS && seasonsSeconds.length > 0;
  const isFiner = forecast.stepSeconds < USUAL_STEP_SECONDS && USUAL_STEP_SECONDS % forecast.stepSeconds === 0;
  const stepSeconds = isDaily && isFiner ? USUAL_STEP_SECONDS : forecast.stepSeconds;
  const horizonSeconds = isDaily ? Math.max(forecast.horizonSeconds, DAY_SECONDS) : forecast.horizonSeconds;
  return {
    stepSeconds,
    rowsPerStep: Math.round(stepSeconds / forecast.stepSeconds),
    horizonRows: Math.max(1, Math.round(horizonSeconds / stepSeconds)),
    seasonRows: seasonsSeconds.map((season) => Math.round(season / stepSeconds)).filter((rows) => rows >= 2),
    historyRows: Math.round(historySeconds / stepSeconds),
  };
}

/** The rows ahead that are forecast: the near ones all, the far ones at a stride. */
export function outlookHorizons({ horizonRows }: OutlookGrid): number[] {
  const stride = Math.max(1, Math.ceil((horizonRows - NEAR_ROWS) / FAR_HORIZONS));
  const near = Array.from({ length: Math.min(NEAR_ROWS, horizonRows) }, (_, index) => index + 1);
  const far = Array.from({ length: Math.max(0, Math.floor((horizonRows - NEAR_ROWS) / stride)) }, (_, index) => NEAR_ROWS + (index + 1) * stride);
  return [...near, ...far];
}

/** A series on the coarser grid: the mean of what is known of each row; a row that is known less than half is a gap. */
export function onGrid(series: Series, { stepSeconds, rowsPerStep }: OutlookGrid): Series {
  if (rowsPerStep === 1) return series;
  const startSeconds = Math.ceil(series.startSeconds / stepSeconds) * stepSeconds;
  const skip = Math.round((startSeconds - series.startSeconds) / series.stepSeconds);
  const rows = Math.max(0, Math.floor((series.values.length - skip) / rowsPerStep));
  const values = Float64Array.from({ length: rows }, (_, row) => meanOfKnown(series.values.subarray(skip + row * rowsPerStep, skip + (row + 1) * rowsPerStep), rowsPerStep));
  return { startSeconds, stepSeconds, values };
}

/** The mean of the values that are not NaN; NaN where they are less than half of `of`. */
export function meanOfKnown(values: ArrayLike<number>, of: number): number {
  let sum = 0;
  let known = 0;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? NaN;
    if (Number.isNaN(value)) continue;
    sum += value;
    known += 1;
  }
  return known > 0 && known >= LEAST_KNOWN_SHARE * of ? sum / known : NaN;
}

/** Models begin at the first value that is known; where none is, nothing is left. */
export function withoutLeadingGap(series: Series): Series {
  const known = series.values.findIndex((value) => !Number.isNaN(value));
  const first = known < 0 ? series.values.length : known;
  return first === 0 ? series : { startSeconds: series.startSeconds + first * series.stepSeconds, stepSeconds: series.stepSeconds, values: series.values.slice(first) };
}
