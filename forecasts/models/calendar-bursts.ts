import { decodeFloats, encodeFloats } from "../numeric/encoding.ts";
import { geometricKnots, interpolateKnots, type KnotTable } from "../numeric/horizon-knots.ts";
import { solveRidge } from "../numeric/ridge.ts";
import type { RowWindow } from "../numeric/row-window.ts";
import { spreadRows } from "../numeric/spread-rows.ts";
import { findBurstGrid, phaseEffects } from "./burst-grid.ts";
import type { Member, MemberKind, Shape, TrainingRows } from "./member.ts";

const KNOT_RATIO = 4;
const PENALTY = 3e-3;
const MAX_TRAINING_ROWS = 600;
const MEAN_SPANS = [1, 3, 12];
const WIDTH = 2 + MEAN_SPANS.length + 1;

/**
 * Bursts on a calendar grid: jobs that start every so many minutes of the wall clock. What each phase of the grid adds is taken out
 * of the rows, their level is forecast by direct ridge regression on the newest rows and on yesterday's, and the phase is put back.
 * Declines a series in which no grid is found.
 */
export const CALENDAR_BURSTS: MemberKind = {
  id: "calendar-bursts",
  minimumRows: () => 48,
  suits: (shape, rows, end) => findBurstGrid(shape, rows, end) !== undefined,
  create: (shape) => new CalendarBursts(shape),
  restore: (shape, saved) => CalendarBursts.restore(shape, saved as SavedCalendarBursts),
};

interface SavedCalendarBursts {
  readonly effects: string;
  readonly coefficients: readonly string[];
}

class CalendarBursts implements Member {
  private readonly shape: Shape;
  private readonly knots: readonly number[];
  private readonly table: KnotTable;
  private readonly halfSmooth: number;
  private readonly features = new Float64Array(WIDTH);
  private effects: Float32Array = new Float32Array(1);
  private coefficients: Float32Array[] = [];

  constructor(shape: Shape) {
    this.shape = shape;
    this.knots = geometricKnots(shape.horizon, KNOT_RATIO);
    this.table = interpolateKnots(this.knots, shape.horizon);
    this.halfSmooth = Math.max(1, Math.round(shape.day / 96));
  }

  observe(): void {
    // The window holds all that is needed.
  }

  /** The grid is the first solution's: a later one learns its phases anew. */
  solve(rows: TrainingRows, end: number): void {
    if (this.effects.length === 1) this.effects = new Float32Array(findBurstGrid(this.shape, rows, end) ?? 1);
    this.effects = Float32Array.from(phaseEffects(this.shape, rows, end, this.effects.length));
    const first = Math.max(MEAN_SPANS.at(-1)!, this.shape.day > 1 ? this.shape.day + this.halfSmooth : 0);
    this.coefficients = this.knots.map((knot) => {
      const origins = spreadRows(first, end - knot + 1, MAX_TRAINING_ROWS);
      const features = new Float64Array(origins.length * WIDTH);
      const targets = new Float64Array(origins.length);
      const weights = new Float64Array(origins.length);
      for (const [i, origin] of origins.entries()) {
        const ago = (back: number): number => rows.values[origin - back]!;
        this.fillOriginFeatures(ago, origin);
        this.fillTargetFeature(ago, origin, knot);
        features.set(this.features, i * WIDTH);
        targets[i] = rows.values[origin + knot - 1]! - this.effectAt(origin + knot - 1);
        weights[i] = rows.known[origin + knot - 1]!;
      }
      const solved = solveRidge({ features, targets, weights, count: origins.length, width: WIDTH }, { penalty: PENALTY, robustRounds: 2 });
      return Float32Array.from(solved);
    });
  }

  forecastAt(window: RowWindow, horizons: readonly number[], out: Float64Array): void {
    const ago = (back: number): number => window.ago(back);
    const { lower, share } = this.table;
    this.fillOriginFeatures(ago, window.count);
    for (let i = 0; i < horizons.length; i++) {
      const k = horizons[i]!;
      this.fillTargetFeature(ago, window.count, k);
      const place = Math.min(k, lower.length) - 1;
      const near = this.coefficients[lower[place]!]!;
      const far = this.coefficients[Math.min(lower[place]! + 1, this.coefficients.length - 1)]!;
      let sum = this.effectAt(window.count + k - 1);
      for (let j = 0; j < WIDTH; j++) sum += (near[j]! + share[place]! * (far[j]! - near[j]!)) * this.features[j]!;
      out[i] = sum;
    }
  }

  /** The bursts scale as the level does, since the window's rows have been scaled with them. */
  moveLevel(_window: RowWindow, slope: number, offset: number): void {
    this.effects = this.effects.map((effect) => slope * effect);
    for (const row of this.coefficients) row[0] = slope * row[0]! + offset * (1 - row.subarray(1).reduce((sum, value) => sum + value, 0));
  }

  save(): SavedCalendarBursts {
    return { effects: encodeFloats(this.effects), coefficients: this.coefficients.map(encodeFloats) };
  }

  static restore(shape: Shape, saved: SavedCalendarBursts): CalendarBursts {
    const member = new CalendarBursts(shape);
    member.effects = decodeFloats(saved.effects);
    member.coefficients = saved.coefficients.map(decodeFloats);
    return member;
  }

  private effectAt(row: number): number {
    return this.effects[row % this.effects.length]!;
  }

  /** Means of the newest rows and of yesterday's around the origin, without their phase; `ago(1)` is the newest of `count`. */
  private fillOriginFeatures(ago: (back: number) => number, count: number): void {
    const { day } = this.shape;
    this.features[0] = 1;
    MEAN_SPANS.forEach((span, j) => (this.features[1 + j] = this.plainMean(ago, count, 1, Math.min(span, count))));
    this.features[WIDTH - 2] = day > 1 ? this.plainMean(ago, count, day - this.halfSmooth, day + this.halfSmooth) : 0;
  }

  /** Yesterday's mean around the target. */
  private fillTargetFeature(ago: (back: number) => number, count: number, k: number): void {
    const { day } = this.shape;
    const dayAgo = day - ((k - 1) % day);
    this.features[WIDTH - 1] = day > 1 ? this.plainMean(ago, count, Math.max(1, dayAgo - this.halfSmooth), dayAgo + this.halfSmooth) : 0;
  }

  private plainMean(ago: (back: number) => number, count: number, from: number, to: number): number {
    let sum = 0;
    for (let back = from; back <= to; back++) sum += ago(back) - this.effectAt(count - back);
    return sum / (to - from + 1);
  }
}
