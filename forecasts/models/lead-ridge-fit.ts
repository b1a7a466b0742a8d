import { solveCholesky } from "../numeric/cholesky.ts";
import { AROUND_ROWS, fillLeadFeatures, fillPhaseFeatures, leadLags, leadWidth, loadAround, phaseOf } from "./lead-features.ts";
import type { LeadLags } from "./lead-features.ts";

/** Coefficients of one horizon: of the features, and of the phase correction (group-major). */
export interface LeadCoefficients {
  readonly horizonRows: number;
  readonly features: readonly number[];
  readonly phases: readonly number[];
  /** The largest increment of log(load) that is no exception in the history; 1 in a fit that does not say. */
  readonly largestMove?: number;
}

/** A fit of the lead model: plain JSON data. */
export interface LeadFit {
  readonly kind: "lead-ridge";
  readonly dayRows: number;
  /** Added to the load before the logarithm: keeps a load of zero finite. */
  readonly offset: number;
  readonly horizons: readonly LeadCoefficients[];
}

export interface LeadFitInput {
  /** Load by row; NaN is a gap. */
  readonly values: Float64Array;
  /** Row number of the first value since the epoch: what phases are counted from. */
  readonly firstRow: number;
  readonly dayRows: number;
  readonly horizonsRows: readonly number[];
}

const STRIDE = 3;
const PHASE_STRIDE = 2;
const PENALTY = 0.03;
const PHASE_PENALTY = 0.3;
/**
 * What is rarer than this share of the rows (less than a minute a day) is an exception: an increment larger than that counts as large
 * as it. Never less than a factor e counts.
 */
const RARE_SHARE = 0.0005;
const LEAST_CLIP = 1;
/** Of the largest increment, what may be left by the features. */
const RESIDUAL_CLIP = 0.5;
const OFFSET_SHARE = 0.01;

/** The offset of the logarithm: a hundredth of the mean load; 1 where there is no load at all. */
export function logOffset(values: Float64Array): number {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (!(value >= 0)) continue;
    sum += value;
    count += 1;
  }
  return sum > 0 ? (OFFSET_SHARE * sum) / count : 1;
}

/** log(load + offset) by row; a gap keeps the value before it. */
export function logRows(values: Float64Array, offset: number): Float32Array {
  let last = NaN;
  return Float32Array.from(values, (value) => (value >= 0 ? (last = Math.log(value + offset)) : last));
}

/**
 * Ridge regression of the increment of log(load) over each horizon, then of what it leaves in each part of the hour, shrunk
 * towards none. Undefined with less than two days. Source: Hoerl and Kennard (1970); the features are those of
 * `fillLeadFeatures`.
 */
export function fitLeadRidge(input: LeadFitInput): LeadFit | undefined {
  const { values, dayRows } = input;
  if (values.length < 2 * dayRows) return undefined;
  const offset = logOffset(values);
  const lags = leadLags(dayRows);
  const data: LeadData = { logs: logRows(values, offset), values, lags, firstRow: input.firstRow, from: Math.min(dayRows, values.length >> 1) };
  return { kind: "lead-ridge", dayRows, offset, horizons: input.horizonsRows.map((horizon) => fitHorizon(data, horizon)) };
}

interface LeadData {
  readonly logs: Float32Array;
  readonly values: Float64Array;
  readonly lags: LeadLags;
  readonly firstRow: number;
  readonly from: number;
}

function fitHorizon(data: LeadData, horizon: number): LeadCoefficients {
  const target: FitTarget = { horizon, largestMove: habitualMove(data, horizon) };
  const features = fitFeatures(data, target);
  return { horizonRows: horizon, features: Array.from(features), phases: Array.from(fitPhases(data, target, features)), largestMove: target.largestMove };
}

/** The load around the target's centre, less the newest row; NaN where one of the rows next to it is a gap. */
function increment(data: LeadData, at: number, horizon: number): number {
  const { logs, values } = data;
  const ahead = at + horizon;
  if (!((values[ahead] ?? NaN) >= 0) || !((values[ahead + 1] ?? NaN) >= 0) || !((values[at] ?? NaN) >= 0)) return NaN;
  return loadAround(logs, ahead) - (logs[at] ?? NaN);
}

