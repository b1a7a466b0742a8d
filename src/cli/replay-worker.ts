import { parentPort, workerData } from "node:worker_threads";
import type { ReplayJob } from "../replay/replay-job.ts";
import { runReplayJob } from "../replay/replay-job.ts";
import type { WorkerWorld } from "./replay-pool.ts";

const { world, leadTimeSeconds } = workerData as WorkerWorld;

parentPort?.on("message", ({ job, at }: { readonly job: ReplayJob; readonly at: number }) => {
  parentPort?.postMessage({ at, answer: runReplayJob(job, world, leadTimeSeconds) });
});
