import { BAD_SHAPE, NO_SHAPE, POINT, POINT_STRIDE, shapeLength, type BatchBlock, type PointBatch } from "./point-batch.ts";
import { KIND, NO_RECORDED_VALUE, TEMPORALITY, type PointRejection } from "./point-kinds.ts";
import type { OtlpCounters } from "../otlp/otlp-counters.ts";
import { STATE, STATE_STRIDE } from "./series-state.ts";
import type { SeriesTable } from "./series-table.ts";

/** How far a point's time may be from the receiver's clock. */
export interface TimeLimits {
  /** Sender clocks may run ahead by this much. */
  readonly futureSeconds: number;
  /** Older points describe no present. */
  readonly pastSeconds: number;
}

export const DEFAULT_TIME_LIMITS: TimeLimits = { futureSeconds: 60, pastSeconds: 3600 };
/** Points may arrive out of order within so many export intervals. */
export const REORDER_INTERVALS = 2;
/** Taken for the interval of a series that has reported once. */
const UNKNOWN_INTERVAL_SECONDS = 60;
/** A delta point may begin so much before the last one ended: clocks are read twice by some exporters. */
const OVERLAP_TOLERANCE_SECONDS = 0.001;
/** Two falls of a counter within so many intervals, with one start time, are two writers and not two restarts. */
const CONFLICT_INTERVALS = 10;
/** Weight of the newest interval in the observed export interval. */
const INTERVAL_WEIGHT = 0.25;
/** A silence counts as at most so many intervals in that average. */
const MAX_INTERVAL_GROWTH = 4;

export interface ApplySummary {
  readonly accepted: number;
  readonly rejected: ReadonlyMap<PointRejection, number>;
}

/**
 * Applies a whole request's points to the series: the rules of the OpenTelemetry data model for time, temporality, resets,
 * gaps, overlap, order and single writers (specification/metrics/data-model.md). A point that breaks a rule is left out and
 * counted by reason; the others count.
 */
export class SeriesUpdater {
  readonly #table: SeriesTable;
  readonly #counters: OtlpCounters;
  readonly #limits: TimeLimits;
  #rejected = new Map<PointRejection, number>();
  #nowSeconds = 0;

  constructor(table: SeriesTable, counters: OtlpCounters, limits: TimeLimits = DEFAULT_TIME_LIMITS) {
    this.#limits = limits;
    this.#table = table;
    this.#counters = counters;
  }

