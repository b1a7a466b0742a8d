import { decodeFloats, encodeFloats } from "../numeric/encoding.ts";
import { minimizeSimplex } from "../numeric/nelder-mead.ts";
import type { RowWindow } from "../numeric/row-window.ts";
import type { Member, MemberKind, Shape, TrainingRows } from "./member.ts";

/** Rows that tell the level after a shift. */
const LEVEL_ROWS = 6;
const MAX_EVALUATIONS = 70;
/** The second fit starts from the first one's gains. */
const REFIT_EVALUATIONS = 40;
/** Rows of the loss: longer histories are fitted on their newest part, whose filter starts from the means of what stands before. */
const MAX_LOSS_ROWS = 4032;

/**
 * Exponential smoothing with a level, a day's and a week's additive cycle and an AR(1) residual (Taylor 2010, "Triple
 * seasonal methods", eq. 1–4 without the year), fitted on the mean absolute error at four horizons instead of at one.
 */
export const DOUBLE_SEASONAL_SMOOTHING: MemberKind = {
  id: "double-seasonal-smoothing",
  minimumRows: (shape) => (shape.day > 1 ? 2 * shape.day : 8),
  create: (shape) => new DoubleSeasonalSmoothing(shape),
  restore: (shape, saved) => DoubleSeasonalSmoothing.restore(shape, saved as SavedSmoothing),
};

/** Gains of level, day and week, and the residual's autocorrelation. */
interface Gains {
  readonly level: number;
  readonly day: number;
  readonly week: number;
  readonly memory: number;
}

interface SavedSmoothing {
  readonly gains: Gains;
  readonly level: number;
  readonly error: number;
  readonly dayCycle: string;
  readonly weekCycle: string;
}

interface Start {
  readonly level: number;
  readonly dayCycle: Float32Array;
  readonly weekCycle: Float32Array;
  readonly from: number;
}

class DoubleSeasonalSmoothing implements Member {
  private readonly shape: Shape;
  private dayCycle: Float32Array;
  private weekCycle: Float32Array;
  private level = 0;
  private error = 0;
  private gains: Gains | undefined;

  constructor(shape: Shape) {
    this.shape = shape;
    this.dayCycle = new Float32Array(shape.day);
    this.weekCycle = new Float32Array(shape.week);
  }

  observe(window: RowWindow): void {
    if (this.gains !== undefined) this.update(window.count - 1, window.ago(1), this.gains);
  }

  solve({ values }: TrainingRows, end: number): void {
    const start = startingPoint(values, end, this.shape);
    this.gains = fitGains(values, end, start, this.shape, this.gains);
    this.level = start.level;
    this.error = 0;
    this.dayCycle = start.dayCycle.slice();
    this.weekCycle = start.weekCycle.slice();
    for (let row = start.from; row < end; row++) this.update(row, values[row]!, this.gains);
  }

  forecastAt(window: RowWindow, horizons: readonly number[], out: Float64Array): void {
    const { day, week } = this.shape;
    const memory = this.gains?.memory ?? 0;
    let error = this.error;
    let reached = 0;
    for (let i = 0; i < horizons.length; i++) {
      const k = horizons[i]!;
      const row = window.count + k - 1;
      const seasonal = this.dayCycle[row % day]! + (week > 0 ? this.weekCycle[row % week]! : 0);
      error *= k - reached === 1 ? memory : memory ** (k - reached);
      reached = k;
      out[i] = this.level + seasonal + error;
    }
  }

  /** The level had begun to follow by itself, so it is read off the newest rows. */
  moveLevel(window: RowWindow, slope: number): void {
    const { day, week } = this.shape;
    for (const cycle of [this.dayCycle, this.weekCycle]) for (let slot = 0; slot < cycle.length; slot++) cycle[slot] = slope * cycle[slot]!;
    let sum = 0;
    for (let back = 1; back <= LEVEL_ROWS; back++) {
      const row = window.count - back;
      sum += window.ago(back) - this.dayCycle[row % day]! - (week > 0 ? this.weekCycle[row % week]! : 0);
    }
    this.level = sum / LEVEL_ROWS;
    this.error = 0;
  }

