import { describe, expect, it } from "vitest";

import { createEnsemble } from "../../forecasts/ensemble/ensemble.ts";
import { LeadModel } from "../../forecasts/models/lead-ridge.ts";
import { fitLeadRidge } from "../../forecasts/models/lead-ridge-fit.ts";
import { decodeFloats64, encodeFloats64 } from "../../forecasts/numeric/encoding.ts";
import { ENSEMBLE_MEMBERS } from "../../forecasts/registry.ts";
import { loadSeries } from "../fixtures/load-series.ts";

const DAY_ROWS = 96;

/** A control model that has followed a week and was fitted two hours ago, and the rows after it. */
function controlModel(): { readonly model: LeadModel; readonly next: (row: number) => readonly [timeSeconds: number, value: number] } {
  const { values } = loadSeries({ rows: 8 * DAY_ROWS, day: DAY_ROWS });
  const model = new LeadModel({ rowSeconds: 900, dayRows: DAY_ROWS, historyRows: 7 * DAY_ROWS, horizonsRows: [2, 3] });
  const next = (row: number): readonly [number, number] => [row * 900, values[row]!];
  for (let row = 0; row < 7 * DAY_ROWS; row++) {
    model.observe(...next(row));
    if (row === 7 * DAY_ROWS - 8) model.adopt(fitLeadRidge({ values: model.history().values, firstRow: 0, dayRows: DAY_ROWS, horizonsRows: [2, 3] }));
  }
  return { model, next };
}

describe("a control model of a version that kept fewer forecasts", () => {
  it("goes on with its fit and its errors, and foresees the same within a day", () => {
    const { model, next } = controlModel();
    const saved = model.save();
    const scaleWidth = decodeFloats64(saved.horizons[0]!.madeFeatures).length / ((saved.horizons[0]!.made.length - 2) / 4);
    const older = LeadModel.restore({
      ...saved,
      horizons: saved.horizons.map(({ largestMove: _, ...horizon }) => ({
        ...horizon, made: horizon.made.slice(0, -8), madeFeatures: encodeFloats64(decodeFloats64(horizon.madeFeatures).slice(0, -2 * scaleWidth)),
      })),
    });
    expect(older.moments(0)).toEqual(model.moments(0));
    for (let row = 7 * DAY_ROWS; row < 8 * DAY_ROWS; row++) for (const running of [older, model]) running.observe(...next(row));
    const [theirs, mine] = [older.moments(0)!, model.moments(0)!];
    expect(theirs.median / mine.median).toBeCloseTo(1, 1);
    expect(theirs.scale / mine.scale).toBeCloseTo(1, 0);
  });
});

describe("an ensemble of a version that kept no unrest", () => {
  it("goes on from its state, with finite paths that never cross", () => {
    const forecaster = createEnsemble("plain", ENSEMBLE_MEMBERS);
    const series = loadSeries({ rows: 10 * DAY_ROWS, day: DAY_ROWS });
    const result = forecaster.fit({ series, seasons: [DAY_ROWS], horizon: DAY_ROWS, seed: 1 });
    if (!result.ok) throw new Error(result.reason);
    const saved = forecaster.resume(result.fit).save();
    const { newest: _, ...hourSpread } = saved.hourSpread;
    const older = forecaster.resume({ ...saved, hourSpread, trackers: saved.trackers.map(({ unrest: __, ...tracker }) => tracker) });
    for (const value of series.values.subarray(0, 2 * DAY_ROWS)) older.observe(value);
    const { quantiles } = older.forecast([1, 24, DAY_ROWS], [0.05, 0.5, 0.95]);
    for (const i of [0, 1, 2]) {
      const [low, middle, high] = quantiles.map((path) => path[i]!) as [number, number, number];
      expect(Number.isFinite(low) && low <= middle && middle <= high).toBe(true);
    }
  });
});
