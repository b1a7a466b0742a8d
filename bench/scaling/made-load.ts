import { seededNormal, seededRandom } from "../../src/replay/random.ts";

/** A load that no constant of the planner was chosen on. */
export interface UnseenTrace {
  readonly name: string;
  /** Requests per second by 15-second step. */
  readonly load: Float64Array;
  readonly startSeconds: number;
  readonly warmUpDays: number;
  readonly maxReplicas: number;
}

export const STEP_SECONDS = 15;
export const DAY_STEPS = 86_400 / STEP_SECONDS;
const MINUTE_STEPS = 4;
const RATE = 100;
export const PEAK_REPLICAS = 60;
const MOST_PEAKS = 2.5;
/** Relative noise of a 15-second step, as the six open traces have it. */
export const STEP_NOISE = 0.015;
const START_SECONDS = 1_760_000_000 - (1_760_000_000 % 86_400);

export interface Making {
  readonly day?: (i: number) => number;
  readonly shape?: (i: number) => number;
  readonly peak?: number;
  readonly days?: number;
  readonly warmUpDays?: number;
  /** Arrivals of a step are a Poisson count. */
  readonly poisson?: boolean;
}

export function made(name: string, { day = dayShape, shape = () => 1, peak = PEAK_REPLICAS, days = 24, warmUpDays = 8, poisson = false }: Making): UnseenTrace {
  const normal = seededNormal(name.length * 7919 + (name.codePointAt(0) ?? 0));
  let slow = 0;
  const rates = new Float64Array(days * DAY_STEPS);
  for (let i = 0; i < rates.length; i += 1) {
    slow = 0.999 * slow + 0.003 * normal();
    rates[i] = day(i) * shape(i) * Math.exp(slow) * (1 + STEP_NOISE * normal());
  }
  const load = scaled(rates, peak);
  // A Poisson count of many arrivals is normal to within its rounding.
  if (poisson) for (let i = 0; i < load.length; i += 1) load[i] = Math.max(0, Math.round((load[i] ?? 0) * STEP_SECONDS + Math.sqrt((load[i] ?? 0) * STEP_SECONDS) * normal())) / STEP_SECONDS;
  return { name, load, startSeconds: START_SECONDS, warmUpDays, maxReplicas: Math.max(200, Math.ceil(peak * 1.5)) };
}

/** A day between 0.3 and 1, with a second hump in the evening. */
export function dayShape(i: number): number {
  const hour = ((i % DAY_STEPS) / DAY_STEPS) * 2 * Math.PI;
  return 0.6 - 0.3 * Math.cos(hour) - 0.1 * Math.cos(2 * hour + 1);
}

export function isWeekend(i: number): boolean {
  const day = Math.floor(i / DAY_STEPS) % 7;
  return day === 2 || day === 3;
}

export function bursts(grid: { readonly everyMinutes: number; readonly factor: number; readonly minutes: number; readonly hours?: readonly number[] }): (i: number) => number {
  return betweenMinutes((minute) => {
    const hour = Math.floor(minute / 60) % 24;
    const isBurst = minute % grid.everyMinutes < grid.minutes && (grid.hours?.includes(hour) ?? true);
    return isBurst ? grid.factor : 1;
  });
}

/** Known by the minute and linear between, as the open traces were made: asked for step by step, ascending. */
export function betweenMinutes(valueOf: (minute: number) => number): (i: number) => number {
  return (i) => {
    const place = Math.max(0, (i + 0.5) / MINUTE_STEPS - 0.5);
    const minute = Math.floor(place);
    const before = valueOf(minute);
    return before + (valueOf(minute + 1) - before) * (place - minute);
  };
}

/** `perDay` crowds a day at random: to twice or thrice the load within five minutes, gone in about an hour. */
export function flashCrowds(seed: number, perDay: number): (i: number) => number {
  const random = seededRandom(seed);
  let crowd = 0;
  let size = 0;
  let since = Infinity;
  return () => {
    if (random() < perDay / DAY_STEPS) {
      size = 1 + random();
      since = 0;
    }
    since += 1;
    crowd = since < 20 ? Math.max(crowd, (size * since) / 20) : crowd * (1 - 1 / 160);
    return 1 + crowd;
  };
}

/** Scaled so that the 99.9 % quantile of the minutes needs so many replicas at full use; what no fleet of the benchmark could carry is cut. */
export function scaled(load: Float64Array, replicas: number): Float64Array {
  const minutes = Float64Array.from({ length: Math.floor(load.length / MINUTE_STEPS) }, (_, m) => {
    let sum = 0;
    for (let k = 0; k < MINUTE_STEPS; k += 1) sum += load[m * MINUTE_STEPS + k] ?? 0;
    return sum / MINUTE_STEPS;
  }).sort();
  const most = minutes[Math.floor(0.999 * (minutes.length - 1))] ?? 1;
  return load.map((value) => Math.min(MOST_PEAKS, value / most) * replicas * RATE);
}

/** A factor a minute, lognormal about one. */
export function jitter(sigma: number, seed: number): (i: number) => number {
  const normal = seededNormal(seed);
  const factors: number[] = [];
  return betweenMinutes((minute) => (factors[minute] ??= Math.exp(sigma * normal() - (sigma * sigma) / 2)));
}
