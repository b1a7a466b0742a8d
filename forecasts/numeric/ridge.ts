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
  const plain = accumulate(rows, rows.weights, emptyNormal(rows.width));
  let equations = plain;
  for (let round = 0; round < options.robustRounds; round++) {
    // Few rows lie outside the cut: only what they lose is taken off.
    const changes = huberWeights(rows, solveNormal(equations, options.penalty)).map((weight, i) => weight - rows.weights[i]!);
    equations = accumulate(rows, changes, copyNormal(plain));
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

function emptyNormal(width: number): NormalEquations {
  return { matrix: new Float64Array(width * width), moment: new Float64Array(width), total: 0 };
}

function copyNormal({ matrix, moment, total }: NormalEquations): NormalEquations {
  return { matrix: matrix.slice(), moment: moment.slice(), total };
}

/** Rows that are added to the sums at once: this is where a fit spends its time. */
const BLOCK = 4;

/** Adds the rows, each with its weight, to `equations`; one of weight 0 is passed over. */
function accumulate({ features, targets, count, width }: RegressionRows, weights: Float64Array, equations: NormalEquations): NormalEquations {
  const { matrix, moment } = equations;
  const rows = new Float64Array(BLOCK * width);
  const scaled = new Float64Array(BLOCK * width);
  let { total } = equations;
  let filled = 0;
  for (let i = 0; i <= count; i++) {
    if (i < count) {
      const weight = weights[i]!;
      if (weight === 0) continue;
      total += weight;
      const target = targets[i]!;
      for (let a = 0, at = filled * width, from = i * width; a < width; a++, at++, from++) {
        rows[at] = features[from]!;
        scaled[at] = features[from]! * weight;
        moment[a] = moment[a]! + scaled[at]! * target;
      }
      if (++filled < BLOCK) continue;
    } else {
      rows.fill(0, filled * width);
      scaled.fill(0, filled * width);
    }
    addBlock(matrix, rows, scaled, width);
    filled = 0;
  }
  return { matrix, moment, total };
}

/** Adds the products of a block's rows to the lower triangle. */
function addBlock(matrix: Float64Array, rows: Float64Array, scaled: Float64Array, width: number): void {
  const second = width;
  const third = 2 * width;
  const fourth = 3 * width;
  for (let a = 0, at = 0; a < width; a++, at += width - a) {
    const first = scaled[a]!;
    const next = scaled[second + a]!;
    const after = scaled[third + a]!;
    const last = scaled[fourth + a]!;
    for (let b = 0; b <= a; b++, at++) {
      matrix[at] = matrix[at]! + first * rows[b]! + next * rows[second + b]! + after * rows[third + b]! + last * rows[fourth + b]!;
    }
  }
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
