/** No more samples than this are held of one series, whatever the window. */
export const MAX_SAMPLES = 1024;
const INITIAL_SAMPLES = 8;

/**
 * The recent samples of one series for one signal, in time order: time, start, one or two numbers and, where the signal
 * needs them, buckets. Late samples are put where they belong. Times are epoch seconds.
 */
export class SampleRing {
  times: Float64Array = new Float64Array(INITIAL_SAMPLES);
  starts: Float64Array = new Float64Array(INITIAL_SAMPLES);
  /** The total of a counter, the count of a histogram, or the value of a gauge. */
  totals: Float64Array = new Float64Array(INITIAL_SAMPLES);
  /** A histogram's sum, or its count above the threshold. */
  others: Float64Array = new Float64Array(INITIAL_SAMPLES);
  /** Histogram shapes as `PointBatch` lays them out; `exponential` tells which of the two layouts. */
  readonly shapes: (Float64Array | undefined)[] = [];
  exponential = false;
  first = 0;
  length = 0;
  /** Older samples existed and were dropped: the first one left is a baseline, not a beginning. */
  trimmed = false;

  get newestSeconds(): number {
    return this.length === 0 ? 0 : (this.times[this.first + this.length - 1] as number);
  }

  clear(): void {
    this.first = 0;
    this.length = 0;
    this.shapes.length = 0;
    this.trimmed = false;
  }

  /** Add a sample unless one has its time already. Samples that ended before `keepFromSeconds` are dropped, one baseline excepted. */
  add(sample: { readonly time: number; readonly start: number; readonly total: number; readonly other: number; readonly shape: Float64Array | undefined }, keepFromSeconds: number): void {
    this.#trim(keepFromSeconds);
    if (this.first + this.length >= this.times.length) this.#makeRoom();
    let at = this.first + this.length;
    while (at > this.first && (this.times[at - 1] as number) > sample.time) at--;
    if (at > this.first && this.times[at - 1] === sample.time) return;
    if (at === this.first && this.trimmed) return;
    const end = this.first + this.length;
    if (at < end) {
      for (const column of [this.times, this.starts, this.totals, this.others]) column.copyWithin(at + 1, at, end);
      this.shapes.splice(at - this.first, 0, sample.shape);
    } else this.shapes.push(sample.shape);
    this.times[at] = sample.time;
    this.starts[at] = sample.start;
    this.totals[at] = sample.total;
    this.others[at] = sample.other;
    this.length++;
  }

  #trim(keepFromSeconds: number): void {
    while (this.length > 1 && ((this.times[this.first + 1] as number) < keepFromSeconds || this.length >= MAX_SAMPLES)) {
      this.first++;
      this.length--;
      this.shapes.shift();
      this.trimmed = true;
    }
  }

  /** Slide to the front where at least half is free, else double. */
  #makeRoom(): void {
    const end = this.first + this.length;
    if (this.first >= this.times.length / 2) {
      for (const column of [this.times, this.starts, this.totals, this.others]) column.copyWithin(0, this.first, end);
    } else {
      const grow = (column: Float64Array): Float64Array => {
        const larger = new Float64Array(column.length * 2);
        larger.set(column.subarray(this.first, end));
        return larger;
      };
      this.times = grow(this.times);
      this.starts = grow(this.starts);
      this.totals = grow(this.totals);
      this.others = grow(this.others);
    }
    this.first = 0;
  }
}
