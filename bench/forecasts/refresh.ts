import { median } from "simple-statistics";

import type { Forecaster } from "../../forecasts/forecaster.ts";
import { stateBytes } from "../../forecasts/ensemble/state-size.ts";
import type { SavedEnsemble } from "../../forecasts/ensemble/running-ensemble.ts";

export interface RefreshScore {
  readonly fitMilliseconds: number;
  readonly updateMicroseconds: number;
  readonly forecastMicroseconds: number;
  readonly stateBytes: number;
  readonly jsonBytes: number;
}

const DAY = 288;
const WEEK = 2016;
const ROWS = 8064;

/** CPU time of a full fit of 28 days at five minutes, of one update, of a forecast of 288 horizons at four levels; after warm-up. */
export function scoreRefresh(forecaster: Forecaster): RefreshScore {
  const values = Float64Array.from({ length: ROWS + 600 }, (_, row) => sample(row));
  const series = { startSeconds: 0, stepSeconds: 300, values: values.slice(0, ROWS) };
  const fit = (): unknown => {
    const result = forecaster.fit({ series, seasons: [DAY, WEEK], horizon: DAY, seed: 1 });
    if (!result.ok) throw new Error(result.reason);
    return result.fit;
  };
  fit();
  const fitMilliseconds = median([cpuMicroseconds(fit), cpuMicroseconds(fit), cpuMicroseconds(fit)]) / 1000;
  const running = forecaster.resume(fit());
  const horizons = Array.from({ length: DAY }, (_, k) => k + 1);
  const forecastAll = (): unknown => running.forecast(horizons, [0.5, 0.9, 0.95, 0.99]);
  for (let row = ROWS; row < ROWS + 200; row++) {
    running.observe(values[row]!);
    forecastAll();
  }
  const update = cpuMicroseconds(() => { for (let row = ROWS + 200; row < ROWS + 600; row++) running.observe(values[row]!); }) / 400;
  const forecast = cpuMicroseconds(() => { for (let i = 0; i < 200; i++) forecastAll(); }) / 200;
  const saved = running.save() as SavedEnsemble;
  return { fitMilliseconds, updateMicroseconds: update, forecastMicroseconds: forecast, stateBytes: stateBytes(saved), jsonBytes: JSON.stringify(saved).length };
}

/** A load with a day and a week, and noise from a chaotic map, so that no random source is needed. */
function sample(row: number): number {
  const daily = 1 + 0.6 * Math.sin((2 * Math.PI * row) / DAY);
  const weekly = 1 + 0.2 * Math.cos((2 * Math.PI * row) / WEEK);
  const noise = Math.sin(row * 12.9898) * 43758.5453;
  return 1000 * daily * weekly * (0.95 + 0.1 * (noise - Math.floor(noise)));
}

function cpuMicroseconds(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const used = process.cpuUsage(before);
  return used.user + used.system;
}
