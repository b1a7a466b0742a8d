/** Quantile paths over a horizon, from one origin. All arrays run over `horizonsSeconds` (seconds after the origin, ascending). */
export interface Forecast {
  /** Epoch seconds of the newest value that was known. */
  readonly originSeconds: number;
  readonly horizonsSeconds: readonly number[];
  readonly mean: Float64Array;
  /** Ascending levels in (0, 1) and, beside each, its path; at one horizon the paths never cross. */
  readonly levels: readonly number[];
  readonly quantiles: readonly Float64Array[];
  readonly model: ForecastProvenance;
}

/** Which model made a forecast, and how well it has done lately. */
export interface ForecastProvenance {
  readonly id: string;
  /** Content hash of the installed fit; empty for a model that needs none. */
  readonly digest: string;
  /** Share of its own members in use, by id, at the shortest horizon. */
  readonly weights: Readonly<Record<string, number>>;
  /** Matured mean absolute error over that of seasonal naive, at the shortest horizon; NaN until known. */
  readonly relativeError: number;
  /** Why this model is used, and not a better-looking one (trust gate, cold start); empty in the ordinary case. */
  readonly note: string;
}
