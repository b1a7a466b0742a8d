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
    const { lags, coefficients, cycle } = this;
    const path = new Float64Array(Math.max(0, ...horizons.slice(-1)));
    cycle.at(window.count);
    for (let k = 0; k < path.length; k++) {
      let sum = coefficients[0]!;
      for (let j = 0; j < lags.length; j++) {
        const back = k - lags[j]!;
        sum += coefficients[1 + j]! * (back >= 0 ? path[back]! : window.ago(-back));
      }
      for (let j = 0; j < cycle.width; j++) sum += coefficients[1 + lags.length + j]! * cycle.values[j]!;
      cycle.step();
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

/** Cosines and sines of the day's and the week's first harmonics. `at` computes them, `step` turns them on by one row. */
class Harmonics {
  readonly width: number;
  readonly values: Float64Array;
  private readonly frequencies: Float64Array;
  private readonly turns: Float64Array;

  constructor({ day, week }: Shape) {
    const frequencies: number[] = [];
    for (let h = 1; h <= Math.min(DAY_HARMONICS, (day >> 1) - 1); h++) frequencies.push((2 * Math.PI * h) / day);
    for (let h = 1; h <= (week > 0 ? WEEK_HARMONICS : 0); h++) frequencies.push((2 * Math.PI * h) / week);
    this.frequencies = Float64Array.from(frequencies);
    this.turns = Float64Array.from(frequencies.flatMap((f) => [Math.cos(f), Math.sin(f)]));
    this.width = 2 * frequencies.length;
    this.values = new Float64Array(this.width);
  }

  at(row: number): void {
    for (const [i, frequency] of this.frequencies.entries()) {
      this.values[2 * i] = Math.cos(frequency * row);
      this.values[2 * i + 1] = Math.sin(frequency * row);
    }
  }

  step(): void {
    const { values, turns } = this;
    for (let i = 0; i < this.width; i += 2) {
      const cosine = values[i]!;
      const sine = values[i + 1]!;
      values[i] = cosine * turns[i]! - sine * turns[i + 1]!;
      values[i + 1] = sine * turns[i]! + cosine * turns[i + 1]!;
    }
  }
}
