import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";

import type { Forecaster, OnlineForecaster } from "../../forecasts/forecaster.ts";
import { sliceSeries } from "../../forecasts/series.ts";
import { loadSeries } from "../fixtures/load-series.ts";

const DAY = 24;
const HORIZON = 12;
const LEVELS = [0.05, 0.5, 0.9, 0.99];
const HORIZONS = [1, 2, 5, 12];
const SERIES = loadSeries({ rows: 30 * DAY, day: DAY });

/** What every registered forecaster must do. */
export function describeForecaster(name: string, create: () => Forecaster): void {
  describe(`forecaster ${name}`, () => {
    const fitTo = (rows: number): unknown => {
      const result = create().fit({ series: sliceSeries(SERIES, 0, rows), seasons: [DAY, 7 * DAY], horizon: HORIZON, seed: 1 });
      if (!result.ok) throw new Error(result.reason);
      return result.fit;
    };
    const following = (rows: number, more: number): OnlineForecaster => {
      const running = create().resume(fitTo(rows));
      for (let row = rows; row < rows + more; row++) running.observe(SERIES.values[row]!);
      return running;
    };

    it("gives finite paths that never cross, at the origin that it knows", () => {
      const forecast = following(600, 0).forecast(HORIZONS, LEVELS);
      expect(forecast.originSeconds).toBe(SERIES.startSeconds + 599 * SERIES.stepSeconds);
      expect(forecast.horizonsSeconds).toEqual(HORIZONS.map((rows) => rows * SERIES.stepSeconds));
      expect([...forecast.mean].every(Number.isFinite)).toBe(true);
      for (const [k] of HORIZONS.entries()) {
        const column = forecast.quantiles.map((path) => path[k]!);
        expect(column).toEqual(column.toSorted((a, b) => a - b));
      }
    });

    it("fits to plain JSON data, the same bytes for the same input", () => {
      const fit = fitTo(600);
      expect(digest(fitTo(600))).toBe(digest(fit));
      expect(digest(create().resume(JSON.parse(JSON.stringify(fit))).save())).toBe(digest(fit));
    });

    it("goes on from what it saved as if it had never stopped", () => {
      const whole = following(600, 60);
      const first = following(600, 25);
      const second = create().resume(JSON.parse(JSON.stringify(first.save())));
      for (let row = 625; row < 660; row++) second.observe(SERIES.values[row]!);
      expect(digest(second.save())).toBe(digest(whole.save()));
      expect(second.forecast(HORIZONS, LEVELS).quantiles).toEqual(whole.forecast(HORIZONS, LEVELS).quantiles);
    });

    it("forecasts from the newest row, and a forecast changes nothing", () => {
      const running = following(600, 3);
      const before = digest(running.save());
      expect(running.forecast(HORIZONS, LEVELS).originSeconds).toBe(SERIES.startSeconds + 602 * SERIES.stepSeconds);
      expect(digest(running.save())).toBe(before);
    });

    it("bridges a gap: a NaN row moves the origin and keeps the paths finite", () => {
      const running = following(600, 0);
      for (let row = 0; row < 5; row++) running.observe(NaN);
      const forecast = running.forecast(HORIZONS, LEVELS);
      expect(forecast.originSeconds).toBe(SERIES.startSeconds + 604 * SERIES.stepSeconds);
      expect([forecast.mean, ...forecast.quantiles].every((path) => path.every(Number.isFinite))).toBe(true);
    });

    it("declines a series without a value, a broken horizon and a broken season, with a reason", () => {
      const nothing = { ...SERIES, values: new Float64Array(50).fill(NaN) };
      const forecaster = create();
      expect(forecaster.fit({ series: nothing, seasons: [DAY], horizon: HORIZON, seed: 1 })).toMatchObject({ ok: false });
      expect(forecaster.fit({ series: SERIES, seasons: [DAY], horizon: 0, seed: 1 })).toMatchObject({ ok: false });
      expect(forecaster.fit({ series: SERIES, seasons: [1.5], horizon: HORIZON, seed: 1 })).toMatchObject({ ok: false });
    });
  });
}

/** Equal for equal bytes; short where a test fails. */
function digest(data: unknown): string {
  return createHash("sha256").update(JSON.stringify(data)).digest("hex");
}