interface FitTarget {
  readonly horizon: number;
  readonly largestMove: number;
}

/** The size of an increment that all but exceptional rows stay under. */
function habitualMove(data: LeadData, horizon: number): number {
  const sizes: number[] = [];
  for (let at = data.from; at < data.logs.length - horizon - AROUND_ROWS; at += STRIDE) {
    const size = Math.abs(increment(data, at, horizon));
    if (size === size) sizes.push(size);
  }
  const sorted = Float64Array.from(sizes).sort();
  return Math.max(LEAST_CLIP, sorted[Math.floor((1 - RARE_SHARE) * sorted.length)] ?? 0);
}

function fitFeatures(data: LeadData, { horizon, largestMove }: FitTarget): Float64Array {
  const width = leadWidth(data.lags);
  const normal = new NormalEquations(width);
  const row = new Float64Array(width);
  for (let at = data.from; at < data.logs.length - horizon - AROUND_ROWS; at += STRIDE) {
    const target = increment(data, at, horizon);
    if (target !== target) continue;
    fillLeadFeatures(row, { logs: data.logs, at }, data.lags, horizon);
    normal.add(row, Math.max(-largestMove, Math.min(largestMove, target)));
  }
  return normal.solve((diagonal) => diagonal * (1 + PENALTY) + 1e-9 * normal.count);
}

function fitPhases(data: LeadData, { horizon, largestMove }: FitTarget, features: Float64Array): Float64Array {
  const { lags } = data;
  const width = 1 + lags.phaseMomentum.length;
  const groups = Array.from({ length: lags.phaseGroups }, () => new NormalEquations(width));
  const row = new Float64Array(features.length);
  const phase = new Float64Array(width);
  const squares = new Float64Array(width);
  const largest = RESIDUAL_CLIP * largestMove;
  for (let at = data.from; at < data.logs.length - horizon - AROUND_ROWS; at += PHASE_STRIDE) {
    const target = increment(data, at, horizon);
    if (target !== target) continue;
    const rows = { logs: data.logs, at };
    fillLeadFeatures(row, rows, lags, horizon);
    fillPhaseFeatures(phase, rows, lags);
    const residual = target - dot(features, row);
    groups[phaseOf(data.firstRow + at, lags)]?.add(phase, Math.max(-largest, Math.min(largest, residual)));
    for (let k = 0; k < width; k += 1) squares[k] = (squares[k] ?? 0) + (phase[k] ?? 0) ** 2;
  }
  const all = new Float64Array(width * groups.length);
  groups.forEach((group, g) => {
    all.set(group.solve((diagonal, k) => diagonal + (PHASE_PENALTY * (squares[k] ?? 0)) / groups.length + 1e-9), g * width);
  });
  return all;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k += 1) sum += (a[k] ?? 0) * (b[k] ?? 0);
  return sum;
}

/** The sums of a least-squares problem, lower triangle. */
export class NormalEquations {
  readonly width: number;
  readonly matrix: Float64Array;
  readonly moment: Float64Array;
  count = 0;

  constructor(width: number) {
    this.width = width;
    this.matrix = new Float64Array(width * width);
    this.moment = new Float64Array(width);
  }

  /** Adds a row; what was added before counts `keep` as much as it did. */
  add(row: Float64Array, target: number, keep = 1): void {
    const { width, matrix, moment } = this;
    this.count = this.count * keep + 1;
    for (let a = 0; a < width; a += 1) {
      const value = row[a] ?? 0;
      moment[a] = (moment[a] ?? 0) * keep + value * target;
      const line = a * width;
      for (let b = 0; b <= a; b += 1) matrix[line + b] = (matrix[line + b] ?? 0) * keep + value * (row[b] ?? 0);
    }
  }

  /** The coefficients, with the diagonal replaced by what `penalize` makes of it. */
  solve(penalize: (diagonal: number, index: number) => number): Float64Array {
    const matrix = this.matrix.slice();
    for (let a = 0; a < this.width; a += 1) matrix[a * this.width + a] = penalize(matrix[a * this.width + a] ?? 0, a);
    return solveCholesky(matrix, this.moment.slice(), this.width);
  }
}
