import { describe, expect, it } from "vitest";

import { Combination, type MixedWeights } from "../../forecasts/ensemble/combination.ts";
import { createEnsemble } from "../../forecasts/ensemble/ensemble.ts";
import { weightsFromErrors } from "../../forecasts/ensemble/weights.ts";
import type { OnlineForecaster } from "../../forecasts/forecaster.ts";
import { AdaptiveLevels, CONTROLLED_LEVELS } from "../../forecasts/intervals/adaptive-levels.ts";
import { ResidualWindow } from "../../forecasts/intervals/residual-window.ts";
import { solveCholesky } from "../../forecasts/numeric/cholesky.ts";
import { geometricKnots, interpolateKnots } from "../../forecasts/numeric/horizon-knots.ts";
import { minimizeSimplex } from "../../forecasts/numeric/nelder-mead.ts";
import { ENSEMBLE_MEMBERS, FORECASTERS } from "../../forecasts/registry.ts";
import { pinballLoss, seasonalScale, symmetricPercentageError } from "../../forecasts/scoring/errors.ts";
import { naive2 } from "../../forecasts/scoring/naive2.ts";
import { sliceSeries } from "../../forecasts/series.ts";
import { loadSeries, seededUniform } from "../fixtures/load-series.ts";

const AUTO = FORECASTERS["auto"]!;

