import type { Series } from "./series.ts";

const DAY_SECONDS = 86_400;
/** The autocorrelation is computed on at most so many means of neighbouring rows. */
const MAX_POINTS = 2000;
/** A season that the calendar does not tell must correlate at least so much. */
const LEAST_CORRELATION = 0.3;
/** … and by so much more than the day does, to displace it. */
const LEAD_OVER_DAY = 0.2;

/**
 * Seasons of a series in rows, ascending: the calendar's day and week where the rows allow, unless another period correlates
 * clearly better; then that period, and a multiple of it that correlates better still. Empty where none is seen.
 */
export function detectSeasons(series: Series): number[] {
  const rows = series.values.length;
  const day = Math.round(DAY_SECONDS / series.stepSeconds);
  const hasDay = day >= 4 && rows >= 2 * day + 2 && Math.abs(DAY_SECONDS / series.stepSeconds - day) < 1e-6 * day;
  const correlation = new Autocorrelation(series.values);
  const period = correlation.strongestPeriod();
  const beatsDay = period !== undefined && correlation.at(period) > LEAD_OVER_DAY + (hasDay ? correlation.at(day) : 0);
  if (hasDay && !beatsDay) return [day, 7 * day];
  if (period === undefined || !beatsDay) return [];
  const longer = correlation.strongestMultiple(period);
  return longer === undefined ? [period] : [period, longer];
}

/** Autocorrelation of a series without its straight trend, on means over blocks of rows. */
class Autocorrelation {
  private readonly block: number;
  private readonly points: Float64Array;
  private readonly power: number;

  constructor(values: Float64Array) {
    this.block = Math.max(1, Math.ceil(values.length / MAX_POINTS));
    this.points = withoutTrend(blockMeans(values, this.block));
    this.power = this.points.reduce((sum, x) => sum + x * x, 0);
  }

  /** At a lag in rows, between whole blocks linearly; 0 for a constant. */
  at(rows: number): number {
    const lag = rows / this.block;
    const low = Math.floor(lag);
    return this.atBlocks(low) + (lag - low) * (this.atBlocks(low + 1) - this.atBlocks(low));
  }

  /** The period in rows of the highest peak after the first trough, where it is high enough. */
  strongestPeriod(): number | undefined {
    const limit = Math.floor(this.points.length / 2.2);
    const curve = Float64Array.from({ length: limit + 2 }, (_, lag) => this.atBlocks(lag));
    let lag = 1;
    while (lag < limit && curve[lag + 1]! <= curve[lag]!) lag++;
    let best: number | undefined;
    for (; lag <= limit; lag++) {
      const isPeak = curve[lag]! >= curve[lag - 1]! && curve[lag]! > curve[lag + 1]!;
      // A later peak must beat the first clearly, or every multiple of a period would displace it.
      if (isPeak && curve[lag]! >= LEAST_CORRELATION && (best === undefined || curve[lag]! > curve[best]! + 0.1)) best = lag;
    }
    return best === undefined ? undefined : this.refine(best);
  }

  /** The multiple (2 to 10) of a period that correlates best, where it beats the period itself by 0.03. */
  strongestMultiple(period: number): number | undefined {
    let best: number | undefined;
    for (let times = 2; times <= 10 && (times * period) / this.block < this.points.length / 2.2; times++) {
      if (this.at(times * period) > this.at(best ?? period) + (best === undefined ? 0.03 : 0)) best = times * period;
    }
    return best;
  }

  /** The peak of the parabola through a lag and its neighbours, in rows. */
  private refine(lag: number): number {
    const [left, top, right] = [this.atBlocks(lag - 1), this.atBlocks(lag), this.atBlocks(lag + 1)];
    const bend = left - 2 * top + right;
    const shift = bend < 0 && this.block > 1 ? (0.5 * (left - right)) / bend : 0;
    return Math.max(2, Math.round((lag + Math.max(-0.5, Math.min(0.5, shift))) * this.block));
  }

  private atBlocks(lag: number): number {
    if (this.power === 0 || lag >= this.points.length) return 0;
    let sum = 0;
    for (let i = lag; i < this.points.length; i++) sum += this.points[i]! * this.points[i - lag]!;
    return (sum / this.power) * (this.points.length / (this.points.length - lag));
  }
}

/** Means over blocks of rows; a block without a known value repeats the one before it. */
function blockMeans(values: Float64Array, block: number): Float64Array {
  let carried = values.find((value) => Number.isFinite(value)) ?? 0;
  return Float64Array.from({ length: Math.floor(values.length / block) }, (_, index) => {
    const known = values.subarray(index * block, (index + 1) * block).filter((value) => Number.isFinite(value));
    if (known.length > 0) carried = known.reduce((sum, value) => sum + value, 0) / known.length;
    return carried;
  });
}

function withoutTrend(points: Float64Array): Float64Array {
  const middle = (points.length - 1) / 2;
  const mean = points.reduce((sum, value) => sum + value, 0) / Math.max(1, points.length);
  let slope = 0;
  let spread = 0;
  for (let i = 0; i < points.length; i++) {
    slope += (i - middle) * (points[i]! - mean);
    spread += (i - middle) ** 2;
  }
  return points.map((value, i) => value - mean - (spread > 0 ? slope / spread : 0) * (i - middle));
}
