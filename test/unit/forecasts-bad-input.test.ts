import { describe, expect, it } from "vitest";

import type { FitInput } from "../../forecasts/forecaster.ts";
import { FORECASTERS } from "../../forecasts/registry.ts";
import { detectSeasons } from "../../forecasts/season-detection.ts";
import { loadSeries } from "../fixtures/load-series.ts";

const AUTO = FORECASTERS["auto"]!;
const DAY = 48;
const HORIZON = 24;
const HORIZONS = Array.from({ length: HORIZON }, (_, k) => k + 1);
const LEVELS = [0.05, 0.5, 0.95, 0.99];

function forecast(values: Float64Array, more: Partial<FitInput> = {}, then: readonly number[] = []) {
  const series = { startSeconds: 1_700_000_000, stepSeconds: 300, values };
  const result = AUTO.fit({ series, seasons: [DAY, 7 * DAY], horizon: HORIZON, seed: 1, ...more });
  if (!result.ok) return result.reason;
  const running = AUTO.resume(result.fit);
  for (const value of then) running.observe(value);
  const made = running.forecast(HORIZONS, LEVELS);
  for (const path of [made.mean, ...made.quantiles]) expect(path.every(Number.isFinite)).toBe(true);
  return made;
}

const GOOD = loadSeries({ rows: 20 * DAY, day: DAY }).values;
const truth = Float64Array.from(HORIZONS, (k) => loadSeries({ rows: 20 * DAY + HORIZON, day: DAY, noise: 0 }).values[20 * DAY + k - 1]!);

/** Mean error of a forecast over the clean load's level of about 100. */
function meanError(made: ReturnType<typeof forecast>): number {
  if (typeof made === "string") throw new Error(made);
  return made.mean.reduce((sum, value, k) => sum + Math.abs(value - truth[k]!), 0) / HORIZON;
}

function edited(edit: (values: Float64Array) => void): Float64Array {
  const values = GOOD.slice();
  edit(values);
  return values;
}

describe("what comes out of bad input", () => {
  it("a clean load: an error of a few percent, as the measure for the rest", () => {
    expect(meanError(forecast(GOOD))).toBeLessThan(6);
  });

  it.each([
    ["scattered gaps", (values: Float64Array) => { for (let row = 0; row < values.length; row += 7) values[row] = NaN; }],
    ["a day without data", (values: Float64Array) => { values.fill(NaN, 8 * DAY, 9 * DAY); }],
    ["gaps at the start", (values: Float64Array) => { values.fill(NaN, 0, 3 * DAY); }],
    ["a gap at the end", (values: Float64Array) => { values.fill(NaN, 20 * DAY - 6); }],
    ["infinities", (values: Float64Array) => { values[100] = Infinity; values[200] = -Infinity; }],
    ["a reset counter's spike", (values: Float64Array) => { values[500] = 1e9; }],
    ["ten spikes", (values: Float64Array) => { for (let row = 50; row < 950; row += 90) values[row] = 2000; }],
  ])("%s: forecast nearly as well", (_name, edit) => {
    expect(meanError(forecast(edited(edit)))).toBeLessThan(12);
  });

  it("a change of unit by 1,000 a week ago: the new unit is forecast", () => {
    const made = forecast(edited((values) => { for (let row = 13 * DAY; row < values.length; row++) values[row] = values[row]! * 1000; }));
    expect(typeof made === "string" ? NaN : made.mean[0]! / truth[0]!).toBeGreaterThan(300);
  });

  it("a clock an hour off for a day: the other days count", () => {
    expect(meanError(forecast(edited((values) => { values.copyWithin(10 * DAY + 12, 10 * DAY, 11 * DAY); })))).toBeLessThan(10);
  });

  it("a constant: the constant, with no spread", () => {
    const made = forecast(new Float64Array(500).fill(7));
    if (typeof made === "string") throw new Error(made);
    for (const path of [made.mean, ...made.quantiles]) for (const value of path) expect(value).toBeCloseTo(7, 5);
  });

  it("zeros: zeros, and nothing below", () => {
    const made = forecast(new Float64Array(500));
    if (typeof made === "string") throw new Error(made);
    for (const path of [made.mean, ...made.quantiles]) for (const value of path) expect(Math.abs(value)).toBeLessThan(1e-6);
  });

  it("one point: that point", () => {
    const made = forecast(Float64Array.from([42]));
    expect(typeof made === "string" ? NaN : made.mean[5]).toBeCloseTo(42, 4);
  });

  it("negative loads: forecast as they are, below zero", () => {
    const made = forecast(GOOD.map((value) => value - 300));
    expect(typeof made === "string" ? NaN : made.quantiles[0]![0]).toBeLessThan(0);
  });

  it("a load that was never negative: no path below zero, unless it is asked for", () => {
    const nearZero = GOOD.map((value, row) => (row % DAY < 20 ? 0 : value * (row % 3)));
    const made = forecast(nearZero);
    expect(typeof made === "string" ? NaN : Math.min(...made.quantiles[0]!)).toBeGreaterThanOrEqual(0);
    const free = forecast(nearZero, { allowNegative: true });
    expect(typeof free === "string" ? NaN : Math.min(...free.quantiles[0]!)).toBeLessThan(0);
  });

  it("a season that does not exist: no worse than twice the error of the right one", () => {
    expect(meanError(forecast(GOOD, { seasons: [35, 245] }))).toBeLessThan(2 * 12);
  });

  it("a season longer than the history: a forecast without it, and a note", () => {
    const result = AUTO.fit({ series: { startSeconds: 0, stepSeconds: 300, values: GOOD.slice(0, 60) }, seasons: [DAY], horizon: HORIZON, seed: 1 });
    expect(result).toMatchObject({ ok: true, note: expect.stringContaining("without a season") as unknown });
  });

  it("nothing but gaps: a reason instead of a fit", () => {
    expect(forecast(new Float64Array(100).fill(NaN))).toBe("no value is known");
  });

  it("NaN, infinities and jumps while it runs: finite paths all along", () => {
    forecast(GOOD, {}, [NaN, Infinity, -Infinity, 1e12, -5, 0, NaN, 100]);
  });

  it("censored rows: they do not lower what is learned", () => {
    const capped: number[] = [];
    const values = edited((row) => {
      row.forEach((value, index) => {
        if (value > 120 && index > 13 * DAY) {
          row[index] = 120;
          capped.push(index);
        }
      });
    });
    const plain = forecast(values);
    const told = forecast(values, { censored: capped });
    if (typeof plain === "string" || typeof told === "string") throw new Error("no forecast");
    expect(Math.max(...told.mean)).toBeGreaterThan(Math.max(...plain.mean));
  });
});

describe("the season", () => {
  it("is the calendar's day and week where the load has them", () => {
    expect(detectSeasons({ ...loadSeries({ rows: 21 * 288, day: 288 }) })).toEqual([288, 2016]);
  });

  it("is found where the calendar does not tell it, with its multiple", () => {
    const series = { ...loadSeries({ rows: 3000, day: 120, week: 840 }), stepSeconds: 5 };
    expect(detectSeasons(series)).toEqual([120, 840]);
  });

  it("is none for noise on a short grid", () => {
    const noise = loadSeries({ rows: 600, day: 1e9, week: 1e9, noise: 0.5 });
    expect(detectSeasons({ ...noise, stepSeconds: 5 })).toEqual([]);
  });
});
