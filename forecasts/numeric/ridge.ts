import { solveCholesky } from "./cholesky.ts";

/** Rows of a regression: `features` is row-major, `count` × `width`; the first feature is the constant 1. */
export interface RegressionRows {
  readonly features: Float64Array;
  readonly targets: Float64Array;
  readonly weights: Float64Array;
  readonly count: number;
  readonly width: number;
}

export interface RidgeOptions {
  /** Penalty relative to the mean square of the features. */
  readonly penalty: number;
  /** Rounds of reweighting with Huber's weight (1964), the cut at twice the median absolute residual; 0 is least squares. */
  readonly robustRounds: number;
}

/** Weighted ridge regression (Hoerl and Kennard 1970), robust against outlying targets. Returns `width` coefficients. */
export function solveRidge(rows: RegressionRows, options: RidgeOptions): Float64Array {
  let weights = rows.weights;
  let coefficients = solveOnce(rows, weights, options.penalty);
  for (let round = 0; round < options.robustRounds; round++) {
    weights = huberWeights(rows, coefficients);
    coefficients = solveOnce(rows, weights, options.penalty);
  }
  return coefficients;
}

function solveOnce(rows: RegressionRows, weights: Float64Array, penalty: number): Float64Array {
  const { features, targets, count, width } = rows;
  const normal = new Float64Array(width * width);
  const moment = new Float64Array(width);
  let total = 0;
  for (let i = 0; i < count; i++) {
    const weight = weights[i]!;
    if (weight === 0) continue;
    total += weight;
    const row = i * width;
    const target = targets[i]!;
    for (let a = 0; a < width; a++) {
      const weighted = features[row + a]! * weight;
      moment[a] = moment[a]! + weighted * target;
      const line = a * width;
      for (let b = 0; b <= a; b++) normal[line + b] = normal[line + b]! + weighted * features[row + b]!;
    }
  }
  penalize(normal, width, penalty * total, total);
  return solveCholesky(normal, moment, width);
}

/** The constant's penalty is absolute (twice); the others' is in the mean square of all features, so that their scale is free. */
function penalize(normal: Float64Array, width: number, penalty: number, total: number): void {
  let square = 0;
  for (let a = 1; a < width; a++) square += normal[a * width + a]!;
  const spread = Math.max(square / Math.max(1, width - 1) / Math.max(total, 1e-12), 1e-4);
  for (let a = 0; a < width; a++) normal[a * width + a] = normal[a * width + a]! + (a === 0 ? 2 * penalty : penalty * spread) + 1e-12;
}

function huberWeights(rows: RegressionRows, coefficients: Float64Array): Float64Array {
  const { features, targets, weights, count, width } = rows;
  const residuals = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let fitted = 0;
    for (let j = 0; j < width; j++) fitted += coefficients[j]! * features[i * width + j]!;
    residuals[i] = Math.abs(targets[i]! - fitted);
  }
  const cut = 2 * residuals.toSorted()[count >> 1]! + 1e-9;
  return weights.map((weight, i) => (residuals[i]! > cut ? (weight * cut) / residuals[i]! : weight));
}
