/** What a lead model is asked for. Horizons are rows after the newest row, ascending. */
export interface LeadModelSpec {
  readonly rowSeconds: number;
  readonly dayRows: number;
  readonly historyRows: number;
  readonly horizonsRows: readonly number[];
}

/** Look-backs of the features in rows, worked out once for a season's length. */
export interface LeadLags {
  readonly hourRows: number;
  readonly momentum: readonly number[];
  readonly seasonalMomentum: readonly number[];
  readonly days: readonly number[];
  readonly phaseMomentum: readonly number[];
  readonly phaseGroups: number;
  /** Rows before a row that its features may look at. */
  readonly reach: number;
}

/** An hour is a 24th of the season; lags longer than it say nothing about the next minutes that the season does not. */
export function leadLags(dayRows: number): LeadLags {
  const hourRows = Math.max(4, Math.round(dayRows / 24));
  const upToHour = (lags: readonly number[]): readonly number[] => [...new Set(lags.filter((lag) => lag <= hourRows))];
  return {
    hourRows,
    momentum: upToHour([1, 2, 4, 8, 16, 32, 64, 128, hourRows]),
    seasonalMomentum: upToHour([hourRows / 30, hourRows / 7.5, hourRows / 1.875].map((lag) => Math.max(1, Math.round(lag)))),
    days: [1, 2, 3, 7, 14].map((day) => day * dayRows),
    phaseMomentum: upToHour([4, 8, 20, 60]),
    phaseGroups: Math.min(60, hourRows),
    reach: 14 * dayRows + hourRows,
  };
}

export function leadWidth(lags: LeadLags): number {
  return 1 + lags.momentum.length + 2 + 2 * lags.seasonalMomentum.length + lags.days.length + 1;
}

/** Where features are read: log(load) up to and with the index `at`; NaN where there is no row. */
export interface LogRows {
  readonly logs: Float32Array;
  readonly at: number;
}

/**
 * Writes the features of one row into `out`: the constant, momentum over 1 row to an hour, the deviation from a day and a week
 * ago and the momentum there, and the seasonal increments of 1, 2, 3, 7 and 14 days ago with their mean. What is not known is 0,
 * a missing day the mean of those that are there.
 */
export function fillLeadFeatures(out: Float64Array, rows: LogRows, lags: LeadLags, horizon: number): void {
  const { logs, at } = rows;
  const now = read(logs, at);
  let k = 0;
  out[k++] = 1;
  for (const lag of lags.momentum) out[k++] = known(now - read(logs, at - lag));
  for (const day of WEEK_ENDS) {
    const before = at - (lags.days[day] ?? 0);
    const then = read(logs, before);
    out[k++] = known(now - then);
    for (const lag of lags.seasonalMomentum) out[k++] = known(then - read(logs, before - lag));
  }
  fillSeasonalIncrements(out, k, rows, { days: lags.days, horizon });
}

/** Places of one day and of seven days ago in `days`. */
const WEEK_ENDS = [0, 3] as const;

function fillSeasonalIncrements(out: Float64Array, from: number, rows: LogRows, lags: { readonly days: readonly number[]; readonly horizon: number }): void {
  const { logs, at } = rows;
  let sum = 0;
  let count = 0;
  for (let d = 0; d < lags.days.length; d += 1) {
    const then = at - (lags.days[d] ?? 0);
    const ahead = then + lags.horizon;
    const increment = ahead + 1 > at ? NaN : (read(logs, ahead) + read(logs, ahead + 1)) / 2 - read(logs, then);
    out[from + d] = increment;
    if (increment === increment) {
      sum += increment;
      count += 1;
    }
  }
  const mean = count > 0 ? sum / count : 0;
  for (let d = 0; d < lags.days.length; d += 1) if (out[from + d] !== out[from + d]) out[from + d] = mean;
  out[from + lags.days.length] = mean;
}

/** Rows after the first of the two that `loadAround` is asked for that it looks at. */
export const AROUND_ROWS = 3;
/**
 * Two rows of windows of about four rows blur a load by a kernel of variance 1.5 rows squared, which takes 0.75 of its curvature away; the
 * difference of the rows two and a half before and after measures six times the curvature. Four rows are the default (a minute at 15 s);
 * where a window has fewer, a peak is taken for somewhat higher than it is.
 */
const SHARPENING = 0.125;

/**
 * A load, its logarithm or a use between the rows `first` and the one after it, when they are known from both sides: their mean, sharpened. Rows
 * are means of a window, which hides the top of a short peak; capacity must serve the load, not its mean. The mean alone where a row around
 * them is not kept.
 */
export function loadAround(rows: Float32Array, first: number): number {
  const mean = (read(rows, first) + read(rows, first + 1)) / 2;
  const sharp = mean + SHARPENING * (2 * mean - read(rows, first - 2) - read(rows, first + AROUND_ROWS));
  return sharp === sharp ? sharp : mean;
}

/** Writes the constant and the momenta of the phase correction. */
export function fillPhaseFeatures(out: Float64Array, rows: LogRows, lags: LeadLags): void {
  const now = read(rows.logs, rows.at);
  let k = 0;
  out[k++] = 1;
  for (const lag of lags.phaseMomentum) out[k++] = known(now - read(rows.logs, rows.at - lag));
}

/** The part of the hour that a row lies in, by the wall clock: calendar jobs and binned sources keep to it. */
export function phaseOf(rowNumber: number, lags: LeadLags): number {
  const inHour = ((rowNumber % lags.hourRows) + lags.hourRows) % lags.hourRows;
  return Math.floor((inHour * lags.phaseGroups) / lags.hourRows);
}

function read(logs: Float32Array, index: number): number {
  return index < 0 ? NaN : (logs[index] ?? NaN);
}

function known(value: number): number {
  return value === value ? value : 0;
}
