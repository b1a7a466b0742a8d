import { crc32 } from "node:zlib";
import type { HistoryPoint } from "./history-store.ts";

const COLUMNS = 5;
const [MEAN, MIN, MAX, COUNT, COVERAGE] = [0, 1, 2, 3, 4] as const;
/** How a column is stored. */
const [PLAIN, SAME_AS_MEAN, CONSTANT] = [0, 1, 2] as const;
const FORMAT = 1;
const HEADER_BYTES = 8;
const CHUNK_SECONDS = 7_200;
const MIN_ROWS = 120;

/** Rows of one chunk at a step: two hours of them, or 120 where the step is longer than a minute. */
export function chunkRows(stepSeconds: number): number {
  return Math.max(MIN_ROWS, Math.ceil(CHUNK_SECONDS / stepSeconds));
}

/** A run of grid steps of one signal, column by column. A row without a value has a NaN mean. */
export class Chunk {
  readonly rows: number;
  readonly #cells: Float64Array;

  constructor(rows: number) {
    this.rows = rows;
    this.#cells = new Float64Array(rows * COLUMNS);
    this.#cells.fill(NaN, 0, rows);
  }

  /** The means as a view; NaN is a gap. */
  get means(): Float64Array {
    return this.#cells.subarray(0, this.rows);
  }

  has(row: number): boolean {
    return !Number.isNaN(this.#at(MEAN, row));
  }

  pointAt(row: number, timeSeconds: number): HistoryPoint {
    return {
      timeSeconds,
      mean: this.#at(MEAN, row),
      min: this.#at(MIN, row),
      max: this.#at(MAX, row),
      count: this.#at(COUNT, row),
      coverage: this.#at(COVERAGE, row),
    };
  }

  set(row: number, point: HistoryPoint): void {
    const cells = this.#cells;
    cells[row] = point.mean;
    cells[this.rows * MIN + row] = point.min;
    cells[this.rows * MAX + row] = point.max;
    cells[this.rows * COUNT + row] = point.count;
    cells[this.rows * COVERAGE + row] = point.coverage;
  }

  /** Joins two parts of one step: means by their counts (by coverage where neither counts), coverage up to the whole. */
  fold(row: number, point: HistoryPoint): void {
    if (!this.has(row)) {
      this.set(row, point);
      return;
    }
    const old = this.pointAt(row, point.timeSeconds);
    const counted = old.count + point.count > 0;
    const oldWeight = counted ? old.count : old.coverage;
    const newWeight = counted ? point.count : point.coverage;
    const weight = oldWeight + newWeight;
    this.set(row, {
      timeSeconds: point.timeSeconds,
      mean: weight > 0 ? (old.mean * oldWeight + point.mean * newWeight) / weight : (old.mean + point.mean) / 2,
      min: Math.min(old.min, point.min),
      max: Math.max(old.max, point.max),
      count: old.count + point.count,
      coverage: Math.min(1, old.coverage + point.coverage),
    });
  }

  clear(row: number): void {
    this.#cells[row] = NaN;
  }

  /** Header (format, flags, rows, CRC-32), the means, then each column that is neither constant nor equal to the means. */
  encode(): Uint8Array {
    const used = this.#usedRows();
    const parts: Float64Array[] = [this.means.subarray(0, used)];
    let flags = 0;
    for (const column of [MIN, MAX, COUNT, COVERAGE]) {
      const cells = this.#cells.subarray(column * this.rows, column * this.rows + used);
      const form = this.#form(column, used);
      flags |= form << ((column - 1) * 2);
      if (form === CONSTANT) parts.push(cells.subarray(this.#firstRow(), this.#firstRow() + 1));
      else if (form === PLAIN) parts.push(cells);
    }
    const length = parts.reduce((sum, part) => sum + part.byteLength, HEADER_BYTES);
    const bytes = new Uint8Array(length);
    let offset = HEADER_BYTES;
    for (const part of parts) {
      bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), offset);
      offset += part.byteLength;
    }
    const view = new DataView(bytes.buffer);
    view.setUint8(0, FORMAT);
    view.setUint8(1, flags);
    view.setUint16(2, used, true);
    view.setUint32(4, crc32(bytes.subarray(HEADER_BYTES), seed(flags, used)), true);
    return bytes;
  }

  /** Undoes `encode`; undefined where the bytes are damaged or of another format. */
  static decode(bytes: Uint8Array, rows: number): Chunk | undefined {
    if (bytes.byteLength < HEADER_BYTES) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const flags = view.getUint8(1);
    const used = view.getUint16(2, true);
    const payload = bytes.slice(HEADER_BYTES);
    if (view.getUint8(0) !== FORMAT || used > rows || payload.byteLength % 8 !== 0) return undefined;
    if (crc32(payload, seed(flags, used)) !== view.getUint32(4, true)) return undefined;
    const numbers = new Float64Array(payload.buffer);
    const chunk = new Chunk(rows);
    chunk.#cells.set(numbers.subarray(0, used));
    let offset = used;
    for (const column of [MIN, MAX, COUNT, COVERAGE]) {
      const form = (flags >> ((column - 1) * 2)) & 3;
      const at = column * rows;
      if (form === CONSTANT) chunk.#cells.fill(numbers[offset++] ?? NaN, at, at + used);
      else if (form === SAME_AS_MEAN) chunk.#cells.set(numbers.subarray(0, used), at);
      else {
        chunk.#cells.set(numbers.subarray(offset, offset + used), at);
        offset += used;
      }
    }
    return chunk;
  }

  #at(column: number, row: number): number {
    return this.#cells[column * this.rows + row] ?? NaN;
  }

  #firstRow(): number {
    let row = 0;
    while (row < this.rows - 1 && !this.has(row)) row++;
    return row;
  }

  #usedRows(): number {
    let used = this.rows;
    while (used > 0 && !this.has(used - 1)) used--;
    return used;
  }

  #form(column: number, used: number): number {
    const first = this.#at(column, this.#firstRow());
    let constant = true;
    let same = true;
    for (let row = 0; row < used && (constant || same); row++) {
      if (!this.has(row)) continue;
      const cell = this.#at(column, row);
      if (cell !== first) constant = false;
      if (cell !== this.#at(MEAN, row)) same = false;
    }
    return used > 0 && constant ? CONSTANT : same ? SAME_AS_MEAN : PLAIN;
  }
}

/** The header is part of the checksum. */
function seed(flags: number, used: number): number {
  return flags + used * 256;
}
