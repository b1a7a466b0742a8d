import { describe, expect, it } from "vitest";

import { borrowHistory } from "../../forecasts/cold-start.ts";
import { FORECASTERS } from "../../forecasts/registry.ts";
import { sliceSeries, type Series } from "../../forecasts/series.ts";
import { loadSeries } from "../fixtures/load-series.ts";

const DAY = 96;
const WHOLE = loadSeries({ rows: 30 * DAY, day: DAY });
const START = 20 * DAY + 40;

/** Mean error of a day ahead over the level, from `rows` of history that end at the same time. */
function dayAheadError(history: Series): number {
  const result = FORECASTERS["auto"]!.fit({ series: history, seasons: [DAY, 7 * DAY], horizon: DAY, seed: 1 });
  if (!result.ok) throw new Error(result.reason);
  const horizons = Array.from({ length: DAY }, (_, k) => k + 1);
  const { mean } = FORECASTERS["auto"]!.resume(result.fit).forecast(horizons, [0.5]);
  return mean.reduce((sum, value, k) => sum + Math.abs(value - WHOLE.values[START + k]!), 0) / DAY / 100;
}

describe("a cold start", () => {
  it("gets better with an hour, two days and two weeks of history", () => {
    const [hour, days, weeks] = [4, 3 * DAY, 16 * DAY].map((rows) => dayAheadError(sliceSeries(WHOLE, START - rows, START)));
    expect(days!).toBeLessThan(hour!);
    expect(weeks!).toBeLessThan(days!);
    expect(weeks!).toBeLessThan(0.06);
  });

  it("borrows the past of an alike series of the fleet, and forecasts a day nearly as well with two hours of its own", () => {
    const alike = { ...loadSeries({ rows: 30 * DAY, day: DAY, seed: 9 }), values: loadSeries({ rows: 30 * DAY, day: DAY, seed: 9 }).values.map((value) => 7 * value) };
    const other = { ...alike, values: WHOLE.values.map((_, row) => 50 + 200 * ((row * 7919) % 13)) };
    const young = sliceSeries(WHOLE, START - 8, START);
    const fleet = [{ name: "other", series: sliceSeries(other, 0, START) }, { name: "alike", series: sliceSeries(alike, 0, START) }];
    const borrowed = borrowHistory(young, fleet, 14 * DAY)!;
    expect(borrowed.donor).toBe("alike");
    expect(borrowed.series.values.subarray(-8)).toEqual(young.values);
    expect(dayAheadError(borrowed.series)).toBeLessThan(0.08);
    expect(dayAheadError(borrowed.series)).toBeLessThan(dayAheadError(young) / 3);
  });

  it("borrows nothing from a series that is not alike, or that shares too few rows", () => {
    const young = sliceSeries(WHOLE, START - 8, START);
    const noise = { ...WHOLE, values: WHOLE.values.map((_, row) => 1 + ((row * 7919) % 97)) };
    expect(borrowHistory(young, [{ name: "noise", series: noise }], 14 * DAY)).toBeUndefined();
    expect(borrowHistory(sliceSeries(WHOLE, START - 3, START), [{ name: "itself", series: WHOLE }], 14 * DAY)).toBeUndefined();
  });
});
