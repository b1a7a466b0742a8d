/// <reference lib="esnext.float16" />
import { decodeFloats, decodeHalves, encodeFloats, encodeHalves } from "../numeric/encoding.ts";
import { geometricKnots, interpolateKnots, type KnotTable } from "../numeric/horizon-knots.ts";
import { meanAbsoluteError, robustNormal, solveNormal, type RegressionRows } from "../numeric/ridge.ts";
import type { RowWindow } from "../numeric/row-window.ts";
import { spreadRows } from "../numeric/spread-rows.ts";
import type { Member, MemberKind, Shape, TrainingRows } from "./member.ts";

const DAY_GAIN = 0.25;
const WEEK_GAIN = 0.4;
const KNOT_RATIO = 1.6;
/** Penalties tried, at a horizon of one day over 1.3; the middle one weighs the outliers. */
const PENALTIES = [0.0005, 0.005, 0.05];
const ROBUST_ROUNDS = 2;
/** The newest share of the training rows that the first fit chooses the penalty on. */
const HELD_BACK = 0.25;
/** Training rows weigh half for each such number of long seasons that they are old. */
const HALF_LIFE_SEASONS = 4;
const MAX_TRAINING_ORIGINS = 600;

/**
 * One-sided seasonal profiles, corrected by direct regression: at each horizon knot a ridge regression explains the
 * deviation from the day's profile by recent deviations, by yesterday's and last week's value, and by the week's profile.
 * Profiles are exponentially weighted means per slot that use only earlier rows, so that the regression never sees its target.
 */
export const PROFILE_CORRECTION: MemberKind = {
  id: "profile-correction",
  minimumRows: (shape) => (shape.day > 1 ? 2 * shape.day + 8 : 24),
  create: (shape) => new ProfileCorrection(shape),
  restore: (shape, saved) => ProfileCorrection.restore(shape, saved as SavedProfileCorrection),
};

interface SavedProfileCorrection {
  readonly dayProfile: string;
  readonly weekProfile: string;
  readonly dayDrifts: readonly number[];
  readonly weekDrifts: readonly number[];
  readonly coefficients: readonly string[];
}

class ProfileCorrection implements Member {
  private readonly shape: Shape;
  private readonly knots: readonly number[];
  private readonly table: KnotTable;
  private readonly width: number;
  private readonly dayProfile: Float16Array;
  private readonly weekProfile: Float16Array;
  /** Exponentially weighted mean deviations from each profile, over spans from one row to a season, fast to slow. */
  private readonly dayDrifts: Float64Array;
  private readonly weekDrifts: Float64Array;
  private readonly dayRates: Float64Array;
  private readonly weekRates: Float64Array;
  private readonly features: Float64Array;
  private readonly constants: Float64Array;
  private readonly halfSmooth: number;
  private coefficients: Float32Array[] = [];
  private training: Lessons | undefined;

  constructor(shape: Shape) {
    this.shape = shape;
    this.knots = geometricKnots(shape.horizon, KNOT_RATIO);
    this.table = interpolateKnots(this.knots, shape.horizon);
    this.dayProfile = new Float16Array(shape.day);
    this.weekProfile = new Float16Array(shape.week);
    this.halfSmooth = Math.max(1, Math.round(shape.day / 96));
    const span = (share: number): number => Math.max(1, Math.round(shape.day * share));
    const spans = [...new Set([1, 2, 3, span(1 / 24), span(1 / 6), span(1 / 2), shape.day])];
    this.dayRates = Float64Array.from(shape.week > 0 ? [...spans, shape.week] : spans, rateOfSpan);
    this.weekRates = Float64Array.from(shape.week > 0 ? [1, span(1 / 24), shape.day] : [], rateOfSpan);
    this.dayDrifts = new Float64Array(this.dayRates.length);
    this.weekDrifts = new Float64Array(this.weekRates.length);
    this.width = 3 + this.dayRates.length + (shape.week > 0 ? 2 + this.weekRates.length : 0);
    this.features = new Float64Array(this.width);
    this.constants = new Float64Array(this.knots.length);
    this.training = new Lessons(shape, this.knots, this.width);
  }

  observe(window: RowWindow): void {
    const row = window.count - 1;
    this.updateProfiles(row, window.ago(1));
    const training = this.training;
    if (training?.wants(row + 1)) {
      for (const [index, knot] of this.knots.entries()) {
        const base = this.fillFeatures(window, knot);
        training.add(index, row + 1, base, this.features);
      }
    }
  }

  solve(rows: TrainingRows, end: number): void {
    const training = this.training;
    if (training === undefined) throw new Error("a restored profile correction cannot be solved again");
    this.coefficients = training.solve(this.knots, rows, end).map((row) => Float32Array.from(row));
    if (end === this.shape.rows) this.training = undefined;
  }