describe("the members' weights", () => {
  it("sum to one, favour the better member and leave out one that is twice as bad", () => {
    const weights = weightsFromErrors([1, 1.5, 2.5], new Float64Array(3));
    expect(weights.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    expect(weights[0]! / weights[1]!).toBeCloseTo(1.5 ** 4, 6);
    expect(weights[2]).toBe(0);
  });

  it("are equal for members without an error", () => {
    expect([...weightsFromErrors([0, 0], new Float64Array(2))]).toEqual([0.5, 0.5]);
  });
});

const pathsOf = (values: readonly number[]): Float64Array[] => values.map((value) => Float64Array.of(value));
const evenly = (weights: readonly number[]): MixedWeights => ({ near: Float64Array.from(weights), far: Float64Array.from(weights), share: 0 });

describe("the combination", () => {
  it("is the weighted mean of members that agree, and outvotes one that does not", () => {
    const combination = new Combination(3);
    expect(combination.at(0, pathsOf([10, 11, 12]), evenly([1 / 3, 1 / 3, 1 / 3]))).toBeCloseTo(11, 0);
    expect(combination.at(0, pathsOf([10, 11, 1000]), evenly([0.4, 0.4, 0.2]))).toBeLessThan(60);
  });

  it("mixes the weights of two horizons", () => {
    const [near, far] = [Float64Array.of(1, 0), Float64Array.of(0, 1)];
    expect(new Combination(2).at(0, pathsOf([10, 20]), { near, far, share: 0 })).toBe(10);
    expect(new Combination(2).at(0, pathsOf([10, 20]), { near, far, share: 1 })).toBe(20);
  });

  it("stays between the least and the greatest member", () => {
    const uniform = seededUniform(3);
    for (let round = 0; round < 200; round++) {
      const values = Array.from({ length: 5 }, () => 100 * uniform());
      const combination = new Combination(5);
      const combined = combination.at(0, pathsOf(values), evenly([0.2, 0.2, 0.2, 0.2, 0.2]));
      expect(combined).toBeGreaterThanOrEqual(Math.min(...values) - 1e-9);
      expect(combined).toBeLessThanOrEqual(Math.max(...values) + 1e-9);
    }
  });
});

describe("residuals", () => {
  it("keep the newest and give their quantiles", () => {
    const window = new ResidualWindow(99);
    for (let i = 0; i < 500; i++) window.add(i);
    expect(window.size).toBe(99);
    expect(window.quantile(0.5)).toBe(450);
    expect(ResidualWindow.restore(window.save()).quantile(0.9)).toBe(window.quantile(0.9));
  });

  it("go beyond the outermost one for a level that they cannot tell, but not without bound", () => {
    const window = new ResidualWindow(50);
    for (let i = 1; i <= 50; i++) window.add(i);
    expect(window.quantile(0.999)).toBeGreaterThan(50);
    expect(window.quantile(1.5)).toBeLessThanOrEqual(100);
    expect(window.quantile(0.001)).toBeLessThan(1);
  });
});

describe("controlled levels", () => {
  it("bring a level's coverage back when the errors grow", () => {
    const uniform = seededUniform(11);
    const levels = new AdaptiveLevels();
    const window = new ResidualWindow(448);
    for (let i = 0; i < 448; i++) window.add(uniform() + uniform() - 1);
    let covered = 0;
    for (let i = 0; i < 4000; i++) {
      const residual = (1 + i / 2000) * (uniform() + uniform() - 1);
      const flags = CONTROLLED_LEVELS.map((level) => (residual <= window.quantile(levels.adjust(level)) ? 1 : 0));
      covered += flags[CONTROLLED_LEVELS.indexOf(0.9)]!;
      flags.forEach((flag, index) => { levels.learn(index, flag); });
      window.add(residual);
    }
    expect(covered / 4000).toBeGreaterThan(0.89);
    expect(covered / 4000).toBeLessThan(0.91);
  });
});

describe("a fit that is installed late", () => {
  const series = loadSeries({ rows: 900, day: 24 });
  const fitTo = (rows: number, forecaster = AUTO): unknown => {
    const result = forecaster.fit({ series: sliceSeries(series, 0, rows), seasons: [24, 168], horizon: 24, seed: 1 });
    if (!result.ok) throw new Error(result.reason);
    return result.fit;
  };
  const observe = (running: OnlineForecaster, from: number, to: number): OnlineForecaster => {
    for (let row = from; row < to; row++) running.observe(series.values[row]!);
    return running;
  };

  it("equals the one that was installed at once, whenever it catches up", () => {
    const fit = fitTo(800);
    const punctual = observe(AUTO.resume(fit), 800, 880);
    const late = observe(AUTO.resume(JSON.parse(JSON.stringify(observe(AUTO.resume(fit), 800, 850).save()))), 850, 880);
    expect(JSON.stringify(late.save()) === JSON.stringify(punctual.save())).toBe(true);
  });

  it("keeps what the earlier one learned of its errors when it adopts it", () => {
    // Without the fleet model, whose correction is of the newest fit's members.
    const plain = createEnsemble("plain", ENSEMBLE_MEMBERS);
    const earlier = observe(plain.resume(fitTo(700, plain)), 700, 800);
    const fresh = plain.resume(fitTo(800, plain));
    const heir: OnlineForecaster = plain.resume(fitTo(800, plain));
    heir.adopt?.(earlier.save());
    const width = (running: OnlineForecaster): number => {
      const { mean, quantiles } = running.forecast([1], [0.95]);
      return quantiles[0]![0]! - mean[0]!;
    };
    expect(width(heir)).toBeCloseTo(width(earlier), 3);
    expect(width(heir)).not.toBeCloseTo(width(fresh), 3);
  });
});

describe("scores", () => {
  it("are what their formulas say, on numbers that were worked by hand", () => {
    expect(pinballLoss(Float64Array.from([10, 0]), Float64Array.from([8, 2]), 0.9)).toBeCloseTo((0.9 * 2 + 0.1 * 2) / 2, 12);
    expect(symmetricPercentageError(Float64Array.from([100, 0]), Float64Array.from([50, 0]))).toBeCloseTo((200 * 50) / 150 / 2, 12);
    expect(seasonalScale(Float64Array.from([1, 2, 4, 8]), 2)).toBe((3 + 6) / 2);
  });

  it("have Naive2 repeat a season that is significant, and the last value where there is none", () => {
    const seasonal = Float64Array.from({ length: 96 }, (_, row) => 100 * (1 + 0.5 * Math.sin((Math.PI * row) / 12)));
    expect(naive2(seasonal, 24, 24)[6]! / seasonal[6]!).toBeCloseTo(1, 1);
    const uniform = seededUniform(2);
    const noise = Float64Array.from({ length: 200 }, () => 50 + uniform());
    expect(naive2(noise, 24, 3)).toEqual(new Float64Array(3).fill(noise.at(-1)!));
  });
});

describe("numbers", () => {
  it("solve a symmetric system", () => {
    expect([...solveCholesky(Float64Array.from([4, 2, 2, 3]), Float64Array.from([8, 7]), 2)].map((x) => Math.round(1e9 * x) / 1e9)).toEqual([1.25, 1.5]);
  });

  it("find the minimum of Rosenbrock's valley", () => {
    const [x, y] = minimizeSimplex(([a, b]) => (1 - a!) ** 2 + 100 * (b! - a! ** 2) ** 2, [-1, 1], { maxEvaluations: 500, edge: 0.5 });
    expect(Math.hypot(x! - 1, y! - 1)).toBeLessThan(0.05);
  });

  it("place knots from the first row to the last, and weigh the two around a horizon", () => {
    for (const horizon of [1, 2, 3, 12, 48, 288]) {
      const knots = geometricKnots(horizon, 2);
      expect([knots[0], knots.at(-1)]).toEqual([1, horizon]);
      expect(new Set(knots).size).toBe(knots.length);
      const table = interpolateKnots(knots, horizon);
      expect(Math.max(...table.share)).toBeLessThanOrEqual(1);
      expect(Math.min(...table.share)).toBeGreaterThanOrEqual(0);
    }
  });
});
