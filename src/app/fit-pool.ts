import { Worker } from "node:worker_threads";

import type { FitInput, FitResult } from "../../forecasts/forecaster.ts";

/** A fit to be made on a worker thread: which forecaster of the registry, and what it may see. */
export interface FitJob {
  readonly forecasterId: string;
  readonly input: FitInput;
}

interface Pending {
  readonly resolve: (result: FitResult) => void;
}

/**
 * Fits models on one worker thread, in order, so that the loop never waits for one. The thread starts with the first job and
 * is not kept from ending with the process. A thread that dies fails its jobs with a reason and is replaced.
 */
export class FitPool {
  #worker: Worker | undefined;
  #nextId = 0;
  readonly #pending = new Map<number, Pending>();

  fit(job: FitJob): Promise<FitResult> {
    const worker = (this.#worker ??= this.#start());
    const id = (this.#nextId += 1);
    return new Promise((resolve) => {
      this.#pending.set(id, { resolve });
      worker.postMessage({ id, job });
    });
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
    this.#failAll("the daemon is stopping");
  }

  #start(): Worker {
    const worker = new Worker(new URL(import.meta.url.endsWith(".ts") ? "./fit-worker.ts" : "./fit-worker.js", import.meta.url));
    worker.unref();
    worker.on("message", (message: { id: number; result: FitResult }) => {
      this.#pending.get(message.id)?.resolve(message.result);
      this.#pending.delete(message.id);
    });
    worker.on("error", (error: Error) => {
      if (this.#worker === worker) this.#worker = undefined;
      this.#failAll(`the fit worker died: ${error.message}`);
    });
    return worker;
  }

  #failAll(reason: string): void {
    for (const { resolve } of this.#pending.values()) resolve({ ok: false, reason });
    this.#pending.clear();
  }
}
