import { describe, expect, it } from "vitest";

import { createEnsemble } from "../../forecasts/ensemble/ensemble.ts";
import { FLEET_WIDTH, FleetFeatures } from "../../forecasts/fleet/fleet-features.ts";
import { withFleet } from "../../forecasts/fleet/fleet-forecaster.ts";
import type { FleetRows } from "../../forecasts/fleet/fleet-rows.ts";
import { FleetTrial } from "../../forecasts/fleet/fleet-trial.ts";
import { QuantileNetwork } from "../../forecasts/fleet/quantile-network.ts";
import type { FitInput, OnlineForecaster } from "../../forecasts/forecaster.ts";
import { encodeFloats } from "../../forecasts/numeric/encoding.ts";
import { ENSEMBLE_MEMBERS } from "../../forecasts/registry.ts";
import { seededUniform } from "../fixtures/load-series.ts";

const PLAIN = createEnsemble("auto", ENSEMBLE_MEMBERS);
const CORRECTED = withFleet(PLAIN);
const HORIZONS = Array.from({ length: 48 }, (_, k) => k + 1);
const LEVELS = [0.05, 0.1, 0.5, 0.9, 0.95, 0.99];

function hourly(rows: number, seed = 5): Float64Array {
  const uniform = seededUniform(seed);
  return Float64Array.from({ length: rows }, (_, row) => {
    const weekday = Math.floor(row / 24) % 7 < 5 ? 1 : 0.6;
    return 100 + weekday * 60 * (1 - Math.cos((2 * Math.PI * row) / 24)) + 25 * uniform();
  });
}

function input(values: Float64Array, stepSeconds = 3600, day = 24): FitInput {
  return { series: { startSeconds: 0, stepSeconds, values }, seasons: [day, 7 * day], horizon: 48, seed: 1 };
}

function run(values: Float64Array): OnlineForecaster {
  const result = CORRECTED.fit(input(values));
  if (!result.ok) throw new Error(result.reason);
  return CORRECTED.resume(result.fit);
}

describe("the fleet model", () => {
  it("corrects an hourly series of three weeks and more, without paths that cross or fall below zero", () => {
    const values = hourly(800);
    const forecast = run(values).forecast(HORIZONS, LEVELS);
    const plain = PLAIN.fit(input(values));
    const own = PLAIN.resume(plain.ok ? plain.fit : undefined).forecast(HORIZONS, LEVELS);
    expect([...forecast.mean]).not.toEqual([...own.mean]);
    for (const place of HORIZONS.keys()) {
      for (let q = 1; q < LEVELS.length; q++) expect(forecast.quantiles[q]![place]).toBeGreaterThanOrEqual(forecast.quantiles[q - 1]![place]!);
      expect(forecast.quantiles[0]![place]).toBeGreaterThanOrEqual(0);
    }
    expect(Object.values(forecast.model.weights).reduce((sum, weight) => sum + weight)).toBeCloseTo(1, 9);
  });

  it("leaves what it was not trained on to the ensemble, to the byte", () => {
    for (const shorter of [input(hourly(400)), input(hourly(800), 1800, 48)]) {
      expect(JSON.stringify(CORRECTED.fit(shorter))).toBe(JSON.stringify(PLAIN.fit(shorter)));
    }
  });

  it("scales with its series", () => {
    const values = hourly(800);
    const small = run(values).forecast(HORIZONS, [0.9]);
    const large = run(values.map((value) => 1024 * value)).forecast(HORIZONS, [0.9]);
    for (const place of HORIZONS.keys()) expect(large.quantiles[0]![place]! / 1024 / small.quantiles[0]![place]!).toBeCloseTo(1, 4);
  });

  it("goes on equal from a saved state, over gaps too", () => {
    const values = hourly(900);
    const first = run(values.slice(0, 800));
    for (let row = 800; row < 840; row++) first.observe(row === 820 ? NaN : values[row]!);
    const second = CORRECTED.resume(JSON.parse(JSON.stringify(first.save())));
    for (let row = 840; row < 900; row++) for (const running of [first, second]) running.observe(values[row]!);
    expect(second.forecast(HORIZONS, LEVELS)).toEqual({ ...first.forecast(HORIZONS, LEVELS), model: expect.anything() as unknown });
  });

  it("keeps what it has learned of itself over a refit, and a history that outgrows or loses it", () => {
    const values = hourly(900);
    const old = run(values.slice(0, 800));
    for (let row = 800; row < 900; row++) old.observe(values[row]!);
    const next = run(values);
    const before = next.forecast([1], [0.5]).model.weights["fleet"];
    next.adopt!(old.save());
    expect(next.forecast([1], [0.5]).model.weights["fleet"]).toBe(old.forecast([1], [0.5]).model.weights["fleet"]);
    expect(next.forecast([1], [0.5]).model.weights["fleet"]).not.toBe(before);
    const short = run(values.slice(-450));
    short.adopt!(old.save());
    next.adopt!(short.save());
    expect(next.forecast([1], [0.5]).mean[0]).toBeGreaterThan(0);
  });
});