  save(): SavedSmoothing {
    if (this.gains === undefined) throw new Error("a smoothing model is saved after it was solved");
    return {
      gains: this.gains,
      level: this.level,
      error: this.error,
      dayCycle: encodeFloats(this.dayCycle),
      weekCycle: encodeFloats(this.weekCycle),
    };
  }

  static restore(shape: Shape, saved: SavedSmoothing): DoubleSeasonalSmoothing {
    const member = new DoubleSeasonalSmoothing(shape);
    member.gains = saved.gains;
    member.level = saved.level;
    member.error = saved.error;
    member.dayCycle = decodeFloats(saved.dayCycle);
    member.weekCycle = decodeFloats(saved.weekCycle);
    return member;
  }

  private update(row: number, value: number, gains: Gains): void {
    const { day, week } = this.shape;
    const daySlot = row % day;
    const weekSlot = week > 0 ? row % week : 0;
    const seasonal = this.dayCycle[daySlot]! + (week > 0 ? this.weekCycle[weekSlot]! : 0);
    const deviation = value - this.level - seasonal;
    const surprise = deviation - gains.memory * this.error;
    this.level += gains.level * surprise;
    this.dayCycle[daySlot] = this.dayCycle[daySlot]! + gains.day * surprise;
    if (week > 0) this.weekCycle[weekSlot] = this.weekCycle[weekSlot]! + gains.week * surprise;
    this.error = deviation;
  }
}

/** Level and cycles as plain means over the first whole seasons. The week takes 0.7 of what the day leaves, to shrink its noise. */
function startingPoint(values: Float64Array, end: number, shape: Shape): Start {
  const { day, week } = shape;
  const unit = week > 0 ? week : day;
  const from = Math.max(0, Math.floor((end - MAX_LOSS_ROWS) / unit) * unit);
  const wanted = Math.min(week > 0 ? 2 * week : 5 * day, (end - from) * 0.6);
  const rows = Math.min(end - from, Math.max(unit, Math.floor(wanted / unit) * unit));
  let level = 0;
  for (let row = from; row < from + rows; row++) level += values[row]! / rows;
  const dayCycle = slotMeans(day, from, rows, (row) => values[row]! - level, 1);
  const weekCycle = week > 0 ? slotMeans(week, from, rows, (row) => values[row]! - level - dayCycle[row % day]!, 0.7) : new Float32Array(0);
  return { level, dayCycle, weekCycle, from };
}

function slotMeans(season: number, from: number, rows: number, valueOf: (row: number) => number, shrink: number): Float32Array {
  const sums = new Float64Array(season);
  const counts = new Float64Array(season);
  for (let row = from; row < from + rows; row++) {
    sums[row % season] = sums[row % season]! + valueOf(row);
    counts[row % season] = counts[row % season]! + 1;
  }
  return Float32Array.from(sums, (sum, slot) => (shrink * sum) / Math.max(1, counts[slot]!));
}

function fitGains(values: Float64Array, end: number, start: Start, shape: Shape, earlier: Gains | undefined): Gains {
  const { horizon, week } = shape;
  const horizons = [...new Set([1, Math.max(1, Math.round(horizon / 24)), Math.max(1, Math.round(horizon / 4)), horizon])];
  const gainsOf = (x: Float64Array): Gains => ({
    level: 0.9 * sigmoid(x[0]!),
    day: 0.9 * sigmoid(x[1]!),
    week: week > 0 ? 0.9 * sigmoid(x[2]!) : 0,
    memory: 0.995 * sigmoid(x[3]!),
  });
  const losses = new SmoothingLoss(values, end, start, shape, horizons);
  const reference = losses.byHorizon({ level: 0.05, day: 0.1, week: week > 0 ? 0.1 : 0, memory: 0.7 });
  const lossOf = (x: Float64Array): number => {
    const byHorizon = losses.byHorizon(gainsOf(x));
    let sum = 0;
    for (const [index, loss] of byHorizon.entries()) sum += loss / (reference[index]! || 1);
    return sum;
  };
  if (earlier !== undefined) return gainsOf(minimizeSimplex(lossOf, inverse(earlier), { maxEvaluations: REFIT_EVALUATIONS, edge: 0.5 }));
  const slow = [-3.5, -1.8, -1.8, 1.5];
  const fast = [-1, -2.5, -2.5, -1];
  const first = lossOf(Float64Array.from(slow)) <= lossOf(Float64Array.from(fast)) ? slow : fast;
  return gainsOf(minimizeSimplex(lossOf, first, { maxEvaluations: MAX_EVALUATIONS, edge: 0.7 }));
}

