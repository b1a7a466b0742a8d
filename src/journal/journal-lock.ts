import { DatabaseSync } from "node:sqlite";
import { failure, success, type Result } from "../model/result.ts";

/**
 * Holds a folder for one writer. The lock is SQLite's on an empty database: the system lets go of it however the process ends,
 * which a file with a process's number in it cannot do in a container, where numbers come again.
 */
export function lockJournal(path: string): Result<{ release(): void }> {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE;");
    const held = database;
    return success({ release: () => { held.close(); } });
  } catch (error) {
    database?.close();
    const busy = error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY;
    return failure("transient", busy ? `the journal is in use by another process (${path})` : `cannot lock the journal (${path}): ${String(error)}`);
  }
}

const SQLITE_BUSY = 5;
