import { quantileSorted } from "simple-statistics";
import type { Series } from "./series.ts";

const DAY_SECONDS = 86_400;
/** A day whose rows are known for less than this share has no peak. */
const LEAST_COVERAGE = 0.5;
/** Days of peaks below which no trend is told from the weekly rhythm. */
export const LEAST_GROWTH_DAYS = 14;
/** The level that growth starts from, and the scatter around it, are those of the newest days. */
const SCATTER_DAYS = 21;
/** Share of the rows of a day that a peak may leave out: single rows are noise. */
const PEAK_QUANTILE = 0.99;
export const GROWTH_LEVELS = [0.1, 0.5, 0.9] as const;

/** Daily peaks ahead: day d (from 1) after the series' end, with a band. */
export interface GrowthForecast {
  readonly originSeconds: number;
  /** In the order of GROWTH_LEVELS, each with one value a day. */
  readonly peaks: readonly Float64Array[];
  /** Median growth of the peaks a day, in the series' unit. */
  readonly perDay: number;
  readonly days: number;
}

/** When the peaks reach a limit, in days after the series' end; undefined where they do not within the forecast. */
export interface Reach {
  /** At the 0.9 path, the median and the 0.1 path. */
  readonly earliestDays: number | undefined;
  readonly likelyDays: number | undefined;
  readonly latestDays: number | undefined;
}

/**
 * Growth of the daily peaks by the Theil–Sen slope (Sen 1968) over pairs of days that are whole weeks apart, so that the weekly
 * rhythm cancels. The band joins the slope's own 10 % and 90 % limits with the peaks' scatter around the trend. Undefined for less
 * than fourteen days with a peak.
 */
export function forecastGrowth(series: Series, daysAhead: number): GrowthForecast | undefined {
  const peaks = dailyPeaks(series);
  const days = [...peaks.keys()].filter((day) => !Number.isNaN(peaks[day]!));
  if (days.length < LEAST_GROWTH_DAYS) return undefined;
  const slopes = weeklySlopes(peaks).sort((a, b) => a - b);
  if (slopes.length === 0) return undefined;
  const [low, middle, high] = slopeLimits(slopes, days.length);
  const recent = days.filter((day) => day >= peaks.length - SCATTER_DAYS);
  const scatter = recent.map((day) => peaks[day]! - middle * (day - (peaks.length - 1))).sort((a, b) => a - b);
  const paths = GROWTH_LEVELS.map((level, i) => {
    const slope = [low, middle, high][i]!;
    const level0 = quantileSorted(scatter, level);
    return Float64Array.from({ length: daysAhead }, (_, d) => level0 + slope * (d + 1));
  });
  return { originSeconds: series.startSeconds + series.values.length * series.stepSeconds, peaks: paths, perDay: middle, days: days.length };
}

/** The days on which each path first reaches a limit. */
export function daysToReach(growth: GrowthForecast, limit: number): Reach {
  const [low, middle, high] = growth.peaks.map((path) => {
    const day = path.findIndex((peak) => peak >= limit);
    return day < 0 ? undefined : day + 1;
  });
  return { earliestDays: high, likelyDays: middle, latestDays: low };
}

/** The 99 % quantile of each whole day, counted back from the series' end; NaN for a day that is mostly a gap. */
function dailyPeaks({ values, stepSeconds }: Series): Float64Array {
  const perDay = Math.max(1, Math.round(DAY_SECONDS / stepSeconds));
  const days = Math.floor(values.length / perDay);
  const first = values.length - days * perDay;
  return Float64Array.from({ length: days }, (_, day) => {
    const known = [...values.subarray(first + day * perDay, first + (day + 1) * perDay)].filter((value) => Number.isFinite(value));
    return known.length < LEAST_COVERAGE * perDay ? NaN : quantileSorted(known.sort((a, b) => a - b), PEAK_QUANTILE);
  });
}

function weeklySlopes(peaks: Float64Array): number[] {
  const slopes: number[] = [];
  for (let from = 0; from < peaks.length; from++) {
    for (let to = from + 7; to < peaks.length; to += 7) {
      const slope = (peaks[to]! - peaks[from]!) / (to - from);
      if (!Number.isNaN(slope)) slopes.push(slope);
    }
  }
  return slopes;
}

/** The median slope and its 80 % limits by Kendall's variance (Sen 1968, eq. 2.6), for the pairs that were used. */
function slopeLimits(sorted: readonly number[], days: number): readonly [low: number, middle: number, high: number] {
  const spread = 1.2816 * Math.sqrt((days * (days - 1) * (2 * days + 5)) / 18) / ((days * (days - 1)) / 2);
  const at = (level: number): number => quantileSorted([...sorted], Math.max(0, Math.min(1, level)));
  return [at(0.5 - spread / 2), at(0.5), at(0.5 + spread / 2)];
}
