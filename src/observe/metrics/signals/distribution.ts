import { EXPLICIT, EXPONENTIAL } from "../series/point-batch.ts";

/** Halvings that bring a quantile's bracket below the resolution of a double. */
const BISECTIONS = 64;

/** A bucket: `count` observations in (lower, upper], spread evenly, or evenly in the logarithm. */
interface Bucket {
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
  readonly logarithmic: boolean;
}

/**
 * A weighted sum of histogram shapes: explicit ones kept per set of bounds, exponential ones at the coarsest scale seen
 * (merging two buckets of scale s gives one of scale s − 1: OpenTelemetry data model, "exponential scale").
 */
export class Distribution {
  readonly #explicit = new Map<number, Float64Array>();
  readonly #positive = new Map<number, number>();
  readonly #negative = new Map<number, number>();
  #zeroCount = 0;
  #zeroThreshold = 0;
  #scale = Number.POSITIVE_INFINITY;

  /** Add `weight` times a shape (as `PointBatch` lays it out). */
  add(shape: Float64Array, exponential: boolean, weight: number): void {
    if (exponential) this.#addExponential(shape, weight);
    else this.#addExplicit(shape, weight);
  }

  /**
   * The quantile by the cumulative distribution: linear within explicit buckets, logarithmic within exponential ones.
   * Beyond the last explicit bound the bound itself is given. Undefined where nothing was observed.
   */
  quantile(q: number, bounds: readonly Float64Array[]): number | undefined {
    const buckets = this.#buckets(bounds);
    const total = buckets.reduce((sum, bucket) => sum + bucket.count, 0);
    if (!(total > 0)) return undefined;
    const wanted = q * total;
    let [low, high] = [Math.min(...buckets.map((bucket) => bucket.lower)), Math.max(...buckets.map((bucket) => bucket.upper))];
    for (let i = 0; i < BISECTIONS && low < high; i++) {
      const middle = low + (high - low) / 2;
      if (buckets.reduce((sum, bucket) => sum + countBelow(bucket, middle), 0) < wanted) low = middle;
      else high = middle;
    }
    return high;
  }

