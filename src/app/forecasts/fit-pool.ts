import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";

import type { FitInput, FitResult } from "../../../forecasts/forecaster.ts";

/** A fit to be made on a worker thread: which forecaster of the registry, and what it may see. */
export interface FitJob {
  readonly forecasterId: string;
  readonly input: FitInput;
  /** Lets the worker look for the series' own seasons, where another than the given ones stands out. */
  readonly findSeasons?: boolean;
}

/** The fit, and the seasons in rows that it was made with. */
export type FitAnswer = FitResult & { readonly seasons?: readonly number[] };

/** The loop waits for a control fit; a fit of the outlook can wait. */
export type Urgency = "control" | "outlook";

export interface FitPoolOptions {
  /** Threads at most; one less than the machine's cores, and at most four, when left out. */
  readonly threads?: number;
  /** A thread that has had nothing to do for so long is ended: it holds some 15 MB. 60 s when left out. */
  readonly idleSeconds?: number;
}

interface Waiting {
  readonly job: FitJob;
  readonly resolve: (answer: FitAnswer) => void;
}

/** One thread and the job that it has; a thread without one is idle. */
interface Seat {
  readonly worker: Worker;
  busy: Waiting | undefined;
  idleTimer: NodeJS.Timeout | undefined;
}

const MAX_THREADS = 4;
/** Jobs that wait at most: more are refused, and asked for again when they are due next. */
const MAX_WAITING = 4_000;

/**
 * Fits models on a few worker threads, so that the loop never waits for one. A job is copied to a thread only when the thread
 * is free; control fits go first, the others in the order of asking. A thread that dies fails its job with a reason and is replaced.
 */
export class FitPool {
  readonly threads: number;
  readonly #idleSeconds: number;
  readonly #seats: Seat[] = [];
  readonly #waiting: Record<Urgency, Waiting[]> = { control: [], outlook: [] };
  #closed = false;

  constructor(options: FitPoolOptions = {}) {
    this.threads = Math.max(1, options.threads ?? Math.min(MAX_THREADS, availableParallelism() - 1));
    this.#idleSeconds = options.idleSeconds ?? 60;
  }

  fit(job: FitJob, urgency: Urgency = "control"): Promise<FitAnswer> {
    if (this.#closed) return Promise.resolve({ ok: false, reason: "the daemon is stopping" });
    if (this.#waiting[urgency].length >= MAX_WAITING) return Promise.resolve({ ok: false, reason: `${String(MAX_WAITING)} fits wait already` });
    return new Promise((resolve) => {
      this.#waiting[urgency].push({ job, resolve });
      this.#seatNext();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { resolve } of [...this.#waiting.control.splice(0), ...this.#waiting.outlook.splice(0)]) resolve({ ok: false, reason: "the daemon is stopping" });
    await Promise.all(this.#seats.splice(0).map((seat) => this.#end(seat, "the daemon is stopping")));
  }

  #seatNext(): void {
    if (this.#waiting.control.length + this.#waiting.outlook.length === 0) return;
    const seat = this.#seats.find(({ busy }) => busy === undefined) ?? (this.#seats.length < this.threads ? this.#start() : undefined);
    if (seat === undefined) return;
    clearTimeout(seat.idleTimer);
    seat.busy = this.#waiting.control.shift() ?? this.#waiting.outlook.shift();
    seat.worker.postMessage(seat.busy?.job);
  }

  #start(): Seat {
    const worker = new Worker(new URL(import.meta.url.endsWith(".ts") ? "./fit-worker.ts" : "./fit-worker.js", import.meta.url));
    // A thread does not keep the process from ending.
    worker.unref();
    const seat: Seat = { worker, busy: undefined, idleTimer: undefined };
    this.#seats.push(seat);
    worker.on("message", (answer: FitAnswer) => {
      seat.busy?.resolve(answer);
      seat.busy = undefined;
      seat.idleTimer = setTimeout(() => void this.#end(seat, "idle"), this.#idleSeconds * 1000).unref();
      this.#seatNext();
    });
    worker.on("error", (error: Error) => {
      void this.#end(seat, `the fit worker died: ${error.message}`);
      this.#seatNext();
    });
    return seat;
  }

  async #end(seat: Seat, reason: string): Promise<void> {
    clearTimeout(seat.idleTimer);
    const at = this.#seats.indexOf(seat);
    if (at >= 0) this.#seats.splice(at, 1);
    seat.busy?.resolve({ ok: false, reason });
    seat.busy = undefined;
    await seat.worker.terminate();
  }
}