/** Mean absolute errors of the filter at some horizons, over the rows after its burn-in. */
class SmoothingLoss {
  private readonly values: Float64Array;
  private readonly end: number;
  private readonly start: Start;
  private readonly shape: Shape;
  private readonly horizons: readonly number[];
  private readonly burnIn: number;
  private readonly dayCycle: Float64Array;
  private readonly weekCycle: Float64Array;

  constructor(values: Float64Array, end: number, start: Start, shape: Shape, horizons: readonly number[]) {
    this.values = values;
    this.end = end;
    this.start = start;
    this.shape = shape;
    this.horizons = horizons;
    this.burnIn = start.from + Math.floor((end - start.from) / 2);
    this.dayCycle = new Float64Array(shape.day);
    this.weekCycle = new Float64Array(Math.max(1, shape.week));
  }

  byHorizon(gains: Gains): Float64Array {
    const { values, end, horizons, dayCycle, weekCycle } = this;
    const { day } = this.shape;
    const week = Math.max(1, this.shape.week);
    dayCycle.set(this.start.dayCycle);
    weekCycle.fill(0);
    weekCycle.set(this.start.weekCycle);
    const sums = new Float64Array(horizons.length);
    const counts = new Float64Array(horizons.length);
    const memories = Float64Array.from(horizons, (horizon) => gains.memory ** horizon);
    const dayOffsets = Int32Array.from(horizons, (horizon) => (horizon - 1) % day);
    const weekOffsets = Int32Array.from(horizons, (horizon) => (horizon - 1) % week);
    const stride = Math.max(1, Math.floor((end - this.burnIn) / 1200));
    let level = this.start.level;
    let error = 0;
    let daySlot = this.start.from % day;
    let weekSlot = this.start.from % week;
    for (let row = this.start.from; row < end; row++) {
      if (row >= this.burnIn && row % stride === 0) {
        for (let j = 0; j < horizons.length; j++) {
          const target = row + horizons[j]! - 1;
          if (target >= end) continue;
          const dayAhead = daySlot + dayOffsets[j]!;
          const weekAhead = weekSlot + weekOffsets[j]!;
          const seasonal = dayCycle[dayAhead < day ? dayAhead : dayAhead - day]! + weekCycle[weekAhead < week ? weekAhead : weekAhead - week]!;
          const forecast = level + seasonal + memories[j]! * error;
          sums[j] = sums[j]! + Math.abs(values[target]! - forecast);
          counts[j] = counts[j]! + 1;
        }
      }
      const deviation = values[row]! - level - dayCycle[daySlot]! - weekCycle[weekSlot]!;
      const surprise = deviation - gains.memory * error;
      level += gains.level * surprise;
      dayCycle[daySlot] = dayCycle[daySlot]! + gains.day * surprise;
      weekCycle[weekSlot] = weekCycle[weekSlot]! + gains.week * surprise;
      error = deviation;
      if (++daySlot === day) daySlot = 0;
      if (++weekSlot === week) weekSlot = 0;
    }
    return sums.map((sum, j) => sum / Math.max(1, counts[j]!));
  }
}

function inverse({ level, day, week, memory }: Gains): number[] {
  return [logit(level / 0.9), logit(day / 0.9), logit(week / 0.9), logit(memory / 0.995)];
}

function logit(share: number): number {
  const inside = Math.min(1 - 1e-6, Math.max(1e-6, share));
  return Math.log(inside / (1 - inside));
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
