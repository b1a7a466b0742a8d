import { parentPort } from "node:worker_threads";

import { runForecastJob, type ForecastJob } from "./forecast-job.ts";

parentPort?.on("message", ({ id, job }: { id: number; job: ForecastJob }) => {
  void runForecastJob(job).then((answer) => { parentPort?.postMessage({ id, answer }); });
});
