import type { Result } from "../../model/result.ts";

/** Average intensity is what the grid emits per kWh; marginal (MOER) is what one more kWh would. They are never mixed. */
export type SignalKind = "average" | "marginal";

/** Intensity in gCO2e/kWh of one kind, with where it is from and how old it is. */
export interface CarbonReading<S extends SignalKind> {
  readonly signal: S;
  /** Grid zone in the source's own naming. */
  readonly zone: string;
  readonly gramsPerKwh: number;
  /** Start of the interval that the value describes. */
  readonly timeSeconds: number;
  readonly source: string;
  /** The source has estimated it: lower confidence. */
  readonly estimated: boolean;
  readonly emissions: "lifecycle" | "direct";
  /** Ascending in time; empty where the source forecasts nothing. */
  readonly forecast: readonly IntensityPoint[];
}

export interface IntensityPoint {
  readonly timeSeconds: number;
  readonly gramsPerKwh: number;
}

export interface CarbonQuery {
  /** Cloud region, e.g. "eu-central-1"; each source maps it to its own zone unless `zone` names one. */
  readonly region: string;
  readonly cloud?: string;
  readonly zone?: string;
  readonly nowSeconds: number;
  readonly horizonSeconds: number;
}

/** A source of one kind of signal. Failures are values: `transient` (429, 5xx, time-out), `permanent`, `missing`. */
export interface CarbonSource<S extends SignalKind = SignalKind> {
  readonly type: string;
  readonly signal: S;
  read(query: CarbonQuery): Promise<Result<CarbonReading<S>>>;
}

/** What a source needs of the outside; a test gives its own. */
export interface CarbonDeps {
  readonly fetch: typeof fetch;
  readonly timeoutMilliseconds: number;
}

/** Pounds per MWh (WattTime's unit) → grams per kWh. */
export const GRAMS_PER_KWH_PER_LB_PER_MWH = 453.59237 / 1000;
