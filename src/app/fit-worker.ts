import { parentPort } from "node:worker_threads";

import { CONTROL_MODELS } from "../../forecasts/models/lead-ridge-forecaster.ts";
import { FORECASTERS } from "../../forecasts/registry.ts";
import type { FitJob } from "./fit-pool.ts";

parentPort?.on("message", ({ id, job }: { id: number; job: FitJob }) => {
  const forecaster = FORECASTERS[job.forecasterId] ?? CONTROL_MODELS[job.forecasterId];
  const result = forecaster === undefined ? { ok: false, reason: `no forecaster is named ${job.forecasterId}` } : forecaster.fit(job.input);
  parentPort?.postMessage({ id, result });
});
