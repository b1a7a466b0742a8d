import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { failure, success, type Result } from "../model/result.ts";
import type { AppendSummary, HistoryOptions, HistoryPoint, HistoryStore, SignalKey } from "./history-store.ts";
import { keyProblem, latestSeconds, validPoints } from "./signal-table.ts";
import { WorkerLine } from "./worker-line.ts";

/** The history's name in the daemon's data folder. */
export const HISTORY_FILE = "history.sqlite";

/**
 * Opens the embedded history, or creates it with its folder. A damaged file is a `permanent` failure and is left as it is; one
 * that another process has open is `transient`. A write resolves once it is synced to disk.
 */
export async function openSqliteHistory(path: string, options: HistoryOptions = {}): Promise<Result<HistoryStore>> {
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    return failure("permanent", `cannot make the folder of ${path}: ${String(error)}`);
  }
  const line = new WorkerLine(path);
  const opened = await line.opened;
  if (!opened.ok) return opened;
  return success(storeOver(line, options));
}

function storeOver(line: WorkerLine, options: HistoryOptions): HistoryStore {
  const write = async (kind: "append" | "importPoints", key: SignalKey, points: readonly HistoryPoint[]): Promise<Result<AppendSummary>> => {
    const problem = keyProblem(key);
    if (problem !== undefined) return failure("permanent", problem);
    const valid = validPoints(points, latestSeconds(key, options.now));
    const droppedInvalid = points.length - valid.length;
    if (valid.length === 0) return success({ stored: 0, droppedLate: 0, droppedInvalid });
    const answer = await line.write(kind, plainKey(key), valid);
    return answer.ok ? success({ ...answer.value, droppedInvalid }) : answer;
  };
  return {
    append: (key, points) => write("append", key, points),
    importPoints: (key, points) => write("importPoints", key, points),
    read: (key, from, to) => line.ask({ kind: "read", key: plainKey(key), from, to }),
    readPoints: (key, from, to) => line.ask({ kind: "readPoints", key: plainKey(key), from, to }),
    keys: () => line.ask({ kind: "keys" }),
    prune: (before, hourlyBefore = before) => line.ask({ kind: "prune", before, hourlyBefore }),
    close: () => line.close(),
  };
}

/** Only the key's own fields travel to the worker and are stored. */
function plainKey({ target, signal, stepSeconds }: SignalKey): SignalKey {
  return { target, signal, stepSeconds };
}