  forecastAt(window: RowWindow, horizons: readonly number[], out: Float64Array): void {
    const { table, coefficients, constants } = this;
    const { day, week } = this.shape;
    const weekly = 3 + this.dayDrifts.length;
    for (let knot = 0; knot < constants.length; knot++) constants[knot] = this.constantOf(coefficients[knot]!);
    for (let i = 0; i < horizons.length; i++) {
      const k = horizons[i]!;
      const place = Math.min(k, table.lower.length) - 1;
      const share = table.share[place]!;
      const lower = table.lower[place]!;
      const upper = Math.min(lower + 1, coefficients.length - 1);
      const near = coefficients[lower]!;
      const far = coefficients[upper]!;
      const target = window.count + k - 1;
      const base = this.dayProfile[target % day]!;
      const dayAgo = day - ((k - 1) % day);
      let sum = base + constants[lower]! + share * (constants[upper]! - constants[lower]!);
      sum += (near[1]! + share * (far[1]! - near[1]!)) * (window.ago(dayAgo) - base);
      sum += (near[2]! + share * (far[2]! - near[2]!)) * (smoothed(window, dayAgo, this.halfSmooth) - base);
      if (week > 0) {
        sum += (near[weekly]! + share * (far[weekly]! - near[weekly]!)) * (this.weekProfile[target % week]! - base);
        sum += (near[weekly + 1]! + share * (far[weekly + 1]! - near[weekly + 1]!)) * (window.ago(week - ((k - 1) % week)) - base);
      }
      out[i] = sum;
    }
  }

  /** The constant and the drifts, which are the same at all horizons, times a knot's coefficients. */
  private constantOf(coefficients: Float32Array): number {
    let sum = coefficients[0]!;
    for (let j = 0; j < this.dayDrifts.length; j++) sum += coefficients[3 + j]! * this.dayDrifts[j]!;
    const from = 5 + this.dayDrifts.length;
    for (let j = 0; j < this.weekDrifts.length; j++) sum += coefficients[from + j]! * this.weekDrifts[j]!;
    return sum;
  }

  moveLevel(_window: RowWindow, slope: number, offset: number): void {
    for (const profile of [this.dayProfile, this.weekProfile]) for (let slot = 0; slot < profile.length; slot++) profile[slot] = slope * profile[slot]! + offset;
    for (const coefficients of this.coefficients) coefficients[0] = slope * coefficients[0]!;
    this.dayDrifts.fill(0);
    this.weekDrifts.fill(0);
  }

  save(): SavedProfileCorrection {
    return {
      dayProfile: encodeHalves(this.dayProfile),
      weekProfile: encodeHalves(this.weekProfile),
      dayDrifts: [...this.dayDrifts],
      weekDrifts: [...this.weekDrifts],
      coefficients: this.coefficients.map(encodeFloats),
    };
  }

  static restore(shape: Shape, saved: SavedProfileCorrection): ProfileCorrection {
    const member = new ProfileCorrection(shape);
    member.training = undefined;
    member.dayProfile.set(decodeHalves(saved.dayProfile));
    member.weekProfile.set(decodeHalves(saved.weekProfile));
    member.dayDrifts.set(saved.dayDrifts);
    member.weekDrifts.set(saved.weekDrifts);
    member.coefficients = saved.coefficients.map(decodeFloats);
    return member;
  }

  private updateProfiles(row: number, value: number): void {
    const { day, week } = this.shape;
    const daySlot = row % day;
    const seenDays = Math.floor(row / day);
    if (seenDays === 0) this.dayProfile[daySlot] = value;
    const dayValue = this.dayProfile[daySlot]!;
    drift(this.dayDrifts, this.dayRates, value - dayValue);
    this.dayProfile[daySlot] = dayValue + Math.max(DAY_GAIN, 1 / (seenDays + 1)) * (value - dayValue);
    if (week === 0) return;
    const weekSlot = row % week;
    const seenWeeks = Math.floor(row / week);
    if (seenWeeks === 0) this.weekProfile[weekSlot] = dayValue;
    const weekValue = this.weekProfile[weekSlot]!;
    drift(this.weekDrifts, this.weekRates, value - weekValue);
    this.weekProfile[weekSlot] = weekValue + Math.max(WEEK_GAIN, 1 / (seenWeeks + 2)) * (value - weekValue);
  }

