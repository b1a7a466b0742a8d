import { median } from "simple-statistics";
import type { Shape, TrainingRows } from "./member.ts";

/** Periods of grids: the divisors of the day in minutes that divide the hour or are whole hours. */
const PERIODS_MINUTES = [2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1440];
const HOUR_SECONDS = 3600;
/** A grid is learned from its newest rows, so many days of them and so many periods at least. */
const LEARNED_DAYS = 7;
const LEAST_PERIODS = 6;
/** Held-back rows' absolute residuals must shrink by this share … */
const LEAST_GAIN = 0.1;
/** … and by so many standard errors over the periods; a longer period must gain this share more than a shorter one. */
const LEAST_STANDARD_ERRORS = 4;
const LONGER_GAIN = 0.03;
/** Rows that a running median looks at, at least. */
const LEAST_MEDIAN_ROWS = 5;

/**
 * The period, in rows, of regular bursts in rows [0, end), or undefined where none is proven. Medians by phase of the detrended rows'
 * earlier half must explain the later half.
 */
export function findBurstGrid(shape: Shape, rows: TrainingRows, end: number): number | undefined {
  const smooth = new Detrending(shape, rows, end);
  let best: { readonly period: number; readonly left: number } | undefined;
  for (const minutes of PERIODS_MINUTES) {
    const period = (minutes * 60) / shape.stepSeconds;
    if (!Number.isInteger(period) || period < 2 || period === shape.day) continue;
    const from = firstRow(shape, period, end);
    if (end - from < LEAST_PERIODS * period) break;
    const left = shareLeft(smooth.residuals(from, period), rows.known, from, period);
    if (left < 1 - LEAST_GAIN && left < (best?.left ?? 1) - LONGER_GAIN) best = { period, left };
  }
  return best?.period;
}

/** What each phase adds to the level, in the rows' unit: the median by phase of the newest rows, detrended. */
export function phaseEffects(shape: Shape, rows: TrainingRows, end: number, period: number): Float64Array {
  if (period < 2) return new Float64Array(1);
  const from = firstRow(shape, period, end);
  return mediansByPhase(new Detrending(shape, rows, end).residuals(from, period), rows.known, { from, to: end, period });
}

function firstRow(shape: Shape, period: number, end: number): number {
  return Math.max(0, end - Math.max(Math.round((LEARNED_DAYS * 24 * HOUR_SECONDS) / shape.stepSeconds), 2 * LEAST_PERIODS * period));
}

/** Share of the later half's absolute residuals that the earlier half's phases leave; 1 where the gain is not proven. */
function shareLeft(residuals: Float64Array, known: Uint8Array, from: number, period: number): number {
  const to = from + residuals.length;
  const middle = from + Math.floor(residuals.length / (2 * period)) * period;
  const effects = mediansByPhase(residuals, known, { from, to: middle, period });
  const gains: number[] = [];
  let before = 0;
  for (let start = middle; start + period <= to; start += period) {
    let gain = 0;
    for (let row = start; row < start + period; row++) {
      if (known[row] === 0) continue;
      const residual = residuals[row - from]!;
      before += Math.abs(residual);
      gain += Math.abs(residual) - Math.abs(residual - effects[row % period]!);
    }
    gains.push(gain);
  }
  const total = gains.reduce((sum, gain) => sum + gain, 0);
  const mean = total / gains.length;
  const deviation = Math.sqrt(gains.reduce((sum, gain) => sum + (gain - mean) ** 2, 0) / Math.max(1, gains.length - 1));
  return gains.length > 1 && total > LEAST_STANDARD_ERRORS * deviation * Math.sqrt(gains.length) ? 1 - total / before : 1;
}

function mediansByPhase(residuals: Float64Array, known: Uint8Array, { from, to, period }: { readonly from: number; readonly to: number; readonly period: number }): Float64Array {
  const phases = Array.from({ length: period }, (): number[] => []);
  for (let row = from; row < to; row++) if (known[row] === 1) phases[row % period]!.push(residuals[row - from]!);
  return Float64Array.from(phases, (values) => (values.length > 0 ? median(values) : 0));
}

/** Rows without their level: up to an hour's period the mean of a whole period around each, beyond it the median of an hour. */
class Detrending {
  private readonly values: Float64Array;
  private readonly hour: number;
  private readonly aroundMedian: Float64Array;

  constructor(shape: Shape, { values }: TrainingRows, end: number) {
    this.values = values.subarray(0, end);
    this.hour = HOUR_SECONDS / shape.stepSeconds;
    this.aroundMedian = new Float64Array(end).fill(NaN);
  }

  residuals(from: number, period: number): Float64Array {
    const level = period > this.hour ? (row: number) => this.hourMedian(row) : this.periodMean(from, period);
    return this.values.slice(from).map((value, i) => value - level(from + i));
  }

  /** Kept, since all the long periods ask for it. */
  private hourMedian(row: number): number {
    const half = Math.max(LEAST_MEDIAN_ROWS, Math.floor(this.hour)) >> 1;
    if (Number.isNaN(this.aroundMedian[row])) this.aroundMedian[row] = median([...this.values.subarray(Math.max(0, row - half), row + half + 1)]);
    return this.aroundMedian[row]!;
  }

  private periodMean(from: number, period: number): (row: number) => number {
    const end = this.values.length;
    const sums = new Float64Array(end + 1 - from);
    for (let row = from; row < end; row++) sums[row + 1 - from] = sums[row - from]! + this.values[row]!;
    return (row) => {
      const start = Math.max(from, Math.min(end - period, row - (period >> 1)));
      return (sums[start + period - from]! - sums[start - from]!) / period;
    };
  }
}
