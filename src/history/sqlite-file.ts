import { existsSync, statSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { failure, type Failure } from "../model/result.ts";
import { Chunk, chunkRows } from "./chunk.ts";
import type { DirtyChunk, SignalState } from "./signal-table.ts";

/** "FtHi" in ASCII: SQLite keeps it in the header of a file, where `file` and others read it. */
const APPLICATION_ID = 0x46744869;
const FORMAT = 1;
/** A chunk's row number holds its signal above and its index below: 2^28 two-hour chunks reach far past any clock. */
const CHUNKS_PER_SIGNAL = 2 ** 28;
/** Above this size the start does not read the whole file; every chunk carries its own checksum and is checked when read. */
const CHECK_WHOLE_BYTES = 64 * 2 ** 20;
const [SQLITE_BUSY, SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_FULL, SQLITE_NOTADB] = [5, 10, 11, 13, 26] as const;

const SCHEMA = `
  CREATE TABLE signal (id INTEGER PRIMARY KEY, target TEXT NOT NULL, signal TEXT NOT NULL, step INTEGER NOT NULL,
    derived INTEGER NOT NULL, newest INTEGER NOT NULL, UNIQUE (target, signal, step));
  CREATE TABLE chunk (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
  CREATE TABLE recent (id INTEGER PRIMARY KEY AUTOINCREMENT, checksum INTEGER NOT NULL, body BLOB NOT NULL);
  PRAGMA application_id = ${String(APPLICATION_ID)};
  PRAGMA user_version = ${String(FORMAT)};`;

/** Damage that was found while reading; it becomes a failure at the port. */
export class DamagedHistory extends Error {}

/** One SQLite file: a row a chunk, and a row for each write that is not yet in chunks. Synchronous; owned by the worker. */
export class SqliteFile {
  readonly path: string;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** Opens or creates the file; throws what `failureOf` can read. */
  constructor(path: string) {
    this.path = path;
    const isNew = !existsSync(path) || statSync(path).size === 0;
    this.#database = new DatabaseSync(path, { timeout: 0 });
    try {
      this.#prepare(isNew);
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  #prepare(isNew: boolean): void {
    // EXCLUSIVE: chunks in memory are ahead of the file, so a second process must not read or write it. FULL: the WAL is
    // synced at each commit, so what was acknowledged outlives a loss of power too.
    this.#database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -4096;");
    if (isNew) {
      this.#database.exec(`BEGIN EXCLUSIVE; ${SCHEMA} COMMIT;`);
      return;
    }
    const header = this.#number("PRAGMA application_id");
    if (header !== APPLICATION_ID) throw new DamagedHistory(`${this.path} is not a history of Foretide (application id ${String(header)})`);
    const format = this.#number("PRAGMA user_version");
    if (format > FORMAT) throw new DamagedHistory(`${this.path} was written by a newer Foretide (format ${String(format)}; this one reads up to ${String(FORMAT)})`);
    if (statSync(this.path).size <= CHECK_WHOLE_BYTES) {
      const found = this.#database.prepare("PRAGMA quick_check(1)").get()?.["quick_check"];
      if (found !== "ok") throw new DamagedHistory(`${this.path} is damaged: ${String(found)}; restore it from a copy, or move it away to start anew`);
    }
    this.transaction(() => { /* takes the exclusive lock now, not at the first write */ });
  }

  transaction(work: () => void): void {
    this.#database.exec("BEGIN EXCLUSIVE");
    try {
      work();
      this.#database.exec("COMMIT");
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  signals(): SignalState[] {
    return this.#run("SELECT id, target, signal, step, derived, newest FROM signal ORDER BY id").all().map((row) => ({
      id: Number(row["id"]),
      key: { target: String(row["target"]), signal: String(row["signal"]), stepSeconds: Number(row["step"]) },
      derived: row["derived"] === 1,
      newestSlot: Number(row["newest"]),
    }));
  }

  saveSignal(state: SignalState): void {
    this.#run(`INSERT INTO signal (id, target, signal, step, derived, newest) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET derived = excluded.derived, newest = excluded.newest`)
      .run(state.id, state.key.target, state.key.signal, state.key.stepSeconds, state.derived ? 1 : 0, state.newestSlot);
  }

  loadChunk(signal: SignalState, index: number): Chunk | undefined {
    const body = this.#run("SELECT body FROM chunk WHERE id = ?").get(signal.id * CHUNKS_PER_SIGNAL + index)?.["body"];
    if (!(body instanceof Uint8Array)) return undefined;
    const chunk = Chunk.decode(body, chunkRows(signal.key.stepSeconds));
    if (chunk === undefined) {
      const start = new Date(index * chunkRows(signal.key.stepSeconds) * signal.key.stepSeconds * 1000).toISOString();
      throw new DamagedHistory(`${this.path}: the chunk of ${signal.key.target}/${signal.key.signal} from ${start} is damaged (checksum)`);
    }
    return chunk;
  }

  saveChunk({ signal, index, chunk }: DirtyChunk): void {
    this.#run("INSERT OR REPLACE INTO chunk (id, body) VALUES (?, ?)").run(signal.id * CHUNKS_PER_SIGNAL + index, chunk.encode());
  }

  /** Removes a signal's chunks below an index, and the signal where `whole`. */
  dropChunks(signal: SignalState, index: number, whole: boolean): number {
    const from = signal.id * CHUNKS_PER_SIGNAL;
    const dropped = this.#run("DELETE FROM chunk WHERE id >= ? AND id < ?").run(from, from + index).changes;
    if (whole) this.#run("DELETE FROM signal WHERE id = ?").run(signal.id);
    return Number(dropped);
  }

  addRecent(body: Uint8Array): void {
    this.#run("INSERT INTO recent (checksum, body) VALUES (?, ?)").run(crc32(body), body);
  }

  /** The writes that are not yet in chunks, oldest first. */
  *recent(): Generator<Uint8Array> {
    for (const row of this.#run("SELECT id, checksum, body FROM recent ORDER BY id").all()) {
      const body = row["body"];
      if (!(body instanceof Uint8Array) || crc32(body) !== row["checksum"]) {
        throw new DamagedHistory(`${this.path}: write ${String(row["id"])} is damaged (checksum); restore the file from a copy, or move it away to start anew`);
      }
      yield body;
    }
  }

  clearRecent(): void {
    this.#run("DELETE FROM recent").run();
  }

  close(): void {
    this.#database.close();
  }

  #number(sql: string): number {
    return Number(Object.values(this.#database.prepare(sql).get() ?? {})[0]);
  }

  #run(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** The failure that an error of the file means; undefined where it is a bug. */
export function failureOf(error: unknown, path: string): Failure | undefined {
  if (error instanceof DamagedHistory) return failure("permanent", error.message);
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return undefined;
  switch (error.errcode & 0xff) {
    case SQLITE_FULL: return failure("transient", `${path}: the disk is full; nothing of this write was kept`);
    case SQLITE_BUSY: return failure("transient", `${path} is in use by another process`);
    case SQLITE_IOERR: return failure("transient", `${path} cannot be written or read (${error.message}); nothing of this write was kept`);
    case SQLITE_NOTADB: return failure("permanent", `${path} is not a history of Foretide, or its head is damaged; it was left as it is`);
    case SQLITE_CORRUPT: return failure("permanent", `${path} is damaged (${error.message}); it was left as it is: restore it from a copy, or move it away to start anew`);
    default: return failure("permanent", `${path}: ${error.message}`);
  }
}
