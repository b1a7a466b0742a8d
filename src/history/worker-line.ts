import { Worker } from "node:worker_threads";
import { failure, success, type Result } from "../model/result.ts";
import type { HistoryPoint, SignalKey } from "./history-store.ts";
import { keyText } from "./signal-table.ts";
import { type EngineAnswer, type EngineRequest, packWrites, type Write } from "./sqlite-engine.ts";
import type { WorkerMessage, WorkerReply } from "./sqlite-history-worker.ts";

interface WriteSummary {
  readonly stored: number;
  readonly droppedLate: number;
}

type Settle = (answer: EngineAnswer) => void;

/** The line to the worker: writes next to each other in one turn go as one message, and so into one commit. Answers come in order. */
export class WorkerLine {
  readonly opened: Promise<EngineAnswer>;
  readonly #worker: Worker;
  readonly #waiting: Settle[] = [];
  readonly #keyNumbers = new Map<string, number>();
  #newKeys: SignalKey[] = [];
  #writes: { readonly write: Write; readonly settle: (result: Result<WriteSummary>) => void }[] = [];
  #queue: EngineRequest[] = [];
  #isScheduled = false;
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

  write(kind: Write["kind"], key: SignalKey, points: readonly HistoryPoint[]): Promise<Result<WriteSummary>> {
    const refused = this.#refusal();
    if (refused !== undefined) return Promise.resolve(refused);
    this.#schedule();
    return new Promise((settle) => { this.#writes.push({ write: { keyNumber: this.#keyNumber(key), kind, points }, settle }); });
  }

  ask<T>(request: Exclude<EngineRequest, { kind: "write" }>): Promise<Result<T>> {
    const refused = this.#refusal();
    if (refused !== undefined) return Promise.resolve(refused);
    this.#schedule();
    this.#packWrites();
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

  #refusal(): Result<never> | undefined {
    return this.#dead ?? (this.#closed === undefined ? undefined : failure("permanent", "the history is closed"));
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => { this.#send(); });
  }

  #keyNumber(key: SignalKey): number {
    const text = keyText(key);
    let number = this.#keyNumbers.get(text);
    if (number === undefined) {
      number = this.#keyNumbers.size;
      this.#keyNumbers.set(text, number);
      this.#newKeys.push(key);
    }
    return number;
  }

  #packWrites(): void {
    if (this.#writes.length === 0) return;
    const writes = this.#writes;
    this.#queue.push({ kind: "write", cells: packWrites(writes.map(({ write }) => write)), newKeys: this.#newKeys });
    this.#writes = [];
    this.#newKeys = [];
    this.#waiting.push((answer) => {
      const summaries = answer.ok ? (answer.value as Float64Array) : undefined;
      for (const [index, { settle }] of writes.entries()) {
        if (answer.ok) settle(success({ stored: summaries?.[index * 2] ?? 0, droppedLate: summaries?.[index * 2 + 1] ?? 0 }));
        else settle(answer);
      }
    });
  }

  #send(): void {
    this.#isScheduled = false;
    this.#packWrites();
    if (this.#queue.length === 0) return;
    const requests = this.#queue;
    this.#queue = [];
    this.#worker.ref();
    this.#post({ kind: "requests", requests }, requests.flatMap((request) => (request.kind === "write" ? [request.cells.buffer as ArrayBuffer] : [])));
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
    this.#packWrites();
    for (const settle of this.#waiting.splice(0)) settle(dead);
    this.#onClosed();
  }
}
