import type { Forecast } from "./forecast.ts";
import type { Series } from "./series.ts";
import type { Trusted } from "./trust-gate.ts";

/** What a fit may see. Seasons and horizon count rows of the series; NaN rows are gaps or were excluded from learning. */
export interface FitInput {
  readonly series: Series;
  readonly seasons: readonly number[];
  readonly horizon: number;
  readonly seed: number;
  /** Rows ahead that a control model is asked for; other models ignore it. */
  readonly horizons?: readonly number[];
  /** Rows that a control model keeps; other models ignore it. */
  readonly historyRows?: number;
  /** Where the first rows are the past of an alike series: how many, and whose. */
  readonly borrowed?: { readonly rows: number; readonly donor: string };
  /** Rows with a censored value (a lower bound on demand). */
  readonly censored?: readonly number[];
  /** Lets paths go below zero although the history never does. */
  readonly allowNegative?: boolean;
  /** Known days and events, by row from the series' start and on over the horizon; from `calendars/`. */
  readonly calendar?: CalendarRows;
}

/** For each row from the series' start, to its end and the horizon beyond: an index of a kind of day (0 = ordinary). */
export interface CalendarRows {
  readonly kinds: Uint8Array;
  /** Known relative uplift per row (1 = none), where the user gave one. */
  readonly uplift: Float64Array;
  /** Rows by which the local clock has moved since the first row (daylight saving); absent where the load follows UTC. */
  readonly clockShift?: Int16Array;
}

/** An unfitted model. Fits run on a worker; what a fit returns is plain JSON data, journalled by content hash. */
export interface Forecaster {
  readonly id: string;
  /** Rows below which `fit` declines, for these seasons. */
  minimumRows(seasons: readonly number[]): number;
  fit(input: FitInput): FitResult;
  /** Makes a running model of a fit's data, as of the fit's last row. */
  resume(fit: unknown): OnlineForecaster;
}

export type FitResult =
  | { readonly ok: true; readonly fit: unknown; readonly note: string }
  | { readonly ok: false; readonly reason: string };

/**
 * A fitted, running model: it sees each new row once, in order, and forecasts from there. Deterministic: it reads no clock
 * and no random source. Its state is owned by whoever holds it; `save` gives the data from which `resume` makes an equal one.
 */
export interface OnlineForecaster {
  readonly id: string;
  /** The next row's value; NaN for a gap. */
  observe(value: number): void;
  /** Forecasts for the given horizons, counted in rows after the newest row (1 = the next). */
  forecast(horizons: readonly number[], levels: readonly number[]): Forecast;
  save(): unknown;
  /**
   * Keeps what the model of an earlier fit has learned of its own errors (its saved state): weights, coverage, trust. Call it
   * when a new fit is installed, after that has observed the same rows. Where it is missing, every fit starts afresh.
   */
  adopt?(earlier: unknown): void;
  /** What each tracked horizon stands on, and why where it is not the ensemble; missing where there is no trust gate. */
  verdicts?(): readonly HorizonVerdict[];
}

/** The trust gate's word on one horizon. */
export interface HorizonVerdict {
  readonly horizonRows: number;
  readonly trusted: Trusted;
  readonly reason: string;
}
