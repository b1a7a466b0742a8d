import { solveRidge } from "../numeric/ridge.ts";
import type { RowWindow } from "../numeric/row-window.ts";
import { spreadRows } from "../numeric/spread-rows.ts";
import type { Member, MemberKind, Shape, TrainingRows } from "./member.ts";

const PENALTY = 3e-4;
const DAY_HARMONICS = 4;
const WEEK_HARMONICS = 2;
const MAX_TRAINING_ROWS = 2000;
/** Recursive forecasts stay within so many units of spread of the series' middle. */
const BOUND = 4;

/**
 * An autoregression on the last rows and on the rows a season ago, with Fourier terms of the seasons as inputs, estimated by
 * ridge regression and run recursively. Best at the first rows of the horizon.
 */
export const ARX_RIDGE: MemberKind = {
  id: "arx-ridge",
  minimumRows: (shape) => Math.max(24, ...lagsOf(shape)) + 24,
  create: (shape) => new ArxRidge(shape),
  restore: (shape, saved) => ArxRidge.restore(shape, saved as SavedArxRidge),
};

interface SavedArxRidge {
  readonly coefficients: readonly number[];
}

class ArxRidge implements Member {
  private readonly lags: readonly number[];
  private readonly cycle: Harmonics;
  private coefficients: Float64Array = new Float64Array(0);
  /** The room that a forecast is worked out in. */
  private path: Float64Array = new Float64Array(0);

  constructor(shape: Shape) {
    this.lags = lagsOf(shape);
    this.cycle = new Harmonics(shape);
  }

  observe(): void {
    // The window holds all that is needed.
  }

  solve({ values, known }: TrainingRows, end: number): void {
    const first = this.lags.at(-1)!;
    const width = 1 + this.lags.length + this.cycle.width;
    const taken = spreadRows(first, end, MAX_TRAINING_ROWS);
    const count = taken.length;
    const features = new Float64Array(count * width);
    const targets = new Float64Array(count);
    const weights = new Float64Array(count);
    for (const [i, row] of taken.entries()) {
      let at = i * width;
      features[at++] = 1;
      for (const lag of this.lags) features[at++] = values[row - lag]!;
      this.cycle.at(row);
      features.set(this.cycle.values, at);
      targets[i] = values[row]!;
      weights[i] = known[row]!;
    }
    this.coefficients = solveRidge({ features, targets, weights, count, width }, { penalty: PENALTY, robustRounds: 3 });
  }

  forecastAt(window: RowWindow, horizons: readonly number[], out: Float64Array): void {
    const { lags, coefficients } = this;
    const length = horizons.at(-1) ?? 0;
    if (this.path.length < length) this.path = new Float64Array(length);
    const path = this.path.subarray(0, length).fill(coefficients[0]!);
    // What is known by now first, so that only the lags within the path remain for the recursion.
    for (let j = 0; j < lags.length; j++) window.addScaled(path, lags[j]!, coefficients[1 + j]!, Math.min(lags[j]!, length));
    this.cycle.addTo(path, window.count, coefficients.subarray(1 + lags.length));
    for (let k = 0; k < length; k++) {
      let sum = path[k]!;
      for (let j = 0; j < lags.length && lags[j]! <= k; j++) sum += coefficients[1 + j]! * path[k - lags[j]!]!;
      path[k] = Math.max(-BOUND, Math.min(BOUND, sum));
    }
    for (let i = 0; i < horizons.length; i++) out[i] = path[horizons[i]! - 1]!;
  }

  /** The lags follow the window; the constant and the cycle are told the new level: y' = slope·y + offset put into the equation. */
  moveLevel(_window: RowWindow, slope: number, offset: number): void {
    const { coefficients, lags } = this;
    const memory = coefficients.subarray(1, 1 + lags.length).reduce((sum, value) => sum + value, 0);
    coefficients[0] = slope * coefficients[0]! + offset * (1 - memory);
    for (let j = 1 + lags.length; j < coefficients.length; j++) coefficients[j] = slope * coefficients[j]!;
  }

  save(): SavedArxRidge {
    return { coefficients: [...this.coefficients] };
  }

  static restore(shape: Shape, saved: SavedArxRidge): ArxRidge {
    const member = new ArxRidge(shape);
    member.coefficients = Float64Array.from(saved.coefficients);
    return member;
  }
}

function lagsOf({ rows, day, week }: Shape): number[] {
  const lags = new Set([1, 2, 3]);
  if (day > 1) for (const lag of [day - 1, day, day + 1]) lags.add(Math.max(1, lag));
  if (day >= 96) for (const lag of [6, 12, Math.round(day / 8)]) lags.add(lag);
  else lags.add(4);
  if (day > 1 && rows > 4 * day) lags.add(2 * day);
  if (week > 0 && rows >= 2.5 * week) for (const lag of [week - 1, week, week + 1]) lags.add(lag);
  return [...lags].sort((a, b) => a - b);
}

/** Cosines and sines of the day's and the week's first harmonics. */
class Harmonics {
  readonly width: number;
  readonly values: Float64Array;
  private readonly frequencies: Float64Array;

  constructor({ day, week }: Shape) {
    const frequencies: number[] = [];
    for (let h = 1; h <= Math.min(DAY_HARMONICS, (day >> 1) - 1); h++) frequencies.push((2 * Math.PI * h) / day);
    for (let h = 1; h <= (week > 0 ? WEEK_HARMONICS : 0); h++) frequencies.push((2 * Math.PI * h) / week);
    this.frequencies = Float64Array.from(frequencies);
    this.width = 2 * frequencies.length;
    this.values = new Float64Array(this.width);
  }

  /** Sets `values` for a row. */
  at(row: number): void {
    for (const [i, frequency] of this.frequencies.entries()) {
      this.values[2 * i] = Math.cos(frequency * row);
      this.values[2 * i + 1] = Math.sin(frequency * row);
    }
  }

  /** Adds what they make of the coefficients at `row` and the rows after it, each wave by its recurrence y'' = 2·cos(f)·y' − y. */
  addTo(path: Float64Array, row: number, coefficients: Float64Array): void {
    for (let i = 0; i < this.frequencies.length; i++) {
      const frequency = this.frequencies[i]!;
      const wave = (at: number): number => coefficients[2 * i]! * Math.cos(frequency * at) + coefficients[2 * i + 1]! * Math.sin(frequency * at);
      const turn = 2 * Math.cos(frequency);
      let now = wave(row);
      let next = wave(row + 1);
      for (let k = 0; k < path.length; k++) {
        path[k] = path[k]! + now;
        const after = turn * next - now;
        now = next;
        next = after;
      }
    }
  }
}
