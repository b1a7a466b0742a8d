import { readFileSync } from "node:fs";
import { join } from "node:path";
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

const STEP_SECONDS = 15;
const DAY_STEPS = 86_400 / STEP_SECONDS;
const MINUTE_STEPS = 4;
const RATE = 100;
const PEAK_REPLICAS = 60;
const MOST_PEAKS = 2.5;
/** Relative noise of a 15-second step, as the six open traces have it. */
const STEP_NOISE = 0.015;
const START_SECONDS = 1_760_000_000 - (1_760_000_000 % 86_400);

/** Series of the data folder that are not among the six: their first row to take, their days, and the days before scoring. */
const REAL: readonly { readonly file: string; readonly fromDay: number; readonly days: number; readonly warmUpDays: number }[] = [
  { file: "nab_Twitter_volume_AMZN", fromDay: 0, days: 28, warmUpDays: 10 },
  { file: "wc98_5min", fromDay: 1, days: 25, warmUpDays: 10 },
  { file: "nasa_5min", fromDay: 34, days: 24, warmUpDays: 8 },
  { file: "nab_elb_request_count_8c0756", fromDay: 0, days: 14, warmUpDays: 5 },
  { file: "nab_nyc_taxi", fromDay: 100, days: 28, warmUpDays: 10 },
  { file: "azv1_per000", fromDay: 0, days: 28, warmUpDays: 10 },
  { file: "azv1_per014", fromDay: 0, days: 28, warmUpDays: 10 },
  { file: "azv1_vm004", fromDay: 0, days: 26, warmUpDays: 10 },
  { file: "azv1_vm019", fromDay: 0, days: 26, warmUpDays: 10 },
  { file: "google2019_cpu", fromDay: 0, days: 28, warmUpDays: 10 },
  { file: "donut_cpu4", fromDay: 0, days: 28, warmUpDays: 10 },
];

/** Unseen real series, interpolated to 15 s with noise, so that the p99.9 needs sixty replicas, as the open traces do. */
export function realTraces(dataFolder: string): readonly UnseenTrace[] {
  return REAL.map(({ file, fromDay, days, warmUpDays }, index) => {
    const rows = readFileSync(join(dataFolder, "forecast", `${file}.csv`), "utf8").trim().split("\n").slice(1).map((row) => row.split(",").map(Number));
    const start = (rows[0]?.[0] ?? 0) + fromDay * 86_400;
    const least = Math.min(...rows.map((row) => row[1] ?? 0), 0);
    const times = rows.map((row) => row[0] ?? NaN);
    const values = rows.map((row) => (row[1] ?? 0) - least);
    const normal = seededNormal(1000 + index);
    const load = new Float64Array(days * DAY_STEPS);
    let row = 0;
    for (let i = 0; i < load.length; i += 1) {
      const at = start + i * STEP_SECONDS;
      while (row + 2 < times.length && (times[row + 1] ?? Infinity) <= at) row += 1;
      const [from = 0, to = 0, before = 0, after = 0] = [times[row], times[row + 1], values[row], values[row + 1]];
      const share = Math.min(1, Math.max(0, (at - from) / (to - from)));
      load[i] = Math.max(0, (before + (after - before) * share) * (1 + STEP_NOISE * normal()));
    }
    return { name: file.replace(/^nab_|_5min$/g, ""), load: scaled(load, PEAK_REPLICAS), startSeconds: start, warmUpDays, maxReplicas: 200 };
  });
}

