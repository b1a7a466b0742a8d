import { readFileSync } from "node:fs";
import { join } from "node:path";
import { seededNormal } from "../../src/replay/random.ts";
import { bursts, DAY_STEPS, flashCrowds, isWeekend, jitter, made, PEAK_REPLICAS, scaled, STEP_NOISE, STEP_SECONDS } from "./made-load.ts";
import type { UnseenTrace } from "./made-load.ts";

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
