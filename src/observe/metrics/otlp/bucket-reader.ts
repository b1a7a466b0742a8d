import { BAD_SHAPE, EXPLICIT, EXPONENTIAL, NO_SHAPE, type PointBatch } from "../series/point-batch.ts";
import type { SeriesTable } from "../series/series-table.ts";
import type { WireCursor } from "./wire-cursor.ts";

const NO_BOUNDS = -1;
/** Scales beyond these are outside the data model (base 2^(2^-scale) must differ from 1 and stay finite). */
const MIN_SCALE = -10;
const MAX_SCALE = 20;
/** Indices of buckets are 32-bit in the protocol. */
const MAX_INDEX = 2 ** 31;

/** Reads the buckets of one histogram point from the wire and writes its shape to the batch. */
export class BucketReader {
  readonly #cursor: WireCursor;
  readonly #table: SeriesTable;
  readonly #batch: PointBatch;
  #countsStart = 0;
  #countsEnd = 0;
  #boundsStart = 0;
  #boundsEnd = 0;
  /** Counts and bounds that are not one packed run (allowed, but no known exporter writes so). */
  readonly #looseCounts: number[] = [];
  readonly #looseBounds: number[] = [];
  #positiveStart = 0;
  #positiveEnd = 0;
  #negativeStart = 0;
  #negativeEnd = 0;
  scale = 0;
  zeroCount = 0;
  zeroThreshold = 0;

  constructor(parts: { readonly cursor: WireCursor; readonly table: SeriesTable; readonly batch: PointBatch }) {
    this.#cursor = parts.cursor;
    this.#table = parts.table;
    this.#batch = parts.batch;
  }