describe("a refit every day", () => {
  it("does not keep the forecasts of a day and two days ahead from being scored", () => {
    const values = hourly(900);
    let running = run(values.slice(0, 600));
    for (let row = 600; row < 720; row++) {
      running.observe(values[row]!);
      if ((row + 1) % 24 !== 0) continue;
      // Each fit begins its rows elsewhere.
      const next = run(values.slice(row - 550, row + 1));
      next.adopt!(running.save());
      running = next;
    }
    // All that were made since the first fit and whose row has come.
    const { fleet } = running.save() as { fleet: { trial: { scores: [matured: number][] } } };
    expect(fleet.trial.scores.map(([matured]) => matured)).toEqual([119, 116, 108, 96, 72]);
  });
});

describe("the features", () => {
  it("find no surprise in last weeks' rows where a load drifts steadily", () => {
    const load = (row: number): number => 0.5 * row + 10 * Math.sin((2 * Math.PI * row) / 24);
    const ensemble = Float64Array.from(HORIZONS, (k) => load(999 + k));
    const reader = new FleetFeatures({ look: (ago) => load(1000 - ago), day: 24, members: new Map(), ensemble });
    const out = new Float64Array(FLEET_WIDTH);
    reader.fill(30, { ensembleError: 1, naiveError: 1, nowError: 1, offsets: new Float64Array(9) }, out);
    // One, two and three weeks ago, moved by how far the level has come since; yesterday, and a day's drift for each day ahead.
    for (const place of [10, 11, 12, 16]) expect(out[place]).toBeCloseTo(0, 9);
    // Yesterday itself lies two days' drift below, 24 errors; no more than 15 count.
    expect(out[7]).toBeCloseTo(Math.asinh(-15), 9);
  });

  it("refuse a unit of nothing", () => {
    const reader = new FleetFeatures({ look: () => 1, day: 24, members: new Map(), ensemble: new Float64Array(48) });
    expect(() => { reader.fill(0, { ensembleError: 0, naiveError: 1, nowError: 1, offsets: new Float64Array(9) }, new Float64Array(FLEET_WIDTH)); }).toThrow("a unit is above 0, not 0");
  });
});

describe("the network", () => {
  const encode = (values: readonly number[]): string => encodeFloats(Float32Array.from(values));

  it("scales its inputs, bends below zero and adds up", () => {
    const network = new QuantileNetwork({ layers: [2, 2, 1], centers: encode([1, 0]), spreads: encode([2, 1]), weights: encode([1, -1, 0.5, 0, 0, 0, 3, 7, 0.25]) });
    const out = Float64Array.of(10);
    network.addOutputs(Float64Array.of(3, 2), out);
    // Scaled to (1, 2): the hidden units are 1·1 + 2·0.5 = 2 and −1, bent to 0; 3·2 + 0.25 is added.
    expect(out[0]).toBeCloseTo(16.25, 6);
  });

  it("refuses weights that do not fit its layers", () => {
    expect(() => new QuantileNetwork({ layers: [2, 1], centers: encode([0, 0]), spreads: encode([1, 1]), weights: encode([1]) })).toThrow("expected 3 weights for layers 2-1, found 1");
  });
});

describe("the trial", () => {
  /** Paths at `own`, corrected by `correction`, at all rows and levels. */
  const issued = (own: number): FleetRows => ({
    features: [], units: new Float64Array(48).fill(1), points: new Float64Array(48).fill(own), offsets: HORIZONS.map(() => new Float64Array(9)), floor: 0,
  });

  it("follows the correction more where it has scored better, less where it has scored worse", () => {
    for (const [correction, compare] of [[5, "more"], [-5, "less"]] as const) {
      const trial = new FleetTrial();
      const first = trial.share(1);
      for (let count = 1; count < 200; count++) {
        trial.mature(count, 110);
        trial.issue(count + 1, issued(100), HORIZONS.map(() => new Float64Array(9).fill(correction)));
      }
      if (compare === "more") expect(trial.share(1)).toBeGreaterThan(first + 0.1);
      else expect(trial.share(1)).toBeLessThan(first - 0.1);
    }
  });

  it("learns nothing from a gap", () => {
    const trial = new FleetTrial();
    trial.issue(1, issued(100), HORIZONS.map(() => new Float64Array(9).fill(5)));
    trial.mature(1, NaN);
    expect(trial.save().scores[0]).toEqual([0, 0, 0]);
  });
});
