import { describe, expect, it } from "vitest";

import type { Forecaster } from "../../forecasts/forecaster.ts";
import { createEnsemble } from "../../forecasts/ensemble/ensemble.ts";
import { ENSEMBLE_MEMBERS } from "../../forecasts/registry.ts";
import { findBurstGrid } from "../../forecasts/models/burst-grid.ts";
import { CALENDAR_BURSTS } from "../../forecasts/models/calendar-bursts.ts";
import type { TrainingRows } from "../../forecasts/models/member.ts";
import { RowWindow } from "../../forecasts/numeric/row-window.ts";
import type { SavedEnsemble } from "../../forecasts/ensemble/running-ensemble.ts";

const DAY = 288;
const WITH = createEnsemble("with", ENSEMBLE_MEMBERS);
const WITHOUT = createEnsemble("without", ENSEMBLE_MEMBERS.filter((id) => id !== CALENDAR_BURSTS.id));

describe("the search for a grid of bursts", () => {
  it("finds jobs at fixed minutes of the clock, in rows of five minutes", () => {
    for (const minutes of [10, 15, 20, 30, 60, 120]) expect(gridOf(load({ days: 10, period: minutes / 5 }))).toBe(minutes / 5);
  });

  it("finds jobs of six hours that take two rows, at any phase", () => {
    expect(gridOf(load({ days: 14, period: 72, burst: 400, length: 2 }))).toBe(72);
  });

  it("invents none in noise, in a day's rhythm, in bursts at random times, and in a constant", () => {
    for (let seed = 1; seed <= 10; seed++) expect(gridOf(load({ days: 10, period: 0, seed }))).toBeUndefined();
    const scattered = load({ days: 10, period: 0 });
    const random = randomOf(5);
    for (let row = 0; row < scattered.length; row++) if (random() < 1 / 12) scattered[row] = scattered[row]! + 150;
    expect(gridOf(scattered)).toBeUndefined();
    expect(gridOf(new Float64Array(2000).fill(7))).toBeUndefined();
  });

  it("proves nothing by a few periods", () => {
    expect(gridOf(load({ days: 1, period: 72 }))).toBeUndefined();
  });
});

describe("bursts on a calendar grid", () => {
  it("are a member of the ensemble only where a grid is found", () => {
    expect(membersOf(load({ days: 10, period: 6 }))).toContain("calendar-bursts");
    expect(membersOf(load({ days: 10, period: 0 }))).not.toContain("calendar-bursts");
  });

  it.each([1, 3])("make the next hour better forecast from %d days of history", (days) => {
    let [better, worse] = [0, 0];
    for (const period of [3, 6, 12]) {
      for (let seed = 1; seed <= 6; seed++) {
        const values = load({ days: days + 1, period, seed });
        better += errorOf(WITH, values, days * DAY);
        worse += errorOf(WITHOUT, values, days * DAY);
      }
    }
    expect(better / worse).toBeLessThan(0.95);
  });

  it("come back the same from what was saved", () => {
    const values = load({ days: 8, period: 6 });
    const shape = { rows: values.length, day: DAY, week: 0, horizon: DAY, stepSeconds: 300 };
    const member = CALENDAR_BURSTS.create(shape);
    member.solve(rowsOf(values), values.length);
    const window = new RowWindow(2 * DAY);
    for (const value of values) window.push(value);
    const forecast = (of: typeof member): Float64Array => {
      const out = new Float64Array(3);
      of.forecastAt(window, [1, 6, 200], out);
      return out;
    };
    const again = CALENDAR_BURSTS.restore(shape, JSON.parse(JSON.stringify(member.save())));
    expect(forecast(again)).toEqual(forecast(member));
  });
});

/** A day's rhythm with noise that lasts, and a job that starts every `period` rows. */
function load({ days, period, burst = 150, length = 1, seed = 7 }: { days: number; period: number; burst?: number; length?: number; seed?: number }): Float64Array {
  const random = randomOf(seed);
  let drift = 0;
  return Float64Array.from({ length: days * DAY }, (_, row) => {
    drift = 0.9 * drift + 24 * (random() - 0.5);
    const job = period > 0 && row % period >= 1 && row % period < 1 + length ? burst * (0.8 + 0.4 * random()) : 0;
    return 400 + 120 * Math.sin((2 * Math.PI * row) / DAY) + drift + 20 * (random() - 0.5) + job;
  });
}

function randomOf(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

function rowsOf(values: Float64Array): TrainingRows {
  return { values, known: new Uint8Array(values.length).fill(1) };
}

function gridOf(values: Float64Array): number | undefined {
  return findBurstGrid({ rows: values.length, day: DAY, week: 0, horizon: DAY, stepSeconds: 300 }, rowsOf(values), values.length);
}

function fitOf(forecaster: Forecaster, values: Float64Array): SavedEnsemble {
  const result = forecaster.fit({ series: { startSeconds: 0, stepSeconds: 300, values }, seasons: [DAY], horizon: 12, seed: 1 });
  if (!result.ok) throw new Error(result.reason);
  return result.fit as SavedEnsemble;
}

function membersOf(values: Float64Array): string[] {
  return fitOf(WITH, values).members.map(({ id }) => id);
}

function errorOf(forecaster: Forecaster, values: Float64Array, origin: number): number {
  const { mean } = forecaster.resume(fitOf(forecaster, values.slice(0, origin))).forecast(Array.from({ length: 12 }, (_, k) => k + 1), [0.5]);
  return mean.reduce((sum, point, k) => sum + Math.abs(point - values[origin + k]!), 0);
}
