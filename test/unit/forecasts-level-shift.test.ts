import { describe, expect, it } from "vitest";

import { FORECASTERS } from "../../forecasts/registry.ts";
import { loadSeries } from "../fixtures/load-series.ts";

const DAY = 96;
const SERIES = loadSeries({ rows: 30 * DAY, day: DAY, noise: 0.03 });
const SHIFTED_FROM = 21 * DAY;

/** Follows the load from day 21 on, `factor` times what it was, for so many rows; forecasts a whole day. */
function dayAhead(factor: number, rows: number): { forecast: Float64Array; truth: Float64Array } {
  const values = SERIES.values.slice(0, SHIFTED_FROM);
  const result = FORECASTERS["auto"]!.fit({ series: { ...SERIES, values }, seasons: [DAY, 7 * DAY], horizon: DAY, seed: 1 });
  if (!result.ok) throw new Error(result.reason);
  const running = FORECASTERS["auto"]!.resume(result.fit);
  for (let row = SHIFTED_FROM; row < SHIFTED_FROM + rows; row++) running.observe(factor * SERIES.values[row]!);
  const horizons = Array.from({ length: DAY }, (_, k) => k + 1);
  return {
    forecast: running.forecast(horizons, [0.5]).mean,
    truth: Float64Array.from(horizons, (k) => factor * SERIES.values[SHIFTED_FROM + rows + k - 1]!),
  };
}

function relativeError({ forecast, truth }: ReturnType<typeof dayAhead>): number {
  const total = truth.reduce((sum, value) => sum + value, 0);
  return truth.reduce((sum, value, k) => sum + Math.abs(value - forecast[k]!), 0) / total;
}

describe("a level shift", () => {
  it("is followed within hours, over the whole next day, with the shape kept", () => {
    // Three hours of quarter-hour rows at three times the load.
    expect(relativeError(dayAhead(3, 13))).toBeLessThan(0.2);
    expect(relativeError(dayAhead(0.3, 13))).toBeLessThan(0.25);
  });

  it("is not seen in a load that keeps its level, nor in a short burst", () => {
    expect(relativeError(dayAhead(1, 13))).toBeLessThan(0.06);
    const { forecast } = dayAhead(3, 4);
    expect(forecast[60]! / SERIES.values[SHIFTED_FROM + 4 + 60]!).toBeLessThan(1.6);
  });
});