  /** Apply the batch at `nowSeconds`, the receiver's clock. */
  apply(batch: PointBatch, nowSeconds: number): ApplySummary {
    this.#rejected = new Map();
    this.#nowSeconds = nowSeconds;
    if (batch.unnamed > 0) this.#rejected.set("no-name", batch.unnamed);
    let accepted = 0;
    for (const block of batch.blocks) {
      if (block.kind === KIND.summary) this.#counters.summaries += block.to - block.from;
      for (let i = block.from; i < block.to; i++) {
        const rejection = this.#point(batch, i, block);
        if (rejection === undefined) accepted++;
        else this.#rejected.set(rejection, (this.#rejected.get(rejection) ?? 0) + 1);
      }
    }
    this.#counters.exemplars += batch.exemplars;
    this.#counters.pointsAccepted += accepted;
    for (const [reason, count] of this.#rejected) this.#counters.pointsRejected[reason] += count;
    return { accepted, rejected: this.#rejected };
  }

  #point(batch: PointBatch, index: number, block: BatchBlock): PointRejection | undefined {
    const series = batch.series[index] as number;
    if (series < 0) return "cardinality";
    const at = index * POINT_STRIDE;
    const time = batch.numbers[at + POINT.time] as number;
    if (!(time > 0)) return "no-time";
    if (time > this.#nowSeconds + this.#limits.futureSeconds) return "future";
    if (time < this.#nowSeconds - this.#limits.pastSeconds) return "past";
    if (((batch.flags[index] as number) & NO_RECORDED_VALUE) !== 0) {
      this.#end(batch, index, block);
      return undefined;
    }
    const invalid = checkValue(batch, index, block);
    if (invalid !== undefined) return invalid;
    const line = series * STATE_STRIDE;
    const state = this.#table.state;
    const last = state[line + STATE.time] as number;
    if (last > 0) {
      const refused = time > last ? this.#checkNewer(batch, index, block) : this.#older(batch, index, block);
      if (refused !== undefined) return refused;
      if (time <= last) return undefined;
    }
    state[line + STATE.arrival] = this.#nowSeconds;
    this.#store(batch, index, block);
    return undefined;
  }

  /** A point at or before the newest time: a duplicate, a late one within two intervals, or too late. */
  #older(batch: PointBatch, index: number, block: BatchBlock): PointRejection | undefined {
    const line = (batch.series[index] as number) * STATE_STRIDE;
    const at = index * POINT_STRIDE;
    const { state, sinks } = this.#table;
    const late = (state[line + STATE.time] as number) - (batch.numbers[at + POINT.time] as number);
    if (late === 0) {
      const same = state[line + STATE.count] === batch.numbers[at + POINT.count] && (Object.is(state[line + STATE.value], batch.numbers[at + POINT.value]) || isLevelDelta(block));
      if (same) this.#counters.duplicates++;
      else this.#counters.conflicts++;
      return same ? undefined : "writer-conflict";
    }
    const interval = (state[line + STATE.interval] as number) || UNKNOWN_INTERVAL_SECONDS;
    if (late > REORDER_INTERVALS * interval || isLevelDelta(block)) return "out-of-order";
    this.#counters.late++;
    for (const sink of sinks[batch.series[index] as number] ?? []) sink.push(batch, index, block);
    return undefined;
  }

  /** A newer point must not contradict the writer that the series has. */
  #checkNewer(batch: PointBatch, index: number, block: BatchBlock): PointRejection | undefined {
    const series = batch.series[index] as number;
    const line = series * STATE_STRIDE;
    const at = index * POINT_STRIDE;
    const table = this.#table;
    const state = table.state;
    const last = state[line + STATE.time] as number;
    const start = batch.numbers[at] as number;
    const interval = (state[line + STATE.interval] as number) || UNKNOWN_INTERVAL_SECONDS;
    const changed = table.temporality[series] !== block.temporality || (table.monotonic[series] === 1) !== block.monotonic;
    // A temporality or monotonicity that changes while the old one is alive is a second writer.
    if (changed && (batch.numbers[at + POINT.time] as number) - last < CONFLICT_INTERVALS * interval && start < last) return this.#conflict();
    if (block.temporality === TEMPORALITY.delta) return start > 0 && start < last - OVERLAP_TOLERANCE_SECONDS ? "overlap" : undefined;
    if (!block.monotonic || changed) return undefined;
    const known = state[line] as number;
    if (start > 0 && known > 0 && start < known) return this.#conflict();
    if (start > known && known > 0) this.#counters.resets++;
    else if (total(batch.numbers, at, block.kind) < (state[line + (block.kind === KIND.sum ? STATE.value : STATE.count)] as number)) this.#fall(line, batch.numbers[at + POINT.time] as number, interval);
    return undefined;
  }

  #conflict(): PointRejection {
    this.#counters.conflicts++;
    return "writer-conflict";
  }

