import { createEnsemble } from "../../../forecasts/ensemble/ensemble.ts";
import { FLEET_WIDTH, FLEET_LEVELS } from "../../../forecasts/fleet/fleet-features.ts";
import { fleetRows } from "../../../forecasts/fleet/fleet-rows.ts";
import { ENSEMBLE_MEMBERS } from "../../../forecasts/registry.ts";
import type { HourlySeries } from "./sources.ts";

/** What the network learns from: a row per row ahead of an origin, in units of the ensemble's recent error. */
export interface Lessons {
  readonly count: number;
  readonly features: Float32Array;
  /** The value's and each path's distance from the ensemble's point. */
  readonly targets: Float32Array;
  readonly offsets: Float32Array;
}

const AHEAD = 48;
const CUTS = 8;
const SMOOTH_CUTS = 4;
const LEAST_HISTORY = 550;
const HISTORY_SPAN = 450;
const MOST_GAPS = 0.02;
/** A target is kept within so many errors. */
const MOST_ERRORS = 6;
const DAY = 24;

/** Lessons from origins spread over each series, and over a smoothed twin of it: what many alike services look like together. */
export function lessonsOf(series: readonly HourlySeries[], random: () => number, tell: (line: string) => void): Lessons {
  const ensemble = createEnsemble("fleet-lessons", ENSEMBLE_MEMBERS);
  const rows: { features: Float64Array; target: number; offsets: Float64Array }[] = [];
  const learn = (values: Float64Array, cuts: number): void => {
    for (let cut = 0; cut < cuts; cut++) {
      const length = LEAST_HISTORY + Math.floor(random() * HISTORY_SPAN);
      const end = length + Math.floor(((values.length - AHEAD - length) * (cut + random())) / cuts);
      const history = values.slice(end - length, end);
      const actual = values.slice(end, end + AHEAD);
      if (end < length || !isWhole(history, actual)) continue;
      const result = ensemble.fit({ series: { startSeconds: 0, stepSeconds: 3600, values: history }, seasons: [DAY, 7 * DAY], horizon: AHEAD, seed: 1 });
      if (!result.ok) continue;
      const filled = fillGaps(history);
      const { features, units, points, offsets } = fleetRows(ensemble.resume(result.fit), (ago) => filled[Math.max(0, length - ago)]!);
      for (let place = 0; place < AHEAD; place++) {
        const unit = units[place]!;
        if (unit > 0) rows.push({ features: features[place]!, target: (actual[place]! - points[place]!) / unit, offsets: offsets[place]!.map((offset) => offset / unit) });
      }
    }
  };
  for (const [i, { id, values }] of series.entries()) {
    if (i % 20 === 0) tell(`lessons: ${id} (${String(i + 1)} of ${String(series.length)})`);
    learn(values, CUTS);
    learn(smoothed(values, random), SMOOTH_CUTS);
  }
  return pack(rows);
}

function pack(rows: readonly { features: Float64Array; target: number; offsets: Float64Array }[]): Lessons {
  const levels = FLEET_LEVELS.length;
  const lessons: Lessons = {
    count: rows.length,
    features: new Float32Array(rows.length * FLEET_WIDTH),
    targets: new Float32Array(rows.length),
    offsets: new Float32Array(rows.length * levels),
  };
  for (const [i, { features, target, offsets }] of rows.entries()) {
    lessons.features.set(features, i * FLEET_WIDTH);
    lessons.targets[i] = Math.max(-MOST_ERRORS, Math.min(MOST_ERRORS, target));
    lessons.offsets.set(offsets, i * levels);
  }
  return lessons;
}

function isWhole(history: Float64Array, actual: Float64Array): boolean {
  const gaps = history.filter((value) => Number.isNaN(value)).length;
  return gaps <= MOST_GAPS * history.length && !Number.isNaN(history.at(-1)!) && !actual.some((value) => Number.isNaN(value));
}

function fillGaps(history: Float64Array): Float64Array {
  const filled = history.slice();
  for (let row = 1; row < filled.length; row++) if (Number.isNaN(filled[row]!)) filled[row] = filled[row - DAY] ?? filled[row - 1]!;
  return filled;
}

/**
 * The same hour's mean over a week and again over four to fourteen days, with none, 3 % or a tenth of what that takes away: no week is
 * left, a slow drift is.
 */
function smoothed(values: Float64Array, random: () => number): Float64Array {
  const week = sameHourMeans(values, 7, 4);
  const smooth = sameHourMeans(week, 4 + Math.floor(random() * 11), 3);
  const noise = [0, 0.03, 0.1][Math.floor(random() * 3)]!;
  return smooth.map((value, row) => {
    const rest = values[row]! - week[row]!;
    return value + (Number.isNaN(rest) ? 0 : noise * rest);
  });
}

/** Centred means of `days` rows a day apart; NaN where less than `needed` are known. */
function sameHourMeans(values: Float64Array, days: number, needed: number): Float64Array {
  const before = Math.floor(days / 2);
  return values.map((_, row) => {
    let sum = 0;
    let known = 0;
    for (let day = -before; day < days - before; day++) {
      const value = values[row + day * DAY];
      if (value === undefined || Number.isNaN(value)) continue;
      sum += value;
      known++;
    }
    return known >= needed ? sum / known : NaN;
  });
}
