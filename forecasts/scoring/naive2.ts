/**
 * M4's reference: the last value of the seasonally adjusted series, its seasonal indices put back (Makridakis et al. 2020).
 * The adjustment is the classical multiplicative one, made where the autocorrelation at the season is significant at 90 %.
 */
export function naive2(history: Float64Array, season: number, horizon: number): Float64Array {
  const indices = isSeasonal(history, season) ? seasonalIndices(history, season) : new Float64Array(season).fill(1);
  const rows = history.length;
  const level = history[rows - 1]! / indices[(rows - 1) % season]!;
  return Float64Array.from({ length: horizon }, (_, k) => level * indices[(rows + k) % season]!);
}

/** Normal quantile at 95 %, for a two-sided test at 90 %. */
const CRITICAL = 1.645;

function isSeasonal(history: Float64Array, season: number): boolean {
  if (season === 1 || history.length < 3 * season) return false;
  const mean = history.reduce((sum, value) => sum + value, 0) / history.length;
  const power = history.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const correlation = (lag: number): number => {
    let sum = 0;
    for (let row = lag; row < history.length; row++) sum += (history[row]! - mean) * (history[row - lag]! - mean);
    return power > 0 ? sum / power : 0;
  };
  let squares = 0;
  for (let lag = 1; lag < season; lag++) squares += correlation(lag) ** 2;
  return Math.abs(correlation(season)) > CRITICAL * Math.sqrt((1 + 2 * squares) / history.length);
}

/** Mean ratio to the centred moving average over one season, by slot; the indices have the mean 1. */
function seasonalIndices(history: Float64Array, season: number): Float64Array {
  const sums = new Float64Array(season);
  const counts = new Float64Array(season);
  const half = Math.floor(season / 2);
  for (let row = half; row < history.length - half; row++) {
    const level = centredMean(history, row, season);
    sums[row % season] = sums[row % season]! + history[row]! / level;
    counts[row % season] = counts[row % season]! + 1;
  }
  const means = sums.map((sum, slot) => sum / counts[slot]!);
  const average = means.reduce((sum, value) => sum + value, 0) / season;
  return means.map((value) => value / average);
}

function centredMean(history: Float64Array, row: number, season: number): number {
  const half = Math.floor(season / 2);
  let sum = 0;
  for (let at = row - half; at <= row + half; at++) {
    const isEdge = season % 2 === 0 && (at === row - half || at === row + half);
    sum += history[at]! * (isEdge ? 0.5 : 1);
  }
  return sum / season;
}