  /** Fills `features` for `k` rows after the newest; returns the day profile there, which the features are relative to. */
  private fillFeatures(window: RowWindow, k: number): number {
    const { day, week } = this.shape;
    const x = this.features;
    const target = window.count + k - 1;
    const base = this.dayProfile[target % day]!;
    const dayAgo = day - ((k - 1) % day);
    let j = 0;
    x[j++] = 1;
    x[j++] = window.ago(dayAgo) - base;
    x[j++] = smoothed(window, dayAgo, this.halfSmooth) - base;
    for (const value of this.dayDrifts) x[j++] = value;
    if (week > 0) {
      x[j++] = this.weekProfile[target % week]! - base;
      x[j++] = window.ago(week - ((k - 1) % week)) - base;
      for (const value of this.weekDrifts) x[j++] = value;
    }
    return base;
  }
}

/** The regression rows of each knot while the member trains: one at every so many origins, so that long histories stay cheap. */
class Lessons {
  /** The origins to learn from, in rows seen. */
  private readonly wanted: Int32Array;
  private readonly width: number;
  private readonly halfLife: number;
  private readonly day: number;
  private readonly origins: number[] = [];
  private readonly features: Float64Array[];
  private readonly bases: Float64Array[];
  private penalty: number | undefined;

  constructor(shape: Shape, knots: readonly number[], width: number) {
    const { rows, day, week } = shape;
    this.wanted = spreadRows(Math.min(week > 0 ? week + day : 2 * day, Math.floor(rows / 2)), rows, MAX_TRAINING_ORIGINS);
    this.width = width;
    this.day = day;
    this.halfLife = HALF_LIFE_SEASONS * (week > 0 ? week : 7 * day);
    const count = this.wanted.length;
    this.features = knots.map(() => new Float64Array(count * width));
    this.bases = knots.map(() => new Float64Array(count));
  }

  wants(origin: number): boolean {
    return origin === this.wanted[this.origins.length];
  }

  add(knotIndex: number, origin: number, base: number, features: Float64Array): void {
    if (knotIndex === 0) this.origins.push(origin);
    const row = this.origins.length - 1;
    this.features[knotIndex]!.set(features, row * this.width);
    this.bases[knotIndex]![row] = base;
  }

  /** Coefficients of all knots. The first call chooses the penalty, a later one keeps it. */
  solve(knots: readonly number[], rows: TrainingRows, end: number): Float64Array[] {
    const lessons = knots.map((knot, index) => this.lessonsOf(index, knot, rows, end));
    this.penalty ??= bestPenalty(lessons.map((lesson, index) => heldBackErrors(lesson, this.growth(knots[index]!))));
    const penalty = this.penalty;
    return lessons.map((lesson, index) => {
      const growth = this.growth(knots[index]!);
      const equations = robustNormal(lesson, { penalty: PENALTIES[1]! * growth, robustRounds: ROBUST_ROUNDS });
      return solveNormal(equations, penalty * growth);
    });
  }

  /** Penalties grow with the horizon, since the features tell less of what is farther. */
  private growth(knot: number): number {
    return 0.3 + knot / this.day;
  }

  private lessonsOf(knotIndex: number, knot: number, { values, known }: TrainingRows, end: number): RegressionRows {
    const bases = this.bases[knotIndex]!;
    let count = 0;
    while (count < this.origins.length && this.origins[count]! + knot <= end) count++;
    const targets = new Float64Array(count);
    const weights = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      const origin = this.origins[i]!;
      const target = origin + knot - 1;
      weights[i] = known[target]! * 0.5 ** ((end - origin) / this.halfLife);
      targets[i] = values[target]! - bases[i]!;
    }
    return { features: this.features[knotIndex]!, targets, weights, count, width: this.width };
  }
}

/** The error of each penalty on the newest lessons, by a fit on the others. */
function heldBackErrors(lessons: RegressionRows, growth: number): number[] {
  const split = Math.floor(lessons.count * (1 - HELD_BACK));
  const equations = robustNormal({ ...lessons, count: split }, { penalty: PENALTIES[1]! * growth, robustRounds: 0 });
  return PENALTIES.map((penalty) => meanAbsoluteError(lessons, solveNormal(equations, penalty * growth), split));
}

/** The penalty with the least error over all knots, each relative to the middle penalty's. */
function bestPenalty(errors: readonly (readonly number[])[]): number {
  const totals = PENALTIES.map((_, choice) => errors.reduce((sum, row) => sum + row[choice]! / (row[1]! || 1), 0));
  return PENALTIES[totals.indexOf(Math.min(...totals))]!;
}

function rateOfSpan(span: number): number {
  return 2 / (span + 1);
}

function drift(drifts: Float64Array, rates: Float64Array, deviation: number): void {
  for (let i = 0; i < drifts.length; i++) drifts[i] = drifts[i]! + rates[i]! * (deviation - drifts[i]!);
}

/** Mean of the known rows around the one `rows` ago. */
function smoothed(window: RowWindow, rows: number, half: number): number {
  const newest = Math.max(1, rows - half);
  return window.sum(newest, rows + half) / (rows + half - newest + 1);
}
