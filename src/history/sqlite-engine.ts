import { failure, success, type Result } from "../model/result.ts";
import type { Series } from "../model/series.ts";
import type { AppendSummary, HistoryPoint, SignalKey } from "./history-store.ts";
import { firstKeptChunk, SignalTable } from "./signal-table.ts";
import { failureOf, SqliteFile } from "./sqlite-file.ts";

const POINT_CELLS = 6;
/** The writes beside the chunks are turned into chunks at this size; it bounds the time of a start after a kill. */
const RECENT_BYTES = 8 * 2 ** 20;

export interface WriteRequest {
  readonly kind: "append" | "importPoints";
  readonly key: SignalKey;
  /** Six cells a point: time, mean, min, max, count, coverage. Valid and oldest first. */
  readonly cells: Float64Array;
}

export type EngineRequest = WriteRequest | OtherRequest;

type OtherRequest =
  | { readonly kind: "read" | "readPoints"; readonly key: SignalKey; readonly from: number; readonly to: number }
  | { readonly kind: "keys" }
  | { readonly kind: "prune"; readonly before: number; readonly hourlyBefore: number };

export type EngineAnswer = Result<AppendSummary | Series | readonly HistoryPoint[] | readonly SignalKey[] | number>;

/** The history over one SQLite file, synchronous: the worker calls it with all that came since its last turn. */
export class SqliteEngine {
  readonly #file: SqliteFile;
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

  /** Answers in order. Writes next to each other share one synced commit: all of them are kept, or none. */
  handle(requests: readonly EngineRequest[]): EngineAnswer[] {
    const answers: EngineAnswer[] = [];
    let run: WriteRequest[] = [];
    const commit = (): void => {
      if (run.length > 0) answers.push(...this.#write(run));
      run = [];
    };
    for (const request of requests) {
      if ("cells" in request) run.push(request);
      else {
        commit();
        answers.push(this.#guarded(() => this.#answer(request)));
      }
    }
    commit();
    return answers;
  }

  close(): void {
    this.#guarded(() => { this.#flush(); return success(0); });
    this.#file.close();
  }

  #write(run: readonly WriteRequest[]): EngineAnswer[] {
    let summaries: AppendSummary[] = [];
    const result = this.#guarded(() => {
      this.#file.transaction(() => {
        const known = this.#table.lastId;
        summaries = run.map((request) => this.#table[request.kind](request.key, fromCells(request.cells)));
        for (const signal of this.#table.signals()) if (signal.id > known) this.#file.saveSignal({ ...signal, newestSlot: -1 });
        const body = encodeRecent(run, this.#table);
        if (this.#recentBytes + body.byteLength > RECENT_BYTES) this.#storeChunks();
        else {
          this.#file.addRecent(body);
          this.#recentBytes += body.byteLength;
        }
      });
      return success(0);
    });
    return run.map((_, index) => (result.ok ? success(summaries[index] as AppendSummary) : result));
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
      for (const write of decodeRecent(body, byId)) table[write.kind](write.key, fromCells(write.cells));
    }
    return table;
  }
}

/** One record: for each write its signal, kind (0 append, 1 import), number of cells, cells; all Float64. */
function encodeRecent(run: readonly WriteRequest[], table: SignalTable): Uint8Array {
  const cells = new Float64Array(run.reduce((sum, write) => sum + 3 + write.cells.length, 0));
  let at = 0;
  for (const write of run) {
    cells.set([table.open(write.key, false).id, write.kind === "append" ? 0 : 1, write.cells.length], at);
    cells.set(write.cells, at + 3);
    at += 3 + write.cells.length;
  }
  return new Uint8Array(cells.buffer);
}

function* decodeRecent(body: Uint8Array, keys: ReadonlyMap<number, SignalKey>): Generator<WriteRequest> {
  const cells = new Float64Array(body.slice().buffer);
  for (let at = 0; at < cells.length;) {
    const length = cells[at + 2] ?? 0;
    const key = keys.get(cells[at] ?? 0);
    if (key !== undefined) yield { kind: cells[at + 1] === 0 ? "append" : "importPoints", key, cells: cells.subarray(at + 3, at + 3 + length) };
    at += 3 + length;
  }
}

export function toCells(points: readonly HistoryPoint[]): Float64Array<ArrayBuffer> {
  const cells = new Float64Array(points.length * POINT_CELLS);
  let at = 0;
  for (const point of points) {
    cells[at++] = point.timeSeconds;
    cells[at++] = point.mean;
    cells[at++] = point.min;
    cells[at++] = point.max;
    cells[at++] = point.count;
    cells[at++] = point.coverage;
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
