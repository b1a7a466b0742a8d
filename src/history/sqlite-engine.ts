import { failure, success, type Result } from "../model/result.ts";
import type { Series } from "../model/series.ts";
import type { HistoryPoint, SignalKey } from "./history-store.ts";
import { firstKeptChunk, SignalTable } from "./signal-table.ts";
import { failureOf, SqliteFile } from "./sqlite-file.ts";

const POINT_CELLS = 6;
/** Before the points of each part of a write. */
const PART_CELLS = 3;
/** The writes beside the chunks are turned into chunks at this size; it bounds the time of a start after a kill. */
const RECENT_BYTES = 8 * 2 ** 20;

/** All writes that were asked in one turn. */
export interface WriteRequest {
  readonly kind: "write";
  /** For each write: the number of its key, kind (0 append, 1 import), number of cells, cells; six cells a point, valid and oldest first. */
  readonly cells: Float64Array;
  /** Keys that were not sent before; numbers count from 0 over all messages. */
  readonly newKeys: readonly SignalKey[];
}

export type EngineRequest = WriteRequest | OtherRequest;

type OtherRequest =
  | { readonly kind: "read" | "readPoints"; readonly key: SignalKey; readonly from: number; readonly to: number }
  | { readonly kind: "keys" }
  | { readonly kind: "prune"; readonly before: number; readonly hourlyBefore: number };

/** A write is answered by two cells for each of its parts: stored, dropped as late. */
export type EngineAnswer = Result<Float64Array | Series | readonly HistoryPoint[] | readonly SignalKey[] | number>;

/** The history over one SQLite file, synchronous: the worker calls it with all that came since its last turn. */
export class SqliteEngine {
  readonly #file: SqliteFile;
  /** The keys that writes name by number. */
  readonly #keys: SignalKey[] = [];
  #table: SignalTable;
  #recentBytes = 0;
  #damaged: Result<never> | undefined;

  /** Throws what `failureOf` can read. */
  constructor(path: string) {
    this.#file = new SqliteFile(path);
    try {
      this.#table = this.#recover();
    } catch (error) {
      this.#file.close();
      throw error;
    }
  }

  /** Answers in order. A write is one synced commit: all its parts are kept, or none. */
  handle(requests: readonly EngineRequest[]): EngineAnswer[] {
    return requests.map((request) => this.#guarded(() => (request.kind === "write" ? this.#write(request) : this.#answer(request))));
  }

  close(): void {
    this.#guarded(() => { this.#flush(); return success(0); });
    this.#file.close();
  }

  #write({ cells, newKeys }: WriteRequest): EngineAnswer {
    this.#keys.push(...newKeys);
    const summaries: number[] = [];
    this.#file.transaction(() => {
      const known = this.#table.lastId;
      for (const part of partsOf(cells)) {
        const key = this.#keys[cells[part.at] ?? -1];
        if (key === undefined) throw new Error("a write names a key that was never sent");
        const { stored, droppedLate } = this.#table[part.kind](key, fromCells(part.cells));
        summaries.push(stored, droppedLate);
        cells[part.at] = this.#table.find(key)?.id ?? 0;
      }
      for (const signal of this.#table.signals()) if (signal.id > known) this.#file.saveSignal({ ...signal, newestSlot: -1 });
      const body = new Uint8Array(cells.buffer, cells.byteOffset, cells.byteLength);
      if (this.#recentBytes + body.byteLength > RECENT_BYTES) this.#storeChunks();
      else {
        this.#file.addRecent(body);
        this.#recentBytes += body.byteLength;
      }
    });
    return success(Float64Array.from(summaries));
  }

