import type { SignalSpec } from "../../../model/policy.ts";
import { plainUnit, unitFits, unitScale } from "../../../model/unit.ts";
import { matchesSelect, type Attributes } from "../series/attributes.ts";
import type { BatchBlock } from "../series/point-batch.ts";
import { KIND, kindName } from "../series/point-kinds.ts";
import type { MetricEntry, SeriesTable } from "../series/series-table.ts";
import type { SeriesWatcher } from "../series/series-watcher.ts";
import { SeriesTrack } from "./series-track.ts";

/** A metric that has not been heard of for so long is forgotten by the signals that read it. */
const FORGET_AFTER_SECONDS = 3600;

/** One name of a signal's metric: the series that carry it, each with its recent samples. */
export class MetricSignal implements SeriesWatcher {
  readonly spec: SignalSpec;
  readonly metric: string;
  readonly metricNames: readonly string[];
  /** Value of the spec = value of this metric × scale. */
  readonly scale: number;
  /** The spec's threshold in the unit of this metric. */
  readonly threshold: number;
  readonly tracks = new Map<number, SeriesTrack>();
  /** Tracks that are awake. */
  seriesCount = 0;
  /** Set where more series match than the limit allows: what is read would be less than what is there. */
  overflowLimit: number | undefined;
  retentionSeconds: number;
  /** Why series of this name cannot be read, or undefined: the newest such message. */
  refusal: string | undefined;
  /** The unit that is stated; where none is, values are in the first that was seen. */
  readonly #unit: string | undefined;
  /** The first unit that was seen, as it was written. */
  #seenUnit: string | undefined;
  /** The last report in a unit of another dimension than the first. */
  #otherUnit: { readonly unit: string; readonly timeSeconds: number } | undefined;

  constructor(spec: SignalSpec, name: { readonly metric: string; readonly unit: string | undefined; readonly scale: number }) {
    this.spec = spec;
    this.metric = name.metric;
    this.metricNames = [name.metric];
    this.scale = name.scale;
    this.threshold = (spec.threshold ?? 0) / name.scale;
    this.#unit = name.unit;
    this.retentionSeconds = spec.windowSeconds;
  }

  wants(metric: MetricEntry, point: Attributes, resource: Attributes): boolean {
    return unitFits(metric.unit, this.#unit) && matchesSelect(this.spec.select, point, resource);
  }

  attach(series: number, table: SeriesTable): SeriesTrack | undefined {
    const metric = table.metricOf(series);
    if (!matchesSelect(this.spec.select, table.attributesOf(series), table.resourceOf(series))) return undefined;
    if (!unitFits(metric.unit, this.#unit)) {
      this.refusal = `${this.metric} is reported in ${unitText(metric.unit)}, but the policy reads it in ${unitText(this.#unit ?? "")}`;
      return undefined;
    }
    const track = new SeriesTrack(this, series, table);
    this.tracks.set(series, track);
    return track;
  }

  overflow(limit: number): void {
    this.overflowLimit = limit;
  }

  detach(series: number): void {
    this.tracks.get(series)?.sleep();
    this.tracks.delete(series);
  }

  /** Whether the extract can be taken from points of this kind; where not, `refusal` says what would fit. */
  accepts(block: BatchBlock): boolean {
    const hint = mismatch(this.spec.extract, block);
    if (hint === undefined) return true;
    this.refusal = `extract: ${this.spec.extract} cannot be taken from ${this.metric}, ${article(block)}: ${hint}`;
    return false;
  }

  /**
   * By what values of a series in this unit are multiplied: to the first unit that was seen, where none is stated. Undefined where
   * the two are of other dimensions. A count of observations has no unit.
   */
  scaleFrom(unit: string, { kind }: BatchBlock): number | undefined {
    const counts = this.spec.extract === "rate" && kind !== KIND.sum;
    if (this.#unit !== undefined || counts) return 1;
    this.#seenUnit ??= unit;
    return unitScale(unit, this.#seenUnit);
  }

  refuseUnit(unit: string, timeSeconds: number): void {
    this.#otherUnit = { unit, timeSeconds };
  }

  /** Why what is reported cannot be one signal: its unit has changed to one of another dimension, and is still reported. */
  unitConflict(nowSeconds: number): string | undefined {
    const other = this.#otherUnit;
    if (other === undefined || this.#seenUnit === undefined || nowSeconds - other.timeSeconds > this.spec.staleAfterSeconds) return undefined;
    return unitConflictText(this.metric, this.#seenUnit, other.unit);
  }

  /** The unit of what is read, where the senders tell one and the policy does not. */
  get tellsUnit(): string | undefined {
    return this.#seenUnit === undefined || this.#seenUnit === "" || this.spec.extract === "share-above" ? undefined : plainUnit(this.#seenUnit);
  }

  /** Let go of the samples of series that have been silent for an hour; their table entries may then be evicted. */
  forget(nowSeconds: number): void {
    for (const track of this.tracks.values()) {
      if (!track.dormant && nowSeconds - track.ring.newestSeconds > FORGET_AFTER_SECONDS) track.sleep();
    }
    if (this.overflowLimit !== undefined && this.seriesCount < this.overflowLimit) this.overflowLimit = undefined;
  }
}

function mismatch(extract: SignalSpec["extract"], block: BatchBlock): string | undefined {
  const isLevel = block.kind === KIND.gauge || (block.kind === KIND.sum && !block.monotonic);
  const hasBuckets = block.kind === KIND.histogram || block.kind === KIND.exponentialHistogram;
  if (extract === "gauge") return isLevel ? undefined : "use extract: rate";
  if (extract === "rate") return isLevel ? "use extract: gauge" : undefined;
  if (extract === "mean") return hasBuckets || block.kind === KIND.summary ? undefined : "it needs a histogram";
  return hasBuckets ? undefined : "it needs a histogram with buckets";
}

function article(block: BatchBlock): string {
  if (block.kind === KIND.sum) return block.monotonic ? "a counter" : "an up-down counter";
  return `${block.kind === KIND.exponentialHistogram ? "an" : "a"} ${kindName(block.kind)}`;
}

function unitConflictText(metric: string, first: string, other: string): string {
  return `${metric} is now reported in ${unitText(other)}, after ${unitText(first)}: state its unit in the policy`;
}

function unitText(unit: string): string {
  return unit === "" ? "no unit" : JSON.stringify(unit);
}
