import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Forecast } from "../../forecasts/forecast.ts";
import { FORECASTERS } from "../../forecasts/registry.ts";
import { loadSeries } from "../fixtures/load-series.ts";

const AUTO = FORECASTERS["auto"]!;
const DAY = 24;
const HORIZONS = [1, 2, 3, 6, 12, 20, 24];
const RUNS = { numRuns: 30, seed: 20_261_124 };

function forecast(values: Float64Array, levels: readonly number[], then: readonly number[] = []): Forecast {
  const result = AUTO.fit({ series: { startSeconds: 0, stepSeconds: 3600, values }, seasons: [DAY, 7 * DAY], horizon: 24, seed: 1, allowNegative: true });
  if (!result.ok) throw new Error(result.reason);
  const running = AUTO.resume(result.fit);
  for (const value of then) running.observe(value);
  return running.forecast(HORIZONS, levels);
}

const anyValue = fc.oneof(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.constant(NaN), fc.constant(0));
const anyRows = fc.array(anyValue, { minLength: 1, maxLength: 160 }).filter((rows) => rows.some((value) => Number.isFinite(value)));
const load = fc.record({ seed: fc.integer({ min: 1, max: 1e6 }), days: fc.integer({ min: 3, max: 30 }), noise: fc.double({ min: 0.01, max: 0.4, noNaN: true }) }).map(({ seed, days, noise }) => loadSeries({ rows: days * DAY, day: DAY, seed, noise }).values);

describe("forecasts of any series", () => {
  it("have finite quantiles that never cross", () => {
    const levels = fc.uniqueArray(fc.double({ min: 0.001, max: 0.999, noNaN: true }), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(anyRows, levels, fc.array(anyValue, { maxLength: 30 }), (rows, asked, then) => {
        const made = forecast(Float64Array.from(rows), asked, then);
        expect(made.levels).toEqual(asked.toSorted((a, b) => a - b));
        HORIZONS.forEach((_, k) => {
          const column = made.quantiles.map((path) => path[k]!);
          expect(column.every(Number.isFinite)).toBe(true);
          expect(column).toEqual(column.toSorted((a, b) => a - b));
        });
      }),
      RUNS,
    );
  });

  it("are the same bytes for the same input and seed", () => {
    fc.assert(fc.property(anyRows, (rows) => { expect(forecast(Float64Array.from(rows), [0.5, 0.9])).toEqual(forecast(Float64Array.from(rows), [0.5, 0.9])); }), RUNS);
  });

  it("scale when the series is scaled", () => {
    fc.assert(
      fc.property(load, fc.constantFrom(1e-3, 0.25, 8, 1000), (values, factor) => {
        const [plain, scaled] = [forecast(values, [0.1, 0.9]), forecast(values.map((value) => value * factor), [0.1, 0.9])];
        close(scaled.mean, plain.mean.map((value) => value * factor), 1e-3 * factor);
        for (const q of [0, 1]) close(scaled.quantiles[q]!, plain.quantiles[q]!.map((value) => value * factor), 0.05 * factor);
      }),
      RUNS,
    );
  });

  it("shift when a series that goes below zero is shifted", () => {
    // Below zero no member works on the log scale, which knows no shifts.
    fc.assert(
      fc.property(load, fc.constantFrom(-400, -1000), (values, shift) => {
        const base = values.map((value) => value - 500);
        const [plain, shifted] = [forecast(base, [0.1, 0.9]), forecast(base.map((value) => value + shift), [0.1, 0.9])];
        close(shifted.mean, plain.mean.map((value) => value + shift), 0.02);
        for (const q of [0, 1]) close(shifted.quantiles[q]!, plain.quantiles[q]!.map((value) => value + shift), 0.1);
      }),
      RUNS,
    );
  });
});

function close(actual: Float64Array, expected: Float64Array, tolerance: number): void {
  actual.forEach((value, k) => { expect(Math.abs(value - expected[k]!)).toBeLessThanOrEqual(tolerance); });
}