/** Made ones: each has one property that the six open traces have little of. Seeded. */
export function madeTraces(): readonly UnseenTrace[] {
  const jitter = (sigma: number, seed: number): ((i: number) => number) => {
    const normal = seededNormal(seed);
    const factors: number[] = [];
    return betweenMinutes((minute) => (factors[minute] ??= Math.exp(sigma * normal() - (sigma * sigma) / 2)));
  };
  return [
    made("minute jitter 10 %", { shape: jitter(0.1, 21) }),
    made("minute jitter 30 %", { shape: jitter(0.3, 22) }),
    made("bursts every 15 min", { shape: bursts({ everyMinutes: 15, factor: 1.8, minutes: 1 }) }),
    made("bursts every 30 min", { shape: bursts({ everyMinutes: 30, factor: 2.5, minutes: 2 }) }),
    made("bursts every 60 min", { shape: bursts({ everyMinutes: 60, factor: 3.5, minutes: 1 }) }),
    made("bursts 11 times a day", { shape: bursts({ everyMinutes: 60, factor: 3.5, minutes: 1, hours: [0, 1, 3, 6, 8, 9, 12, 15, 17, 20, 22] }) }),
    made("ramp, ten times in four weeks", { shape: (i) => 0.1 + (0.9 * i) / (28 * DAY_STEPS) }),
    made("flash crowds", { shape: flashCrowds(31, 0.7) }),
    made("quiet weekends", { shape: (i) => (isWeekend(i) ? 0.35 : 1) }),
    made("flat, with noise", { day: () => 1, shape: jitter(0.03, 23) }),
    made("small, one to five replicas", { peak: 5, poisson: true }),
    made("large, five thousand replicas", { peak: 5000, days: 16 }),
    made("two days of history", { days: 9, warmUpDays: 2, shape: jitter(0.05, 24) }),
  ];
}

interface Making {
  readonly day?: (i: number) => number;
  readonly shape?: (i: number) => number;
  readonly peak?: number;
  readonly days?: number;
  readonly warmUpDays?: number;
  /** Arrivals of a step are a Poisson count. */
  readonly poisson?: boolean;
}

function made(name: string, { day = dayShape, shape = () => 1, peak = PEAK_REPLICAS, days = 24, warmUpDays = 8, poisson = false }: Making): UnseenTrace {
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
function dayShape(i: number): number {
  const hour = ((i % DAY_STEPS) / DAY_STEPS) * 2 * Math.PI;
  return 0.6 - 0.3 * Math.cos(hour) - 0.1 * Math.cos(2 * hour + 1);
}

function isWeekend(i: number): boolean {
  const day = Math.floor(i / DAY_STEPS) % 7;
  return day === 2 || day === 3;
}

function bursts(grid: { readonly everyMinutes: number; readonly factor: number; readonly minutes: number; readonly hours?: readonly number[] }): (i: number) => number {
  return betweenMinutes((minute) => {
    const hour = Math.floor(minute / 60) % 24;
    const isBurst = minute % grid.everyMinutes < grid.minutes && (grid.hours?.includes(hour) ?? true);
    return isBurst ? grid.factor : 1;
  });
}

/** Known by the minute and linear between, as the open traces were made: asked for step by step, ascending. */
function betweenMinutes(valueOf: (minute: number) => number): (i: number) => number {
  return (i) => {
    const place = Math.max(0, (i + 0.5) / MINUTE_STEPS - 0.5);
    const minute = Math.floor(place);
    const before = valueOf(minute);
    return before + (valueOf(minute + 1) - before) * (place - minute);
  };
}

/** `perDay` crowds a day at random: to twice or thrice the load within five minutes, gone in about an hour. */
function flashCrowds(seed: number, perDay: number): (i: number) => number {
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
function scaled(load: Float64Array, replicas: number): Float64Array {
  const minutes = Float64Array.from({ length: Math.floor(load.length / MINUTE_STEPS) }, (_, m) => {
    let sum = 0;
    for (let k = 0; k < MINUTE_STEPS; k += 1) sum += load[m * MINUTE_STEPS + k] ?? 0;
    return sum / MINUTE_STEPS;
  }).sort();
  const most = minutes[Math.floor(0.999 * (minutes.length - 1))] ?? 1;
  return load.map((value) => Math.min(MOST_PEAKS, value / most) * replicas * RATE);
}
