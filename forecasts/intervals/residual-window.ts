import { decodeFloats, encodeFloats } from "../numeric/encoding.ts";

/** Share of the residuals that the tail beyond the known ones is estimated from. */
const TAIL_SHARE = 0.05;
/** The tail ends at so many times the largest residual known. */
const TAIL_CAP = 2;

/** The newest residuals at one horizon, kept in order of time and of size, so that a quantile is a look-up. */
export class ResidualWindow {
  private readonly ring: Float32Array;
  private readonly sorted: Float32Array;
  private count = 0;

  constructor(capacity: number) {
    this.ring = new Float32Array(capacity);
    this.sorted = new Float32Array(capacity);
  }

  get size(): number {
    return Math.min(this.count, this.ring.length);
  }

  add(residual: number): void {
    const value = Math.fround(residual);
    const slot = this.count % this.ring.length;
    let size = this.size;
    if (this.count >= this.ring.length) this.remove(this.ring[slot]!, size--);
    this.insert(value, size);
    this.ring[slot] = value;
    this.count++;
  }

  /**
   * The residuals' quantile at `level`, by the conformal rank level·(n+1) with linear interpolation. Beyond the last residual it
   * follows an exponential tail of the mean excess over the outer 5 %, up to twice the outermost residual. 0 while none is known.
   */
  quantile(level: number): number {
    const size = this.size;
    if (size === 0) return 0;
    const rank = level * (size + 1) - 1;
    if (rank > size - 1) return this.tail(1 - level, 1);
    if (rank < 0) return this.tail(level, -1);
    const index = Math.floor(rank);
    const low = this.sorted[index]!;
    const high = this.sorted[Math.min(size - 1, index + 1)]!;
    return low + (rank - index) * (high - low);
  }

  /** The residuals in no particular order. */
  values(): Float32Array {
    return this.sorted.slice(0, this.size);
  }

  save(): SavedResiduals {
    return { ring: encodeFloats(this.ring.slice(0, this.size)), capacity: this.ring.length, count: this.count };
  }

  static restore(saved: SavedResiduals): ResidualWindow {
    const window = new ResidualWindow(saved.capacity);
    const ring = decodeFloats(saved.ring);
    window.ring.set(ring);
    window.sorted.set(ring.toSorted());
    window.count = saved.count;
    return window;
  }

  private tail(outside: number, side: 1 | -1): number {
    const size = this.size;
    const outermost = side > 0 ? this.sorted[size - 1]! : this.sorted[0]!;
    const members = Math.max(2, Math.ceil(size * TAIL_SHARE));
    if (size < 4) return outermost;
    const threshold = side > 0 ? this.sorted[size - members]! : this.sorted[members - 1]!;
    let excess = 0;
    for (let i = 0; i < members; i++) excess += Math.abs((side > 0 ? this.sorted[size - 1 - i]! : this.sorted[i]!) - threshold) / members;
    const beyond = excess * Math.log(1 / (size + 1) / Math.max(outside, 1e-4 / (size + 1)));
    const limit = (TAIL_CAP - 1) * Math.max(Math.abs(outermost), Math.abs(outermost - threshold));
    return outermost + side * Math.max(0, Math.min(beyond, limit));
  }

  private insert(value: number, size: number): void {
    const at = this.lowerBound(value, size);
    this.sorted.copyWithin(at + 1, at, size);
    this.sorted[at] = value;
  }

  private remove(value: number, size: number): void {
    const at = this.lowerBound(value, size);
    this.sorted.copyWithin(at, at + 1, size);
  }

  private lowerBound(value: number, size: number): number {
    let low = 0;
    let high = size;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.sorted[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export interface SavedResiduals {
  readonly ring: string;
  readonly capacity: number;
  readonly count: number;
}
