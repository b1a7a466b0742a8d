import { parentPort } from "node:worker_threads";

import { CONTROL_MODELS } from "../../../forecasts/models/lead-ridge-forecaster.ts";
import { FORECASTERS } from "../../../forecasts/registry.ts";
import { detectSeasons } from "../../../forecasts/season-detection.ts";
import type { FitAnswer, FitJob } from "./fit-pool.ts";

parentPort?.on("message", (job: FitJob) => { parentPort?.postMessage(answerTo(job)); });

function answerTo({ forecasterId, input, findSeasons = false }: FitJob): FitAnswer {
  const forecaster = FORECASTERS[forecasterId] ?? CONTROL_MODELS[forecasterId];
  if (forecaster === undefined) return { ok: false, reason: `no forecaster is named ${forecasterId}` };
  const found = findSeasons ? detectSeasons(input.series) : [];
  const seasons = found.length > 0 ? found : input.seasons;
  return { ...forecaster.fit({ ...input, seasons }), seasons };
}
