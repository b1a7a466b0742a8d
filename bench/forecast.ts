import { DEFAULT_FORECASTER, FORECASTERS } from "../forecasts/registry.ts";
import type { BenchRow } from "./bench-row.ts";
import { scoreRefresh } from "./forecasts/refresh.ts";

export const name = "forecast";

/** The ensemble on 28 days at 5 minutes with two seasons, 288 horizons and 4 levels; CPU time of one thread. */
export function run(): Promise<readonly BenchRow[]> {
  const forecaster = FORECASTERS[DEFAULT_FORECASTER];
  if (forecaster === undefined) throw new Error("no default forecaster");
  const { fitMilliseconds, updateMicroseconds, forecastMicroseconds, stateBytes } = scoreRefresh(forecaster);
  return Promise.resolve([
    { what: "full fit, quantiles included", value: fitMilliseconds, unit: "CPU ms", goal: { atMost: 100 } },
    { what: "update and 288 horizons", value: (updateMicroseconds + forecastMicroseconds) / 1000, unit: "CPU ms", goal: { atMost: 0.3 } },
    { what: "state", value: stateBytes / 1000, unit: "kB", goal: { atMost: 60 } },
  ]);
}
