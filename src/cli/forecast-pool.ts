import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";

import { runForecastJob, type ForecastAnswer, type ForecastJob } from "./forecast-job.ts";

/** Fewer jobs than this are done faster than a worker starts. */
const JOBS_WORTH_WORKERS = 4;

/** Runs jobs on a worker a core; answers come in the order of the jobs. `onDone` is called after each with the number done. */
export async function runForecastJobs(jobs: readonly ForecastJob[], onDone: (done: number) => void): Promise<ForecastAnswer[]> {
  if (jobs.length < JOBS_WORTH_WORKERS) {
    const inline: ForecastAnswer[] = [];
    for (const job of jobs) onDone(inline.push(await runForecastJob(job)));
    return inline;
  }
  const answers: ForecastAnswer[] = [];
  let next = 0;
  let done = 0;
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL(import.meta.url.endsWith(".ts") ? "./forecast-worker.ts" : "./forecast-worker.js", import.meta.url));
      const give = (): void => {
        const id = next++;
        if (id < jobs.length) worker.postMessage({ id, job: jobs[id] });
        else void worker.terminate().then(() => { resolve(); });
      };
      worker.on("message", ({ id, answer }: { id: number; answer: ForecastAnswer }) => {
        answers[id] = answer;
        onDone(++done);
        give();
      });
      worker.on("error", reject);
      give();
    });
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), jobs.length) }, work));
  return answers;
}