  #answer(request: OtherRequest): EngineAnswer {
    switch (request.kind) {
      case "read": return success(this.#table.read(request.key, request.from, request.to));
      case "readPoints": return success(this.#table.readPoints(request.key, request.from, request.to));
      case "keys": return success([...this.#table.signals()].map((signal) => signal.key));
      case "prune": return success(this.#prune(request.before, request.hourlyBefore));
    }
  }

  #prune(before: number, hourlyBefore: number): number {
    this.#flush();
    let dropped = 0;
    this.#file.transaction(() => {
      for (const signal of [...this.#table.signals()]) {
        const first = firstKeptChunk(signal, before, hourlyBefore);
        this.#table.dropBelow(signal, first);
        dropped += this.#file.dropChunks(signal, first, this.#table.find(signal.key) === undefined);
      }
    });
    return dropped;
  }

  #flush(): void {
    if (this.#recentBytes > 0) this.#file.transaction(() => { this.#storeChunks(); });
  }

  /** Inside a transaction: all that changed goes into chunks, and the writes beside them are no longer needed. */
  #storeChunks(): void {
    for (const dirty of this.#table.takeDirty()) this.#file.saveChunk(dirty);
    for (const signal of this.#table.signals()) this.#file.saveSignal(signal);
    this.#file.clearRecent();
    this.#recentBytes = 0;
  }

  /** A failed write leaves memory ahead of the file: memory is then made anew from the file. */
  #guarded(work: () => EngineAnswer): EngineAnswer {
    if (this.#damaged !== undefined) return this.#damaged;
    try {
      return work();
    } catch (error) {
      const failed = failureOf(error, this.#file.path);
      if (failed === undefined) throw error;
      try {
        this.#table = this.#recover();
      } catch (again) {
        this.#damaged = failureOf(again, this.#file.path) ?? failure("permanent", String(again));
      }
      return failed;
    }
  }

  #recover(): SignalTable {
    const table = new SignalTable((signal, index) => this.#file.loadChunk(signal, index));
    const byId = new Map<number, SignalKey>();
    for (const signal of this.#file.signals()) {
      table.adopt(signal);
      byId.set(signal.id, signal.key);
    }
    this.#recentBytes = 0;
    for (const body of this.#file.recent()) {
      this.#recentBytes += body.byteLength;
      const cells = new Float64Array(body.slice().buffer);
      for (const part of partsOf(cells)) {
        const key = byId.get(cells[part.at] ?? 0);
        if (key !== undefined) table[part.kind](key, fromCells(part.cells));
      }
    }
    return table;
  }
}

interface WritePart {
  /** Where its key or signal stands. */
  readonly at: number;
  readonly kind: "append" | "importPoints";
  readonly cells: Float64Array;
}

function* partsOf(cells: Float64Array): Generator<WritePart> {
  for (let at = 0; at < cells.length;) {
    const end = at + PART_CELLS + (cells[at + 2] ?? 0);
    yield { at, kind: cells[at + 1] === 0 ? "append" : "importPoints", cells: cells.subarray(at + PART_CELLS, end) };
    at = end;
  }
}

export interface Write {
  readonly keyNumber: number;
  readonly kind: "append" | "importPoints";
  readonly points: readonly HistoryPoint[];
}

/** Packs writes as `WriteRequest` says. */
export function packWrites(writes: readonly Write[]): Float64Array<ArrayBuffer> {
  const cells = new Float64Array(writes.reduce((sum, write) => sum + PART_CELLS + write.points.length * POINT_CELLS, 0));
  let at = 0;
  for (const { keyNumber, kind, points } of writes) {
    cells[at++] = keyNumber;
    cells[at++] = kind === "append" ? 0 : 1;
    cells[at++] = points.length * POINT_CELLS;
    for (const point of points) {
      cells[at++] = point.timeSeconds;
      cells[at++] = point.mean;
      cells[at++] = point.min;
      cells[at++] = point.max;
      cells[at++] = point.count;
      cells[at++] = point.coverage;
    }
  }
  return cells;
}

function fromCells(cells: Float64Array): HistoryPoint[] {
  const points: HistoryPoint[] = [];
  const cell = (at: number): number => cells[at] ?? NaN;
  for (let at = 0; at < cells.length; at += POINT_CELLS) {
    points.push({ timeSeconds: cell(at), mean: cell(at + 1), min: cell(at + 2), max: cell(at + 3), count: cell(at + 4), coverage: cell(at + 5) });
  }
  return points;
}
