import { POINT, POINT_STRIDE, shapeLength, type BatchBlock, type PointBatch } from "../series/point-batch.ts";
import { KIND, NO_RECORDED_VALUE, TEMPORALITY } from "../series/point-kinds.ts";
import { STATE, STATE_STRIDE } from "../series/series-state.ts";
import type { SeriesTable } from "../series/series-table.ts";
import type { SeriesSink } from "../series/series-watcher.ts";
import { explicitAbove, exponentialAbove } from "./distribution.ts";
import type { MetricSignal } from "./metric-signal.ts";
import { scaledExplicit, scaledExponential } from "./scaled-shape.ts";
import { SampleRing } from "./sample-ring.ts";
import { weighCumulative, weighDelta, type Window, type WindowWeights } from "./window-weights.ts";

/** A gauge that has been silent for more intervals than this is gone: two exports are missing. */
const GONE_INTERVALS = 2.5;

/** One series as one signal sees it: its recent samples, reduced to what the signal's extract needs. */
export class SeriesTrack implements SeriesSink {
  readonly watcher: MetricSignal;
  readonly series: number;
  readonly ring = new SampleRing();
  readonly #table: SeriesTable;
  readonly #exponential: boolean;
  readonly #unit: string;
  /** By what its values are multiplied; undefined before the first point, and where its unit is not the signal's. */
  #scale: number | undefined;
  #delta = false;
  #awake = true;
  /** Time of the NO_RECORDED_VALUE that ended it, or 0. */
  endedSeconds = 0;

  constructor(watcher: MetricSignal, series: number, table: SeriesTable) {
    this.watcher = watcher;
    watcher.seriesCount++;
    this.series = series;
    this.#table = table;
    const metric = table.metricOf(series);
    this.#exponential = metric.kind === KIND.exponentialHistogram;
    this.#unit = metric.unit;
    this.ring.exponential = this.#exponential;
  }

  /** Whether it counts among the signal's series: from its beginning until it is let go, and again when it wakes. */
  get dormant(): boolean {
    return !this.#awake;
  }

  /** Observed export interval; 0 after one point. */
  get intervalSeconds(): number {
    return this.#table.state[this.series * STATE_STRIDE + STATE.interval] as number;
  }

  /** Time of the newest sample, or of the end that was told after it. */
  get newestSeconds(): number {
    return Math.max(this.ring.newestSeconds, this.endedSeconds);
  }

  get conflictUntilSeconds(): number {
    return this.#table.state[this.series * STATE_STRIDE + STATE.conflictUntil] as number;
  }

  /** Let go of all samples. */
  sleep(): void {
    if (this.#awake) this.watcher.seriesCount--;
    this.#awake = false;
    this.ring.clear();
  }

  push(batch: PointBatch, index: number, block: BatchBlock): void {
    const at = index * POINT_STRIDE;
    const time = batch.numbers[at + POINT.time] as number;
    if (((batch.flags[index] as number) & NO_RECORDED_VALUE) !== 0) {
      this.endedSeconds = time;
      return;
    }
    if (time >= this.endedSeconds) this.endedSeconds = 0;
    if (!this.watcher.accepts(block)) return;
    const scale = (this.#scale ??= this.watcher.scaleFrom(this.#unit, block));
    if (scale === undefined) {
      this.watcher.refuseUnit(this.#unit, time);
      return;
    }
    const delta = block.temporality === TEMPORALITY.delta && block.kind !== KIND.gauge && block.monotonic;
    if (delta !== this.#delta) this.ring.clear();
    this.#delta = delta;
    if (!this.#awake) this.watcher.seriesCount++;
    this.#awake = true;
    const isNumber = block.kind === KIND.sum || block.kind === KIND.gauge;
    const sample = {
      time,
      start: batch.numbers[at] as number,
      total: (batch.numbers[at + (isNumber ? POINT.value : POINT.count)] as number) * (isNumber ? scale : 1),
      other: this.#other(batch, index, scale),
      shape: this.watcher.spec.extract === "quantile" ? this.#shape(batch, index, scale) : undefined,
    };
    this.ring.add(sample, Math.max(time, this.ring.newestSeconds) - this.watcher.retentionSeconds - 2 * this.intervalSeconds);
  }

  /** How the samples make up a window. Overwritten by the next call on any track. */
  weigh(fromSeconds: number, toSeconds: number): WindowWeights {
    const window: Window = { fromSeconds, toSeconds, intervalSeconds: this.intervalSeconds, ended: this.endedSeconds > 0 };
    return this.#delta ? weighDelta(this.ring, window) : weighCumulative(this.ring, window);
  }

  /** The last value at or before a time, where it is not older than the spec allows and the series has not missed two exports. */
  valueAt(timeSeconds: number): number | undefined {
    const { times, totals, first, length } = this.ring;
    let at = first + length - 1;
    while (at >= first && (times[at] as number) > timeSeconds) at--;
    if (at < first || (this.endedSeconds > 0 && this.endedSeconds <= timeSeconds)) return undefined;
    const { staleAfterSeconds } = this.watcher.spec;
    const limit = this.intervalSeconds > 0 ? Math.min(staleAfterSeconds, GONE_INTERVALS * this.intervalSeconds) : staleAfterSeconds;
    return timeSeconds - (times[at] as number) <= limit ? (totals[at]) : undefined;
  }

  samplesBetween(fromSeconds: number, toSeconds: number): number {
    const { times, first, length } = this.ring;
    let count = 0;
    for (let at = first; at < first + length; at++) if ((times[at] as number) > fromSeconds && (times[at] as number) <= toSeconds) count++;
    return count;
  }

  #other(batch: PointBatch, index: number, scale: number): number {
    const { extract } = this.watcher.spec;
    if (extract === "mean") return (batch.numbers[index * POINT_STRIDE + POINT.value] as number) * scale;
    if (extract !== "share-above") return 0;
    const offset = batch.shapeOffsets[index] as number;
    if (offset < 0) return batch.numbers[index * POINT_STRIDE + POINT.count] === 0 ? 0 : Number.NaN;
    if (this.#exponential) return exponentialAbove(batch.shapes, offset, this.watcher.threshold / scale);
    const bounds = this.#table.bounds[batch.shapes[offset] as number] ?? new Float64Array(0);
    return explicitAbove({ shapes: batch.shapes, offset, bounds }, this.watcher.threshold / scale);
  }

  #shape(batch: PointBatch, index: number, scale: number): Float64Array | undefined {
    const offset = batch.shapeOffsets[index] as number;
    if (offset < 0) return undefined;
    const shape = batch.shapes.slice(offset, offset + shapeLength(this.#exponential, batch.shapes, offset));
    if (scale === 1) return shape;
    return this.#exponential ? scaledExponential(shape, scale) : scaledExplicit(shape, scale, this.#table);
  }
}
