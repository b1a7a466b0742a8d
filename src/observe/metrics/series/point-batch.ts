/* eslint-disable max-params -- called for every point: an object a call would be made for each */
/** Columns of one point in `PointBatch.numbers`. Times are epoch seconds; 0 is "not stated". */
export const POINT = { start: 0, time: 1, value: 2, count: 3 } as const;
export const POINT_STRIDE = 4;

/** Positions within the shape of an exponential histogram; the positive and then the negative buckets' counts follow. */
export const EXPONENTIAL = { scale: 0, zeroCount: 1, zeroThreshold: 2, positiveOffset: 3, positiveLength: 4, negativeOffset: 5, negativeLength: 6, counts: 7 } as const;
/** Positions within the shape of an explicit histogram: which bounds (see `SeriesTable.bounds`), how many buckets, their counts. */
export const EXPLICIT = { bounds: 0, length: 1, counts: 2 } as const;

export const NO_SHAPE = -1;
/** The point's buckets contradict themselves or its count. */
export const BAD_SHAPE = -2;

/** The points of one metric of a request: they share kind, temporality and monotonicity. */
export interface BatchBlock {
  readonly metric: number;
  readonly from: number;
  readonly to: number;
  readonly kind: number;
  readonly temporality: number;
  readonly monotonic: boolean;
}

/**
 * One request's decoded points, held until the request is known to be whole: a request that fails leaves no trace.
 * The arrays are reused from one request to the next.
 */
export class PointBatch {
  count = 0;
  readonly blocks: BatchBlock[] = [];
  /** Series id of each point, or -1 where the series was not admitted. */
  series: Int32Array = new Int32Array(1024);
  /** Offset of each point's buckets in `shapes`, or NO_SHAPE, or BAD_SHAPE. */
  shapeOffsets: Int32Array = new Int32Array(1024);
  flags: Uint8Array = new Uint8Array(1024);
  numbers: Float64Array = new Float64Array(1024 * POINT_STRIDE);
  shapes: Float64Array = new Float64Array(4096);
  shapesUsed = 0;
  exemplars = 0;
  /** Points of metrics without a name. */
  unnamed = 0;

  clear(): void {
    this.count = 0;
    this.blocks.length = 0;
    this.shapesUsed = 0;
    this.exemplars = 0;
    this.unnamed = 0;
  }

  /** Append a point's scalars; its shape, if any, was written to `shapes` before. Times in epoch seconds. */
  add(series: number, start: number, time: number, value: number, count: number, flags: number, shapeOffset: number): void {
    const index = this.count++;
    if (index >= this.series.length) this.#grow();
    const at = index * POINT_STRIDE;
    const numbers = this.numbers;
    numbers[at] = start;
    numbers[at + POINT.time] = time;
    numbers[at + POINT.value] = value;
    numbers[at + POINT.count] = count;
    this.series[index] = series;
    this.flags[index] = flags;
    this.shapeOffsets[index] = shapeOffset;
  }

  /** Make room for `length` numbers at `shapesUsed`. */
  reserveShape(length: number): void {
    if (this.shapesUsed + length <= this.shapes.length) return;
    let size = this.shapes.length * 2;
    while (size < this.shapesUsed + length) size *= 2;
    const larger = new Float64Array(size);
    larger.set(this.shapes);
    this.shapes = larger;
  }

  #grow(): void {
    const length = this.series.length * 2;
    const [series, offsets, flags, numbers] = [this.series, this.shapeOffsets, this.flags, this.numbers];
    this.series = new Int32Array(length);
    this.series.set(series);
    this.shapeOffsets = new Int32Array(length);
    this.shapeOffsets.set(offsets);
    this.flags = new Uint8Array(length);
    this.flags.set(flags);
    this.numbers = new Float64Array(length * POINT_STRIDE);
    this.numbers.set(numbers);
  }
}

/** The length of the shape that starts at `offset`. */
export function shapeLength(kindIsExponential: boolean, shapes: Float64Array, offset: number): number {
  return kindIsExponential
    ? EXPONENTIAL.counts + (shapes[offset + EXPONENTIAL.positiveLength] as number) + (shapes[offset + EXPONENTIAL.negativeLength] as number)
    : EXPLICIT.counts + (shapes[offset + EXPLICIT.length] as number);
}
