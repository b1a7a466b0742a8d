/** Mean absolute error of a forecast path. Arrays of equal length; an actual that is NaN is left out; NaN where none is known. */
export function meanAbsoluteError(actual: Float64Array, forecast: Float64Array): number {
  return meanOver(actual, (value, k) => Math.abs(value - forecast[k]!));
}

/** Symmetric mean absolute percentage error in percent: mean of 200·|y−ŷ| / (|y|+|ŷ|); a row where both are 0 has no error (Makridakis 1993). */
export function symmetricPercentageError(actual: Float64Array, forecast: Float64Array): number {
  return meanOver(actual, (value, k) => {
    const size = Math.abs(value) + Math.abs(forecast[k]!);
    return size === 0 ? 0 : (200 * Math.abs(value - forecast[k]!)) / size;
  });
}

/**
 * The scale of MASE: mean absolute error of the seasonal naive forecast within the history (Hyndman and Koehler 2006).
 * `season` counts rows. 1 for a history that repeats itself exactly, so that errors keep their unit; NaN where it is shorter than a season.
 */
export function seasonalScale(history: Float64Array, season: number): number {
  const scale = meanOver(history.subarray(season), (value, row) => Math.abs(value - history[row]!));
  return scale === 0 ? 1 : scale;
}

/** Pinball loss of a quantile path at `level`: mean of max(level·d, (level−1)·d) with d = y − q (Koenker and Bassett 1978). */
export function pinballLoss(actual: Float64Array, quantile: Float64Array, level: number): number {
  return meanOver(actual, (value, k) => Math.max(level * (value - quantile[k]!), (level - 1) * (value - quantile[k]!)));
}

/** Share of the actual values at or below a quantile path. */
export function coverage(actual: Float64Array, quantile: Float64Array): number {
  return meanOver(actual, (value, k) => (value <= quantile[k]! ? 1 : 0));
}

/** M4's overall weighted average: the mean of sMAPE and MASE, each over that of Naive2 (Makridakis et al. 2020, §2.2). */
export function overallWeightedAverage(score: PointScore, naive2: PointScore): number {
  return (score.smape / naive2.smape + score.mase / naive2.mase) / 2;
}

/** Averages over the series of a set. */
export interface PointScore {
  readonly smape: number;
  readonly mase: number;
}

function meanOver(values: Float64Array, errorOf: (value: number, index: number) => number): number {
  let sum = 0;
  let count = 0;
  for (let index = 0; index < values.length; index++) {
    const error = errorOf(values[index]!, index);
    if (Number.isNaN(error)) continue;
    sum += error;
    count++;
  }
  return count > 0 ? sum / count : NaN;
}
