/** A regular grid of values: one every `stepSeconds`, the first at `startSeconds` (epoch). A gap is NaN in memory, null on the wire. */
export interface Series {
  readonly startSeconds: number;
  readonly stepSeconds: number;
  readonly values: Float64Array;
}

/** The time of row `index` of a series, in epoch seconds. */
export function timeAt(series: Series, index: number): number {
  return series.startSeconds + index * series.stepSeconds;
}

/** The rows [from, to) of a series as a view (no copy); bounds are clipped. */
export function sliceSeries(series: Series, from: number, to: number): Series {
  const start = Math.max(0, Math.min(from, series.values.length));
  return {
    startSeconds: timeAt(series, start),
    stepSeconds: series.stepSeconds,
    values: series.values.subarray(start, Math.max(start, to)),
  };
}
