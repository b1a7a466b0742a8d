import { decodeFloats, encodeFloats } from "../numeric/encoding.ts";
import { leadLags } from "./lead-features.ts";
import type { LeadLags } from "./lead-features.ts";
import { NormalEquations } from "./lead-ridge-fit.ts";

/** Number of features of the scale: constant, two averages, time of day, phase, three momenta, the move ahead, the level. */
export const SCALE_WIDTH = 10;

const FLOOR = 0.004;
const INITIAL_ERROR = 0.05;
const REGRESSION_STRIDE = 5;
const REGRESSION_DAYS = 14;
/** Seen on the six open traces: decision 0250. */
const SHAPE_DAYS = 28;
const LEARNT_AFTER_DAYS = 2;
const SHAPE_AFTER_ROWS = 2000;
/** Standard residuals are counted in bins of a tenth from -12 to 12. */
export const SHAPE_BINS = 240;
const BIN_WIDTH = 0.1;
const SHAPE_START = -12;

export interface SavedScale {
  readonly numbers: readonly number[];
  readonly byPhase: readonly number[];
  readonly byTime: string;
  readonly shape: readonly number[];
  readonly matrix: readonly number[];
  readonly moment: readonly number[];
  readonly coefficients: readonly number[];
}

/**
 * How large the errors of one horizon are now: log|error| regressed on its averages over half an hour and four hours, on the
 * same time of earlier days, the part of the hour, the momentum and the level; and the shape of the standard errors of four
 * weeks. Learned online from matured errors.
 */
export class LeadScale {
  private readonly lags: LeadLags;
  private readonly dayRows: number;
  private fast = INITIAL_ERROR;
  private slow = INITIAL_ERROR;
  private sum = 0;
  private matured = 0;
  private shaped = 0;
  private readonly byPhase: Float64Array;
  /** Mean |error| of the hour's sixths of the last eight days, by their number. */
  private readonly byTime: Float32Array;
  private readonly spanRows: number;
  private readonly shape = new Float64Array(SHAPE_BINS);
  private readonly normal = new NormalEquations(SCALE_WIDTH);
  private coefficients: Float64Array = new Float64Array(0);

  constructor(dayRows: number) {
    this.dayRows = dayRows;
    this.lags = leadLags(dayRows);
    this.byPhase = new Float64Array(Math.min(240, this.lags.hourRows)).fill(INITIAL_ERROR);
    this.spanRows = Math.max(1, Math.round(this.lags.hourRows / 12));
    this.byTime = new Float32Array(Math.ceil((8 * dayRows) / this.spanRows)).fill(NaN);
  }

  /** Takes a matured error of the forecast made at `row` with these features at that scale. */
  learn(row: number, error: number, made: { readonly features: Float64Array; readonly scale: number }): void {
    const size = Math.abs(error);
    const { hourRows } = this.lags;
    this.fast += (size - this.fast) / (hourRows / 2);
    this.slow += (size - this.slow) / (hourRows * 4);
    const phase = this.phase(row);
    this.byPhase[phase] = (this.byPhase[phase] ?? size) + (size - (this.byPhase[phase] ?? size)) / 72;
    this.rememberTime(row, size);
    this.matured += 1;
    if (this.matured > this.dayRows / 2) this.countShape(error / made.scale);
    if (row % REGRESSION_STRIDE === 0) this.normal.add(made.features, Math.log(size + FLOOR), 1 - REGRESSION_STRIDE / (REGRESSION_DAYS * this.dayRows));
    if (row % this.dayRows === 0 && this.matured > LEARNT_AFTER_DAYS * this.dayRows) this.coefficients = this.normal.solve((diagonal) => diagonal * 1.003 + 1e-6);
  }

  private phase(row: number): number {
    const inHour = row % this.lags.hourRows;
    return Math.floor((inHour * this.byPhase.length) / this.lags.hourRows);
  }

  private rememberTime(row: number, size: number): void {
    this.sum += size;
    if (row % this.spanRows !== this.spanRows - 1) return;
    this.byTime[Math.floor(row / this.spanRows) % this.byTime.length] = this.sum / this.spanRows;
    this.sum = 0;
  }

  private countShape(standard: number): void {
    const keep = 1 - 1 / (SHAPE_DAYS * this.dayRows);
    if (this.shaped % 64 === 0) for (let b = 0; b < SHAPE_BINS; b += 1) this.shape[b] = (this.shape[b] ?? 0) * keep ** 64;
    const bin = Math.max(0, Math.min(SHAPE_BINS - 1, Math.floor((standard - SHAPE_START) / BIN_WIDTH)));
    this.shape[bin] = (this.shape[bin] ?? 0) + 1;
    this.shaped += 1;
  }

