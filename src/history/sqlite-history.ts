import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { Worker } from "node:worker_threads";
import { failure, success, type Result } from "../model/result.ts";
import type { AppendSummary, HistoryOptions, HistoryPoint, HistoryStore, SignalKey } from "./history-store.ts";
import { keyProblem, latestSeconds, validPoints } from "./signal-table.ts";
import { type EngineAnswer, type EngineRequest, toCells } from "./sqlite-engine.ts";
import type { WorkerMessage, WorkerReply } from "./sqlite-history-worker.ts";

/** The history's name in the daemon's data folder. */
export const HISTORY_FILE = "history.db";

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
    const answer = await line.ask<AppendSummary>({ kind, key: plainKey(key), cells: toCells(valid) });
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

type Settle = (answer: EngineAnswer) => void;

/** The line to the worker: what is asked in one turn goes as one message, and so into one commit. Answers come in order. */
class WorkerLine {
  readonly opened: Promise<EngineAnswer>;
  readonly #worker: Worker;
  readonly #waiting: Settle[] = [];
  #queue: EngineRequest[] = [];
  #closed: Promise<void> | undefined;
  #dead: Result<never> | undefined;
  #onOpen: Settle = () => undefined;
  #onClosed: () => void = () => undefined;

  constructor(path: string) {
    const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
    this.#worker = new Worker(new URL(`./sqlite-history-worker.${extension}`, import.meta.url), { workerData: path });
    this.opened = new Promise((resolve) => { this.#onOpen = resolve; });
    this.#worker.on("message", (reply: WorkerReply) => { this.#take(reply); });
    this.#worker.on("error", (error) => { this.#fail(`the worker of ${path} ended: ${String(error)}`); });
    this.#worker.on("exit", () => { this.#fail(`the history ${path} is closed`); });
  }

  ask<T>(request: EngineRequest): Promise<Result<T>> {
    const dead = this.#dead;
    if (dead !== undefined) return Promise.resolve(dead);
    if (this.#closed !== undefined) return Promise.resolve(failure("permanent", "the history is closed"));
    if (this.#queue.length === 0) setImmediate(() => { this.#send(); });
    this.#queue.push(request);
    return new Promise((resolve) => { this.#waiting.push(resolve as Settle); });
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#onClosed = resolve;
      this.#send();
      this.#worker.ref();
      this.#post({ kind: "close" });
      if (this.#dead !== undefined) resolve();
    });
    return this.#closed;
  }

  #send(): void {
    if (this.#queue.length === 0) return;
    const requests = this.#queue;
    this.#queue = [];
    this.#worker.ref();
    this.#post({ kind: "requests", requests }, requests.flatMap((request) => ("cells" in request ? [request.cells.buffer as ArrayBuffer] : [])));
  }

  #post(message: WorkerMessage, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #take(reply: WorkerReply): void {
    if (reply.kind === "answers") for (const answer of reply.answers) this.#waiting.shift()?.(answer);
    else if (reply.kind === "open") this.#onOpen(reply.result);
    else this.#onClosed();
    // An idle history does not keep its process alive.
    if (this.#waiting.length === 0) this.#worker.unref();
  }

  #fail(message: string): void {
    const dead = failure("permanent", message);
    this.#dead ??= dead;
    this.#onOpen(this.#dead);
    for (const settle of this.#waiting.splice(0)) settle(dead);
    this.#onClosed();
  }
}