  /** A counter fell and its start did not move: a restart by a sender that tells no start, or, when it repeats, two writers. */
  #fall(line: number, time: number, interval: number): void {
    const state = this.#table.state;
    const lastDrop = state[line + STATE.lastDrop] as number;
    this.#counters.resets++;
    if (lastDrop > 0 && time - lastDrop < CONFLICT_INTERVALS * interval) {
      state[line + STATE.conflictUntil] = time + CONFLICT_INTERVALS * interval;
      this.#counters.conflicts++;
    }
    state[line + STATE.lastDrop] = time;
  }

  #store(batch: PointBatch, index: number, block: BatchBlock): void {
    const series = batch.series[index] as number;
    const line = series * STATE_STRIDE;
    const at = index * POINT_STRIDE;
    const { state, temporality, monotonic, ended, sinks } = this.#table;
    const numbers = batch.numbers;
    const time = numbers[at + POINT.time] as number;
    const last = state[line + STATE.time] as number;
    if (last > 0) {
      const interval = state[line + STATE.interval] as number;
      const observed = interval > 0 ? Math.min(time - last, MAX_INTERVAL_GROWTH * interval) : time - last;
      state[line + STATE.interval] = interval > 0 ? interval + INTERVAL_WEIGHT * (observed - interval) : observed;
    }
    // A level that arrives in deltas is summed here, so that every reader sees the level.
    if (isLevelDelta(block)) numbers[at + POINT.value] = (numbers[at + POINT.value] as number) + (state[line + STATE.value] as number);
    state[line] = numbers[at] as number;
    state[line + STATE.time] = time;
    state[line + STATE.value] = numbers[at + POINT.value] as number;
    state[line + STATE.count] = numbers[at + POINT.count] as number;
    temporality[series] = block.temporality;
    monotonic[series] = block.monotonic ? 1 : 0;
    ended[series] = 0;
    if (batch.shapeOffsets[index] !== NO_SHAPE) this.#storeShape(batch, index, block);
    const watching = sinks[series];
    if (watching !== undefined) for (const sink of watching) sink.push(batch, index, block);
  }

  #storeShape(batch: PointBatch, index: number, block: BatchBlock): void {
    const series = batch.series[index] as number;
    const offset = batch.shapeOffsets[index] as number;
    const from = batch.shapes;
    const length = shapeLength(block.kind === KIND.exponentialHistogram, from, offset);
    let shape = this.#table.shapes[series];
    if (shape?.length !== length) this.#table.shapes[series] = shape = new Float64Array(length);
    for (let i = 0; i < length; i++) shape[i] = from[offset + i] as number;
  }

  /** NO_RECORDED_VALUE: the series has ended, or lapsed, as the sender says. */
  #end(batch: PointBatch, index: number, block: BatchBlock): void {
    const series = batch.series[index] as number;
    const time = batch.numbers[index * POINT_STRIDE + POINT.time] as number;
    this.#counters.ended++;
    if (time >= (this.#table.state[series * STATE_STRIDE + STATE.time] as number)) {
      this.#table.ended[series] = 1;
      for (const sink of this.#table.sinks[series] ?? []) sink.push(batch, index, block);
    }
  }
}

/** A sum that may fall and arrives as changes (an up-down counter with delta temporality). */
function isLevelDelta(block: BatchBlock): boolean {
  return block.kind === KIND.sum && !block.monotonic && block.temporality === TEMPORALITY.delta;
}

function total(numbers: Float64Array, at: number, kind: number): number {
  return numbers[at + (kind === KIND.sum ? POINT.value : POINT.count)] as number;
}

function checkValue(batch: PointBatch, index: number, block: BatchBlock): PointRejection | undefined {
  const value = batch.numbers[index * POINT_STRIDE + POINT.value] as number;
  if (block.kind === KIND.gauge) return Number.isFinite(value) ? undefined : "not-a-number";
  if (block.temporality !== TEMPORALITY.delta && block.temporality !== TEMPORALITY.cumulative) return "temporality";
  if (block.kind === KIND.sum) {
    if (!Number.isFinite(value)) return "not-a-number";
    return block.monotonic && value < 0 ? "negative" : undefined;
  }
  if (batch.shapeOffsets[index] === BAD_SHAPE) return "inconsistent";
  // A histogram may leave its sum out (NaN here); what it states must be a number.
  return value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY ? "not-a-number" : undefined;
}
