import type { RateAhead } from "./budget.ts";

/** A rate per hour over the time ahead, at three quantiles: low (.1), median, high (.9). Ascending in time. */
export interface RatePaths {
  readonly timeSeconds: readonly number[];
  readonly low: readonly number[];
  readonly median: readonly number[];
  readonly high: readonly number[];
}

export interface RateOutlookInput {
  readonly nowSeconds: number;
  readonly untilSeconds: number;
  /** What is paid (or emitted) per hour now, and the load it is paid for; the rate follows the load as far as the forecast looks. */
  readonly ratePerHour: number;
  readonly load: number | undefined;
  /** The load that is forecast, in the demand's unit, at the same three quantiles. */
  readonly forecast: RatePaths | undefined;
  /** What the least and the most replicas cost (or emit) per hour. */
  readonly leastPerHour: number;
  readonly mostPerHour: number;
  /** Past mean rates of whole hours, oldest first, ascending; gaps left out. */
  readonly past: readonly { readonly timeSeconds: number; readonly perHour: number }[];
}

const HOUR = 3600;
const WEEK = 168;
/** Hours of the same hour of the week, or of the day, that are needed before their spread is believed. */
const FEWEST_FOR_SPREAD = 3;

/**
 * What will be paid per hour until a time. As far as the forecast looks the rate follows the load: the share of the bounds that the
 * load calls for. Beyond, the same hour of the week as it was, then the same hour of the day, then the mean of what is known, then
 * the rate of now; the spread is that of the hours that it is taken from.
 */
export function rateOutlook(input: RateOutlookInput): RatePaths {
  const times: number[] = [];
  const low: number[] = [];
  const median: number[] = [];
  const high: number[] = [];
  const push = (timeSeconds: number, rates: readonly [number, number, number]): void => {
    times.push(timeSeconds);
    low.push(rates[0]);
    median.push(rates[1]);
    high.push(rates[2]);
  };
  let from = input.nowSeconds;
  const { forecast, load } = input;
  if (forecast !== undefined && load !== undefined && load > 0) {
    for (const [at, timeSeconds] of forecast.timeSeconds.entries()) {
      if (timeSeconds <= input.nowSeconds || timeSeconds > input.untilSeconds) continue;
      const rate = (path: readonly number[]): number => bounded((input.ratePerHour * Math.max(0, path[at] ?? load)) / load, input);
      // A value of the forecast describes the step that ends at its time.
      push(from, [rate(forecast.low), rate(forecast.median), rate(forecast.high)]);
      from = timeSeconds;
    }
  }
  const profile = profileOf(input.past);
  for (let hour = Math.floor(from / HOUR); hour * HOUR < input.untilSeconds; hour += 1) push(Math.max(from, hour * HOUR), profile(hour) ?? [input.ratePerHour, input.ratePerHour, input.ratePerHour]);
  return { timeSeconds: times, low, median, high };
}

/** One path as `forecastBudget` takes it. */
export function pathOf(paths: RatePaths, path: "low" | "median" | "high"): readonly RateAhead[] {
  return paths.timeSeconds.map((timeSeconds, at) => ({ timeSeconds, perHour: paths[path][at] ?? 0 }));
}

/** The sum of several targets' rates on one time axis: quantiles are added, as if all were high together. */
export function sumPaths(all: readonly RatePaths[]): RatePaths {
  const timeSeconds = [...new Set(all.flatMap((paths) => paths.timeSeconds))].sort((a, b) => a - b);
  const sum = (path: "low" | "median" | "high"): readonly number[] => {
    const totals = timeSeconds.map(() => 0);
    for (const paths of all) {
      let at = -1;
      timeSeconds.forEach((time, index) => {
        while ((paths.timeSeconds[at + 1] ?? Infinity) <= time) at += 1;
        totals[index] = (totals[index] ?? 0) + (at < 0 ? 0 : (paths[path][at] ?? 0));
      });
    }
    return totals;
  };
  return { timeSeconds, low: sum("low"), median: sum("median"), high: sum("high") };
}

function bounded(rate: number, { leastPerHour, mostPerHour }: RateOutlookInput): number {
  return Math.min(Math.max(rate, leastPerHour), Math.max(mostPerHour, leastPerHour));
}

/** Low, median and high of what is known of an hour (counted from the epoch). */
function profileOf(past: RateOutlookInput["past"]): (hour: number) => readonly [number, number, number] | undefined {
  const byWeek = new Map<number, number[]>();
  const byDay = new Map<number, number[]>();
  const add = (map: Map<number, number[]>, key: number, value: number): void => {
    const list = map.get(key);
    if (list === undefined) map.set(key, [value]);
    else list.push(value);
  };
  for (const { timeSeconds, perHour } of past) {
    const hour = Math.floor(timeSeconds / HOUR);
    add(byWeek, hour % WEEK, perHour);
    add(byDay, hour % 24, perHour);
  }
  const all = past.map(({ perHour }) => perHour);
  return (hour) => {
    const week = byWeek.get(hour % WEEK) ?? [];
    const day = byDay.get(hour % 24) ?? [];
    const values = week.length > 0 ? week : day.length > 0 ? day : all;
    if (values.length === 0) return undefined;
    // Few hours of the week have a spread of their own before a month has passed: the day's hours lend theirs.
    const spread = week.length >= FEWEST_FOR_SPREAD ? week : day.length >= FEWEST_FOR_SPREAD ? day : values;
    const centre = quantile(values, 0.5);
    const middle = quantile(spread, 0.5);
    return [Math.max(0, centre + quantile(spread, 0.1) - middle), centre, centre + quantile(spread, 0.9) - middle];
  };
}

function quantile(values: readonly number[], level: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = level * (sorted.length - 1);
  const below = sorted[Math.floor(at)] ?? 0;
  return below + (at - Math.floor(at)) * ((sorted[Math.ceil(at)] ?? below) - below);
}
