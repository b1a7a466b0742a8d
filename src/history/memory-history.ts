import { failure, success, type Result } from "../model/result.ts";
import type { AppendSummary, HistoryOptions, HistoryPoint, HistoryStore, SignalKey } from "./history-store.ts";
import { firstKeptChunk, keyProblem, latestSeconds, SignalTable, validPoints } from "./signal-table.ts";

/** A history that lives as long as the process: for simulations and `drive`. */
export function openMemoryHistory(options: HistoryOptions = {}): HistoryStore {
  const table = new SignalTable(() => undefined);
  const write = (key: SignalKey, points: readonly HistoryPoint[], kind: "append" | "importPoints"): Result<AppendSummary> => {
    const problem = keyProblem(key);
    if (problem !== undefined) return failure("permanent", problem);
    const valid = validPoints(points, latestSeconds(key, options.now));
    if (valid.length === 0) return success({ stored: 0, droppedLate: 0, droppedInvalid: points.length });
    return success({ ...table[kind](key, valid), droppedInvalid: points.length - valid.length });
  };
  return {
    append: (key, points) => Promise.resolve(write(key, points, "append")),
    importPoints: (key, points) => Promise.resolve(write(key, points, "importPoints")),
    read: (key, from, to) => Promise.resolve(success(table.read(key, from, to))),
    readPoints: (key, from, to) => Promise.resolve(success(table.readPoints(key, from, to))),
    keys: () => Promise.resolve(success([...table.signals()].map((signal) => signal.key))),
    prune: (before, hourlyBefore = before) => {
      let dropped = 0;
      for (const signal of [...table.signals()]) dropped += table.dropBelow(signal, firstKeptChunk(signal, before, hourlyBefore));
      return Promise.resolve(success(dropped));
    },
    close: () => Promise.resolve(),
  };
}