  begin(): void {
    this.#countsStart = this.#countsEnd = this.#boundsStart = this.#boundsEnd = 0;
    this.#positiveStart = this.#positiveEnd = this.#negativeStart = this.#negativeEnd = 0;
    this.scale = this.zeroCount = this.zeroThreshold = 0;
    if (this.#looseCounts.length > 0) this.#looseCounts.length = 0;
    if (this.#looseBounds.length > 0) this.#looseBounds.length = 0;
  }

  /** Packed `bucket_counts`. */
  counts(end: number): void {
    const cursor = this.#cursor;
    const start = cursor.position;
    if (!this.#packed(end, 8)) return;
    if (this.#countsEnd === 0 && this.#looseCounts.length === 0) {
      this.#countsStart = start;
      this.#countsEnd = end;
    } else {
      this.#loosenCounts();
      for (let p = start; p < end; p += 8) this.#looseCounts.push(this.#fixed64At(p));
    }
    cursor.position = end;
  }

  /** One unpacked bucket count. */
  count(value: number): void {
    this.#loosenCounts();
    this.#looseCounts.push(value);
  }

  /** Packed `explicit_bounds`. */
  bounds(end: number): void {
    const cursor = this.#cursor;
    const start = cursor.position;
    if (!this.#packed(end, 8)) return;
    if (this.#boundsEnd === 0 && this.#looseBounds.length === 0) {
      this.#boundsStart = start;
      this.#boundsEnd = end;
    } else {
      this.#loosenBounds();
      for (let p = start; p < end; p += 8) this.#looseBounds.push(cursor.view.getFloat64(p, true));
    }
    cursor.position = end;
  }

  /** One unpacked bound. */
  bound(value: number): void {
    this.#loosenBounds();
    this.#looseBounds.push(value);
  }

  /** `positive` buckets: a message up to `end`, read when the shape is written. */
  positive(end: number): void {
    this.#positiveStart = this.#cursor.position;
    this.#positiveEnd = end;
    this.#cursor.position = end;
  }

  negative(end: number): void {
    this.#negativeStart = this.#cursor.position;
    this.#negativeEnd = end;
    this.#cursor.position = end;
  }

  /** Write the explicit shape; BAD_SHAPE where buckets contradict the bounds, each other or `total`. */
  explicitShape(total: number): number {
    const loose = this.#looseCounts.length > 0;
    const length = loose ? this.#looseCounts.length : (this.#countsEnd - this.#countsStart) / 8;
    const boundsId = this.#boundsId();
    if (length === 0) return boundsId === NO_BOUNDS ? NO_SHAPE : BAD_SHAPE;
    const boundCount = boundsId === NO_BOUNDS ? 0 : (this.#table.bounds[boundsId]?.length ?? -1);
    if (boundCount !== length - 1) return BAD_SHAPE;
    const batch = this.#batch;
    batch.reserveShape(EXPLICIT.counts + length);
    const offset = batch.shapesUsed;
    const shapes = batch.shapes;
    shapes[offset + EXPLICIT.bounds] = boundsId;
    shapes[offset + EXPLICIT.length] = length;
    const view = this.#cursor.view;
    let sum = 0;
    let p = this.#countsStart;
    for (let i = offset + EXPLICIT.counts, end = i + length; i < end; i++, p += 8) {
      const count = loose ? (this.#looseCounts[i - offset - EXPLICIT.counts] as number) : view.getUint32(p + 4, true) * 4294967296 + view.getUint32(p, true);
      shapes[i] = count;
      sum += count;
    }
    if (sum !== total) return BAD_SHAPE;
    batch.shapesUsed = offset + EXPLICIT.counts + length;
    return offset;
  }

  /** Write the exponential shape; BAD_SHAPE where the buckets and the zero count do not sum to `total` or the scale is out of range. */
  exponentialShape(total: number): number {
    const batch = this.#batch;
    batch.reserveShape(EXPONENTIAL.counts);
    const offset = batch.shapesUsed;
    batch.shapes[offset + EXPONENTIAL.scale] = this.scale;
    batch.shapes[offset + EXPONENTIAL.zeroCount] = this.zeroCount;
    batch.shapes[offset + EXPONENTIAL.zeroThreshold] = this.zeroThreshold;
    batch.shapesUsed = offset + EXPONENTIAL.counts;
    let sum = this.zeroCount;
    sum += this.#exponentialBuckets(this.#positiveStart, this.#positiveEnd, offset + EXPONENTIAL.positiveOffset);
    sum += this.#exponentialBuckets(this.#negativeStart, this.#negativeEnd, offset + EXPONENTIAL.negativeOffset);
    if (sum !== total || this.scale < MIN_SCALE || this.scale > MAX_SCALE) {
      batch.shapesUsed = offset;
      return BAD_SHAPE;
    }
    return offset;
  }

  /** `Buckets`: offset 1 (sint32), bucket_counts 2 (packed varints). Writes offset and length at `head`, the counts at the end; returns their sum. */
  #exponentialBuckets(start: number, end: number, head: number): number {
    const cursor = this.#cursor;
    const batch = this.#batch;
    const after = cursor.position;
    const from = batch.shapesUsed;
    batch.reserveShape(end - start);
    let firstIndex = 0;
    let sum = 0;
    cursor.position = start;
    while (cursor.position < end) {
      const tag = cursor.varint(end);
      if (tag === 8) firstIndex = cursor.sint32(end);
      else if (tag === 18) sum += this.#packedVarints(cursor.blockEnd(end));
      else if (tag === 16) sum += batch.shapes[batch.shapesUsed++] = cursor.varint(end);
      else cursor.skip(tag, end);
    }
    if (!cursor.hasFailed()) cursor.position = after;
    batch.shapes[head] = firstIndex;
    batch.shapes[head + 1] = batch.shapesUsed - from;
    return Math.abs(firstIndex) < MAX_INDEX ? sum : Number.NaN;
  }

  /** Append packed varints to the shapes (room was reserved: each takes a byte at least); returns their sum. */
  #packedVarints(end: number): number {
    const cursor = this.#cursor;
    const bytes = cursor.bytes;
    const shapes = this.#batch.shapes;
    let at = this.#batch.shapesUsed;
    let sum = 0;
    while (cursor.position < end) {
      const byte = bytes[cursor.position] as number;
      let count = byte;
      if (byte < 128) cursor.position++;
      else count = cursor.varint(end);
      shapes[at++] = count;
      sum += count;
    }
    this.#batch.shapesUsed = at;
    return sum;
  }

  #packed(end: number, size: number): boolean {
    const cursor = this.#cursor;
    if (cursor.hasFailed()) return false;
    if ((end - cursor.position) % size === 0) return true;
    cursor.fail("packed 64-bit numbers are not a multiple of 8 bytes long");
    return false;
  }

  /** The interned bounds; NO_BOUNDS where there are none, -2 where they are not acceptable. */
  #boundsId(): number {
    if (this.#looseBounds.length > 0) {
      const bytes = new Float64Array(this.#looseBounds);
      return this.#intern(new DataView(bytes.buffer), 0, bytes.byteLength);
    }
    return this.#boundsEnd === this.#boundsStart ? NO_BOUNDS : this.#intern(this.#cursor.view, this.#boundsStart, this.#boundsEnd);
  }

  #intern(view: DataView, start: number, end: number): number {
    const id = this.#table.internBounds({ view, start, end });
    return id < 0 ? -2 : id;
  }

  #loosenCounts(): void {
    for (let p = this.#countsStart; p < this.#countsEnd; p += 8) this.#looseCounts.push(this.#fixed64At(p));
    this.#countsStart = this.#countsEnd = 0;
  }

  #loosenBounds(): void {
    for (let p = this.#boundsStart; p < this.#boundsEnd; p += 8) this.#looseBounds.push(this.#cursor.view.getFloat64(p, true));
    this.#boundsStart = this.#boundsEnd = 0;
  }

  #fixed64At(p: number): number {
    return this.#cursor.view.getUint32(p + 4, true) * 4294967296 + this.#cursor.view.getUint32(p, true);
  }
}
