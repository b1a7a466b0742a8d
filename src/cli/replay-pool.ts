import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { ReplayAnswer, ReplayJob } from "../replay/replay-job.ts";
import { jobName, replayJobs, replayReport } from "../replay/run-replay.ts";
import type { ReplayReport, ReplayRequest } from "../replay/run-replay.ts";
import type { ReplayWorld } from "../replay/simulate.ts";
import type { ProgressBar } from "./progress-bar.ts";

/** What each worker is given once: the load is shared, not copied. */
export interface WorkerWorld {
  readonly world: ReplayWorld;
  readonly leadTimeSeconds: number;
}

export interface PoolOptions {
  /** One a core where absent. */
  readonly threads?: number;
  readonly progress: ProgressBar;
}

/** Runs a replay on worker threads. Answers are put in the order of the jobs, so the report is that of one thread, byte for byte. */
export async function replayOnThreads(request: ReplayRequest, { threads = availableParallelism(), progress }: PoolOptions): Promise<ReplayReport> {
  const jobs = replayJobs(request);
  const shared: WorkerWorld = { world: { ...request.world, load: sharedCopy(request.world.load) }, leadTimeSeconds: request.leadTimeSeconds };
  const answers: ReplayAnswer[] = [];
  const queue = jobs.map((job, at) => ({ job, at }));
  let done = 0;
  progress.at(0, jobs.length, "");
  const work = (): Promise<void> => new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url.endsWith(".ts") ? "./replay-worker.ts" : "./replay-worker.js", import.meta.url), { workerData: shared });
    const give = (): void => {
      const next = queue.shift();
      if (next === undefined) void worker.terminate().then(() => { resolve(); });
      else worker.postMessage(next);
    };
    worker.on("message", ({ at, answer }: { readonly at: number; readonly answer: ReplayAnswer }) => {
      answers[at] = answer;
      done += 1;
      const job: ReplayJob | undefined = jobs[at];
      progress.at(done, jobs.length, job === undefined ? "" : jobName(job));
      give();
    });
    worker.on("error", reject);
    give();
  });
  try {
    await Promise.all(Array.from({ length: Math.max(1, Math.min(threads, jobs.length)) }, work));
  } finally {
    progress.done();
  }
  return replayReport(request, answers);
}

function sharedCopy(load: Float64Array): Float64Array {
  const copy = new Float64Array(new SharedArrayBuffer(load.byteLength));
  copy.set(load);
  return copy;
}