  #addExplicit(shape: Float64Array, weight: number): void {
    const length = shape[EXPLICIT.length] as number;
    const id = shape[EXPLICIT.bounds] as number;
    let counts = this.#explicit.get(id);
    if (counts === undefined) this.#explicit.set(id, (counts = new Float64Array(length)));
    for (let i = 0; i < length; i++) counts[i] = (counts[i] as number) + weight * (shape[EXPLICIT.counts + i] as number);
  }

  #addExponential(shape: Float64Array, weight: number): void {
    const scale = shape[EXPONENTIAL.scale] as number;
    if (scale < this.#scale) this.#coarsen(scale);
    const shrink = 2 ** (scale - this.#scale);
    this.#zeroCount += weight * (shape[EXPONENTIAL.zeroCount] as number);
    this.#zeroThreshold = Math.max(this.#zeroThreshold, shape[EXPONENTIAL.zeroThreshold] as number);
    const positives = shape[EXPONENTIAL.positiveLength] as number;
    addCounts(this.#positive, { shape, at: EXPONENTIAL.counts, length: positives, offset: shape[EXPONENTIAL.positiveOffset] as number, shrink, weight });
    addCounts(this.#negative, { shape, at: EXPONENTIAL.counts + positives, length: shape[EXPONENTIAL.negativeLength] as number, offset: shape[EXPONENTIAL.negativeOffset] as number, shrink, weight });
  }

  /** Merge the buckets down to a coarser scale. */
  #coarsen(scale: number): void {
    const shrink = 2 ** (this.#scale - scale);
    this.#scale = scale;
    for (const counts of [this.#positive, this.#negative]) {
      const fine = [...counts];
      counts.clear();
      for (const [index, count] of fine) {
        const merged = Math.floor(index / shrink);
        counts.set(merged, (counts.get(merged) ?? 0) + count);
      }
    }
  }

  #buckets(bounds: readonly Float64Array[]): readonly Bucket[] {
    const buckets: Bucket[] = [];
    const push = (bucket: Bucket): void => {
      // Weighted differences leave crumbs of rounding below zero.
      if (bucket.count > 1e-9) buckets.push(bucket);
    };
    for (const [id, counts] of this.#explicit) {
      const edges = bounds[id] ?? new Float64Array(0);
      counts.forEach((count, i) => {
        const upper = i < edges.length ? (edges[i] as number) : (edges[edges.length - 1] ?? 0);
        push({ lower: i === 0 ? Math.min(0, upper) : (edges[i - 1] as number), upper, count, logarithmic: false });
      });
    }
    if (this.#zeroCount > 0) push({ lower: -this.#zeroThreshold, upper: this.#zeroThreshold, count: this.#zeroCount, logarithmic: false });
    const base = 2 ** (2 ** -this.#scale);
    for (const [index, count] of this.#positive) push({ lower: base ** index, upper: base ** (index + 1), count, logarithmic: true });
    for (const [index, count] of this.#negative) push({ lower: -(base ** (index + 1)), upper: -(base ** index), count, logarithmic: true });
    return buckets;
  }
}

/** One side's buckets of a shape, with how many fine buckets make one of the sum's, and the weight. */
interface Part {
  readonly shape: Float64Array;
  readonly at: number;
  readonly length: number;
  readonly offset: number;
  readonly shrink: number;
  readonly weight: number;
}

function addCounts(into: Map<number, number>, part: Part): void {
  for (let i = 0; i < part.length; i++) {
    const count = part.shape[part.at + i] as number;
    if (count === 0) continue;
    const index = Math.floor((part.offset + i) / part.shrink);
    into.set(index, (into.get(index) ?? 0) + part.weight * count);
  }
}

function countBelow(bucket: Bucket, value: number): number {
  const { lower, upper, count, logarithmic } = bucket;
  if (value >= upper) return count;
  if (value <= lower) return 0;
  if (!logarithmic) return (count * (value - lower)) / (upper - lower);
  return lower > 0 ? (count * Math.log(value / lower)) / Math.log(upper / lower) : count * (1 - Math.log(value / upper) / Math.log(lower / upper));
}

/** Observations above `threshold` in an explicit shape (counts from `offset` on); within a bucket they are taken as even. All of the last, open bucket counts as above. */
export function explicitAbove(shape: { readonly shapes: Float64Array; readonly offset: number; readonly bounds: Float64Array }, threshold: number): number {
  const { shapes, offset, bounds } = shape;
  let above = 0;
  const length = shapes[offset + EXPLICIT.length] as number;
  for (let i = length - 1; i >= 0; i--) {
    const count = shapes[offset + EXPLICIT.counts + i] as number;
    const upper = i < bounds.length ? (bounds[i] as number) : Number.POSITIVE_INFINITY;
    if (upper <= threshold) break;
    const lower = i === 0 ? Math.min(0, upper) : (bounds[i - 1] as number);
    above += lower >= threshold || upper === Number.POSITIVE_INFINITY ? count : (count * (upper - threshold)) / (upper - lower);
  }
  return above;
}

/** Observations above a positive `threshold` in an exponential shape; within a bucket even in the logarithm. */
export function exponentialAbove(shapes: Float64Array, offset: number, threshold: number): number {
  const scale = shapes[offset + EXPONENTIAL.scale] as number;
  const first = shapes[offset + EXPONENTIAL.positiveOffset] as number;
  const length = shapes[offset + EXPONENTIAL.positiveLength] as number;
  // Position of the threshold on the scale of bucket indices: bucket i spans (i, i + 1].
  const position = Math.log2(threshold) * 2 ** scale;
  let above = 0;
  for (let i = 0; i < length; i++) {
    const below = Math.min(Math.max(position - (first + i), 0), 1);
    above += (shapes[offset + EXPONENTIAL.counts + i] as number) * (1 - below);
  }
  return above;
}
