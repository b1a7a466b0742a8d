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
  return solveNormal(robustNormal(rows, options), options.penalty);
}

/** The sums that a ridge regression needs of its rows, whatever its penalty. */
export interface NormalEquations {
  readonly matrix: Float64Array;
  readonly moment: Float64Array;
  readonly total: number;
}

/** Normal equations after the rounds of reweighting, each from a fit with the options' penalty. */
export function robustNormal(rows: RegressionRows, options: RidgeOptions): NormalEquations {
  let equations = accumulate(rows, rows.weights);
  for (let round = 0; round < options.robustRounds; round++) {
    equations = accumulate(rows, huberWeights(rows, solveNormal(equations, options.penalty)));
  }
  return equations;
}

/** The constant's penalty is absolute (twice); the others' is in the mean square of all features, so that their scale is free. */
export function solveNormal({ matrix, moment, total }: NormalEquations, penalty: number): Float64Array {
  const width = moment.length;
  const penalized = matrix.slice();
  let square = 0;
  for (let a = 1; a < width; a++) square += matrix[a * width + a]!;
  const spread = Math.max(square / Math.max(1, width - 1), 1e-4 * total);
  for (let a = 0; a < width; a++) {
    penalized[a * width + a] = penalized[a * width + a]! + penalty * (a === 0 ? 2 * total : spread) + 1e-12;
  }
  return solveCholesky(penalized, moment.slice(), width);
}

/** Mean absolute error of coefficients over the rows, weighted. */
export function meanAbsoluteError(rows: RegressionRows, coefficients: Float64Array, from: number): number {
  let sum = 0;
  let total = 0;
  for (let i = from; i < rows.count; i++) {
    sum += rows.weights[i]! * Math.abs(rows.targets[i]! - fitted(rows, coefficients, i));
    total += rows.weights[i]!;
  }
  return total > 0 ? sum / total : 0;
}

function accumulate({ features, targets, count, width }: RegressionRows, weights: Float64Array): NormalEquations {
  const matrix = new Float64Array(width * width);
  const moment = new Float64Array(width);
  const row = new Float64Array(width);
  let total = 0;
  for (let i = 0; i < count; i++) {
    const weight = weights[i]!;
    if (weight === 0) continue;
    total += weight;
    const target = targets[i]!;
    // The row is copied to a short array of its own: the inner loop is where a fit spends its time.
    for (let a = 0; a < width; a++) row[a] = features[i * width + a]!;
    for (let a = 0, at = 0; a < width; a++, at += width - a) {
      const weighted = row[a]! * weight;
      moment[a] = moment[a]! + weighted * target;
      for (let b = 0; b <= a; b++, at++) matrix[at] = matrix[at]! + weighted * row[b]!;
    }
  }
  return { matrix, moment, total };
}

function huberWeights(rows: RegressionRows, coefficients: Float64Array): Float64Array {
  const residuals = new Float64Array(rows.count);
  for (let i = 0; i < rows.count; i++) residuals[i] = Math.abs(rows.targets[i]! - fitted(rows, coefficients, i));
  const cut = 2 * residuals.toSorted()[rows.count >> 1]! + 1e-9;
  return rows.weights.map((weight, i) => (residuals[i]! > cut ? (weight * cut) / residuals[i]! : weight));
}

function fitted({ features, width }: RegressionRows, coefficients: Float64Array, row: number): number {
  let sum = 0;
  for (let j = 0; j < width; j++) sum += coefficients[j]! * features[row * width + j]!;
  return sum;
}
