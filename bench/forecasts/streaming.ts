import { max, mean, median } from "simple-statistics";

import type { Forecaster, OnlineForecaster } from "../../forecasts/forecaster.ts";
import { seasonalScale } from "../../forecasts/scoring/errors.ts";
import { streamingSet } from "./data.ts";

export const STREAM_HORIZONS = [1, 3, 12, 72, 288] as const;
export const STREAM_LEVELS = [0.9, 0.95, 0.99] as const;
const DAY = 288;
const WEEK = 2016;
const HISTORY = 8064;
/** A new fit every two days, which adopts what the running model has learned. */
const REFIT = 576;
/** Coverage is counted from a week after the first fit on, as in the prototype. */
const CALIBRATION = 2016;

export interface StreamCoverage {
  readonly mean: number;
  readonly halves: readonly [number, number];
  readonly worst: number;
  readonly pinball: number;
}

export interface StreamScore {
  readonly series: number;
  /** Per horizon: mean and median over the series of the mean absolute error over that of seasonal naive in the history. */
  readonly errors: readonly { readonly mean: number; readonly median: number; readonly naiveMean: number }[];
  /**
   * Per horizon and level: mean and worst over the series of |coverage − level|, in percentage points, over every second series from the
   * first and from the second too; and the mean pinball loss over seasonal naive's scale.
   */
  readonly coverage: readonly (readonly StreamCoverage[])[];
}

/** Follows each five-minute series row by row and forecasts from every row; nothing is known before its time. */
export function scoreStreaming(forecaster: Forecaster, every: number): StreamScore {
  const runs = streamingSet(every)
    .map(({ values }) => follow(forecaster, values))
    .filter((run) => run !== undefined);
  return {
    series: runs.length,
    errors: STREAM_HORIZONS.map((_, i) => ({
      mean: mean(runs.map((run) => run.errors[i]!)),
      median: median(runs.map((run) => run.errors[i]!)),
      naiveMean: mean(runs.map((run) => run.naiveErrors[i]!)),
    })),
    coverage: STREAM_HORIZONS.map((_, i) =>
      STREAM_LEVELS.map((level, q) => {
        const misses = runs.map((run) => 100 * Math.abs(run.covered[i]![q]! - level));
        const halfOf = (rest: number): number => mean(misses.filter((_, index) => index % 2 === rest));
        return { mean: mean(misses), halves: [halfOf(0), halfOf(1)] as const, worst: max(misses), pinball: mean(runs.map((run) => run.pinball[i]![q]!)) };
      }),
    ),
  };
}

function follow(forecaster: Forecaster, values: Float64Array): SeriesRun | undefined {
  const start = Math.max(WEEK, Math.floor(values.length * 0.4));
  const first = start + CALIBRATION;
  if (values.length < 4000 || values.length - DAY - first < WEEK / 4) return undefined;
  const run = new SeriesRun(seasonalScale(values.subarray(0, start), DAY));
  let running: OnlineForecaster | undefined;
  for (let origin = start; origin + DAY <= values.length; origin++) {
    if ((origin - start) % REFIT === 0) running = refit(forecaster, values, origin, running);
    else running!.observe(values[origin - 1]!);
    if (origin >= first) run.score(running!, values, origin);
  }
  return run;
}

function refit(forecaster: Forecaster, values: Float64Array, origin: number, earlier: OnlineForecaster | undefined): OnlineForecaster {
  const from = Math.max(0, origin - HISTORY);
  const series = { startSeconds: from * 300, stepSeconds: 300, values: values.slice(from, origin) };
  const result = forecaster.fit({ series, seasons: [DAY, WEEK], horizon: DAY, seed: 1 });
  if (!result.ok) throw new Error(result.reason);
  const next = forecaster.resume(result.fit);
  if (earlier !== undefined) {
    earlier.observe(values[origin - 1]!);
    next.adopt?.(earlier.save());
  }
  return next;
}

class SeriesRun {
  private readonly scale: number;
  private count = 0;
  private readonly sums = STREAM_HORIZONS.map(() => ({ error: 0, naive: 0, covered: STREAM_LEVELS.map(() => 0), pinball: STREAM_LEVELS.map(() => 0) }));

  constructor(scale: number) {
    this.scale = scale;
  }

  score(running: OnlineForecaster, values: Float64Array, origin: number): void {
    const forecast = running.forecast(STREAM_HORIZONS, STREAM_LEVELS);
    this.count++;
    for (const [i, horizon] of STREAM_HORIZONS.entries()) {
      const row = origin + horizon - 1;
      const sum = this.sums[i]!;
      sum.error += Math.abs(values[row]! - forecast.mean[i]!);
      sum.naive += Math.abs(values[row]! - values[row - DAY]!);
      for (const [q, level] of STREAM_LEVELS.entries()) {
        const above = values[row]! - forecast.quantiles[q]![i]!;
        if (above <= 0) sum.covered[q]!++;
        sum.pinball[q]! += Math.max(level * above, (level - 1) * above);
      }
    }
  }

  get errors(): number[] {
    return this.sums.map(({ error }) => error / this.count / this.scale);
  }

  get naiveErrors(): number[] {
    return this.sums.map(({ naive }) => naive / this.count / this.scale);
  }

  get pinball(): number[][] {
    return this.sums.map(({ pinball }) => pinball.map((sum) => sum / this.count / this.scale));
  }

  get covered(): number[][] {
    return this.sums.map(({ covered }) => covered.map((hits) => hits / this.count));
  }
}
