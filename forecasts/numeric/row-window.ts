import { decodeFloats, encodeFloats } from "./encoding.ts";

/** The newest rows of a series, for looking back: a ring of 32-bit floats in the members' own unit. */
export class RowWindow {
  /** Rows seen since the fit's first row; the newest row has the index `count - 1`. */
  count: number;
  private readonly ring: Float32Array;
  private next: number;

  constructor(capacity: number) {
    this.ring = new Float32Array(capacity);
    this.count = 0;
    this.next = 0;
  }

  push(value: number): void {
    this.ring[this.next] = value;
    this.next = this.next + 1 === this.ring.length ? 0 : this.next + 1;
    this.count++;
  }

  /** The value `rows` ago: 1 is the newest. Rows older than the window or the series give its oldest row. */
  ago(rows: number): number {
    const reach = Math.min(rows, this.count, this.ring.length);
    const index = this.next - reach;
    return this.ring[index < 0 ? index + this.ring.length : index]!;
  }

  /** Adds `factor` times the row `rows` ago to `out[0]`, the one after it to `out[1]`, and so on for `length` rows (at most `rows`). */
  addScaled(out: Float64Array, rows: number, factor: number, length: number): void {
    const { ring } = this;
    const known = Math.min(this.count, ring.length);
    let index = this.next - Math.min(rows, known);
    if (index < 0) index += ring.length;
    for (let k = 0; k < length; k++) {
      out[k] = out[k]! + factor * ring[index]!;
      if (rows - k <= known && ++index === ring.length) index = 0;
    }
  }

  /** The sum of the rows from `oldest` ago to `newest` ago, both included. */
  sum(newest: number, oldest: number): number {
    const { ring } = this;
    const known = Math.min(this.count, ring.length);
    let index = this.next - Math.min(oldest, known);
    if (index < 0) index += ring.length;
    let sum = 0;
    for (let rows = oldest; rows >= newest; rows--) {
      sum += ring[index]!;
      if (rows <= known && ++index === ring.length) index = 0;
    }
    return sum;
  }

  /** Changes all rows but the newest `kept` in place. */
  transformBefore(kept: number, change: (value: number) => number): void {
    for (let back = kept + 1; back <= Math.min(this.count, this.ring.length); back++) {
      const index = this.next - back;
      const place = index < 0 ? index + this.ring.length : index;
      this.ring[place] = change(this.ring[place]!);
    }
  }

  /** The same rows in another unit. */
  map(change: (value: number) => number): RowWindow {
    const other = new RowWindow(this.ring.length);
    other.copyFrom(this, change);
    return other;
  }

  /** Becomes another window of the same capacity, in another unit. */
  copyFrom(other: RowWindow, change: (value: number) => number): void {
    this.ring.set(other.ring.map(change));
    this.count = other.count;
    this.next = other.next;
  }

  save(): SavedWindow {
    return { ring: encodeFloats(this.ring), count: this.count };
  }

  static restore(saved: SavedWindow): RowWindow {
    const ring = decodeFloats(saved.ring);
    const window = new RowWindow(ring.length);
    window.ring.set(ring);
    window.count = saved.count;
    window.next = saved.count % ring.length;
    return window;
  }
}

export interface SavedWindow {
  readonly ring: string;
  readonly count: number;
}
