import { describe, expect, it } from "vitest";

import type { Forecast } from "../../../forecasts/forecast.ts";
import { ForecastLedger } from "../../../src/app/forecasts/forecast-ledger.ts";
import { seeded } from "../../fixtures/seeded.ts";

const STEP = 300;
const DAY = 288;
const LEVELS = [0.5, 0.9, 0.95, 0.99];
/** Quantiles of the unit exponential. */
const exponential = (level: number): number => -Math.log(1 - level);

function said(endSeconds: number, rows: readonly number[], scale = 1): Forecast {
  return {
    originSeconds: endSeconds, horizonsSeconds: rows.map((row) => row * STEP), mean: new Float64Array(rows.length), levels: LEVELS,
    quantiles: LEVELS.map((level) => Float64Array.from(rows, () => scale * exponential(level))),
    model: { id: "m", digest: "", weights: {}, relativeError: NaN, note: "" },
  };
}

/** Days of unit exponential load, forecast with the true quantiles times `scale`. */
function ledgerAfter(days: number, scale = 1): ForecastLedger {
  const ledger = new ForecastLedger({ stepSeconds: STEP, horizonRows: DAY, seasonRows: DAY });
  const random = seeded(7);
  for (let row = 1; row <= days * DAY; row += 1) {
    ledger.observe(-Math.log(1 - random()), row * STEP);
    ledger.issue(said(row * STEP, ledger.horizons, scale));
  }
  return ledger;
}

describe("what came of a target's forecasts", () => {
  it("counts hits per horizon: true quantiles are held as often as they say", () => {
    const scores = ledgerAfter(21).scores();
    expect(scores.map(({ horizonSeconds }) => horizonSeconds)).toEqual([300, 900, 3_600, 86_400]);
    for (const { matured, coverage } of scores) {
      expect(matured).toBeGreaterThan(19 * DAY);
      for (const { level, share } of coverage) expect(Math.abs(share - level)).toBeLessThan(0.02);
    }
    expect(scores[0]?.days).toHaveLength(22);
  });

  it("shows a forecast that is too narrow, and one that is worse than its rivals", () => {
    const [narrow] = ledgerAfter(7, 0.5).scores();
    expect(narrow?.coverage.find(({ level }) => level === 0.9)?.share).toBeLessThan(0.72);
    const [wide] = ledgerAfter(7, 20).scores();
    expect(wide?.overSeasonalNaive).toBeGreaterThan(5);
    expect(wide?.overNow).toBeGreaterThan(5);
    // The median of independent rows is better than any one row.
    expect(ledgerAfter(7).scores()[0]?.overNow).toBeLessThan(0.8);
  });

  it("scores nothing for gaps, for lower bounds, and before a horizon has passed", () => {
    const ledger = new ForecastLedger({ stepSeconds: STEP, horizonRows: DAY, seasonRows: DAY });
    const observe = (row: number, value: number, isLowerBound = false): void => {
      ledger.observe(value, row * STEP, isLowerBound);
      ledger.issue(said(row * STEP, ledger.horizons));
    };
    observe(1, 1);
    expect(ledger.scores()[0]).toMatchObject({ matured: 0, coverage: [], meanPinball: undefined, overNow: undefined, days: [] });
    observe(2, NaN);
    observe(3, 1, true);
    expect(ledger.scores()[0]?.matured).toBe(0);
    observe(4, 1);
    expect(ledger.scores()[0]?.matured).toBe(1);
    // Two hours that never came: their forecasts are dropped, not matched to other rows.
    observe(28, 1);
    expect(ledger.scores()[0]?.matured).toBe(1);
    expect(ledger.scores()[0]?.overSeasonalNaive).toBeUndefined();
  });

  it("goes on after a restart, and lets days leave after four weeks", () => {
    const before = ledgerAfter(10);
    const saved = JSON.parse(JSON.stringify(before.save())) as ReturnType<ForecastLedger["save"]>;
    const after = new ForecastLedger({ stepSeconds: STEP, horizonRows: DAY, seasonRows: DAY }, saved);
    expect(after.scores()).toEqual(before.scores());
    const old = ledgerAfter(40).scores()[0];
    expect(old?.days.length).toBe(28);
    expect(old?.matured).toBeLessThanOrEqual(28 * DAY);
  });

  it("scores the horizon that there is where none of the usual ones fits", () => {
    const demo = new ForecastLedger({ stepSeconds: 5, horizonRows: 20, seasonRows: 120 });
    expect(demo.scores().map(({ horizonSeconds }) => horizonSeconds)).toEqual([100]);
  });
});