  /** Writes the features of the scale at `row` into `out`: `momenta` are three signed moves of log(load), `move` the forecast one. */
  fill(out: Float64Array, row: number, now: { readonly momenta: readonly number[]; readonly move: number; readonly level: number }): void {
    out[0] = 1;
    out[1] = Math.log(this.fast + FLOOR);
    out[2] = Math.log(this.slow + FLOOR);
    out[3] = Math.log(this.sameTime(row) + FLOOR);
    out[4] = Math.log((this.byPhase[this.phase(row)] ?? INITIAL_ERROR) + FLOOR);
    for (let k = 0; k < 3; k += 1) out[5 + k] = Math.log(Math.abs(now.momenta[k] ?? 0) + 0.01);
    out[8] = Math.log(Math.abs(now.move) + 0.01);
    out[9] = now.level;
  }

  /** Mean |error| around this time of one, two, three and seven days ago. */
  private sameTime(row: number): number {
    let sum = 0;
    let count = 0;
    for (const day of SAME_TIME_DAYS) {
      const then = row - day * this.dayRows;
      if (then < 0) continue;
      const span = Math.floor(then / this.spanRows);
      for (let near = span - 1; near <= span + 1; near += 1) {
        const size = this.byTime[((near % this.byTime.length) + this.byTime.length) % this.byTime.length];
        if (size === undefined || size !== size) continue;
        sum += size;
        count += 1;
      }
    }
    return count > 0 ? sum / count : this.slow;
  }

  /** The scale for these features. */
  at(features: Float64Array): number {
    if (this.coefficients.length === 0) return 1.25 * Math.exp(((features[1] ?? 0) + (features[2] ?? 0) + (features[3] ?? 0)) / 3);
    let sum = 0;
    for (let k = 0; k < SCALE_WIDTH; k += 1) sum += (this.coefficients[k] ?? 0) * (features[k] ?? 0);
    return 2 * Math.exp(Math.max(-6, Math.min(0, sum)));
  }

  /** The shape of the standard errors as values with weights that sum to one; a normal one until enough have matured. */
  standard(): WeightedResiduals {
    if (this.shaped < SHAPE_AFTER_ROWS) return NORMAL_SHAPE;
    const values: number[] = [];
    const weights: number[] = [];
    const total = this.shape.reduce((sum, count) => sum + count, 0);
    this.shape.forEach((count, bin) => {
      if (count <= 0) return;
      values.push(SHAPE_START + (bin + 0.5) * BIN_WIDTH);
      weights.push(count / total);
    });
    return { values, weights };
  }

  save(): SavedScale {
    return {
      numbers: [this.fast, this.slow, this.sum, this.matured, this.shaped, this.normal.count],
      byPhase: Array.from(this.byPhase), byTime: encodeFloats(this.byTime), shape: Array.from(this.shape),
      matrix: Array.from(this.normal.matrix), moment: Array.from(this.normal.moment), coefficients: Array.from(this.coefficients),
    };
  }

  static restore(dayRows: number, saved: SavedScale): LeadScale {
    const scale = new LeadScale(dayRows);
    const [fast = INITIAL_ERROR, slow = INITIAL_ERROR, sum = 0, matured = 0, shaped = 0, count = 0] = saved.numbers;
    Object.assign(scale, { fast, slow, sum, matured, shaped });
    scale.normal.count = count;
    scale.byPhase.set(saved.byPhase);
    scale.byTime.set(decodeFloats(saved.byTime));
    scale.shape.set(saved.shape);
    scale.normal.matrix.set(saved.matrix);
    scale.normal.moment.set(saved.moment);
    scale.coefficients = Float64Array.from(saved.coefficients);
    return scale;
  }
}

/** Standard residuals with the share of each. */
export interface WeightedResiduals {
  readonly values: readonly number[];
  readonly weights: readonly number[];
}

const SAME_TIME_DAYS = [1, 2, 3, 7] as const;

const NORMAL_SHAPE: WeightedResiduals = normalShape();

function normalShape(): WeightedResiduals {
  const values = Array.from({ length: 71 }, (_, i) => (i - 35) / 10);
  const density = values.map((value) => Math.exp((-value * value) / 2));
  const total = density.reduce((sum, share) => sum + share, 0);
  return { values, weights: density.map((share) => share / total) };
}

