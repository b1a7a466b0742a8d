import { mean, median, max } from "simple-statistics";

import { coverage, meanAbsoluteError, overallWeightedAverage, pinballLoss, seasonalScale, symmetricPercentageError } from "../../forecasts/scoring/errors.ts";
import { naive2 } from "../../forecasts/scoring/naive2.ts";
import type { Candidate } from "./candidates.ts";
import type { Task } from "./data.ts";

const LEVELS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];
/** The levels of the weighted quantile loss: .1 to .9. */
const WQL_LEVELS = 9;

/** What a candidate scores on a set; quantile figures are undefined for one that makes none. */
export interface SetScore {
  readonly name: string;
  readonly mase: number;
  readonly medianMase: number;
  readonly smape: number;
  readonly owa: number;
  /** Mean over the levels .1 to .9 of twice the summed pinball loss over the summed absolute values. */
  readonly wql: number | undefined;
  readonly coverages: readonly number[] | undefined;
  readonly firstStep: number;
  readonly firstHour: number;
  /** Share of the series whose error is at most 1.05 times seasonal naive's, and the worst of those ratios. */
  readonly withinNaive: number;
  readonly worstRatio: number;
  readonly worstSeries: string;
  readonly cpuMilliseconds: number;
}

/** Runs a candidate over the tasks, one after the other on this thread. */
export function scoreSet(candidate: Candidate, tasks: readonly Task[]): SetScore {
  const scores = tasks.map((task) => scoreTask(candidate, task));
  const ratios = ratiosBySeries(scores);
  const [worstSeries, worstRatio] = [...ratios].reduce((worst, entry) => (entry[1] > worst[1] ? entry : worst));
  const point = { mase: mean(scores.map(({ mase }) => mase)), smape: mean(scores.map(({ smape }) => smape)) };
  const reference = { mase: mean(scores.map(({ naive2Mase }) => naive2Mase)), smape: mean(scores.map(({ naive2Smape }) => naive2Smape)) };
  const withQuantiles = scores[0]!.losses !== undefined;
  const size = scores.reduce((sum, score) => sum + score.size, 0);
  return {
    name: candidate.name,
    ...point,
    medianMase: median(scores.map(({ mase }) => mase)),
    owa: overallWeightedAverage(point, reference),
    wql: withQuantiles ? mean(LEVELS.slice(0, WQL_LEVELS).map((_, q) => (2 * scores.reduce((sum, { losses }) => sum + losses![q]!, 0)) / size)) : undefined,
    coverages: withQuantiles ? LEVELS.map((_, q) => mean(scores.map(({ covered }) => covered![q]!))) : undefined,
    firstStep: mean(scores.map(({ firstStep }) => firstStep)),
    firstHour: mean(scores.map(({ firstHour }) => firstHour)),
    withinNaive: [...ratios.values()].filter((ratio) => ratio <= 1.05).length / ratios.size,
    worstRatio,
    worstSeries,
    cpuMilliseconds: mean(scores.map(({ cpuMilliseconds }) => cpuMilliseconds)),
  };
}

type TaskScore = ReturnType<typeof scoreTask>;

function scoreTask(candidate: Candidate, task: Task) {
  const { history, actual } = task;
  const season = task.seasons[0]!;
  const before = process.cpuUsage();
  const forecast = candidate.run(task, LEVELS);
  const used = process.cpuUsage(before);
  const scale = seasonalScale(history, season);
  const error = meanAbsoluteError(actual, forecast.mean);
  const naive = Float64Array.from(actual, (_, k) => history[history.length - season + (k % season)]!);
  const reference = naive2(history, season, actual.length);
  const hour = Math.max(1, Math.round(3600 / task.stepSeconds));
  return {
    series: task.series,
    mase: error / scale,
    smape: symmetricPercentageError(actual, forecast.mean),
    naive2Mase: meanAbsoluteError(actual, reference) / scale,
    naive2Smape: symmetricPercentageError(actual, reference),
    error,
    naiveError: meanAbsoluteError(actual, naive),
    size: actual.reduce((sum, value) => sum + Math.abs(value), 0),
    losses: forecast.quantiles.length > 0 ? LEVELS.map((level, q) => pinballLoss(actual, forecast.quantiles[q]!, level) * actual.length) : undefined,
    covered: forecast.quantiles.length > 0 ? LEVELS.map((_, q) => coverage(actual, forecast.quantiles[q]!)) : undefined,
    firstStep: Math.abs(actual[0]! - forecast.mean[0]!) / scale,
    firstHour: meanAbsoluteError(actual.subarray(0, hour), forecast.mean.subarray(0, hour)) / scale,
    cpuMilliseconds: (used.user + used.system) / 1000,
  };
}

/** The summed error of a series over its origins, over seasonal naive's. */
function ratiosBySeries(scores: readonly TaskScore[]): Map<string, number> {
  const sums = new Map<string, [error: number, naive: number]>();
  for (const { series, error, naiveError } of scores) {
    const [errors, naives] = sums.get(series) ?? [0, 0];
    sums.set(series, [errors + error, naives + naiveError]);
  }
  return new Map([...sums].map(([series, [error, naive]]) => [series, naive > 0 ? error / naive : max([1, error])]));
}
