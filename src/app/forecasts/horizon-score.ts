import type { HorizonScore, ScoredDay } from "../status/daemon-view.ts";

/** Levels whose hit rates are kept. */
export const SCORED_LEVELS = [0.5, 0.9, 0.95, 0.99] as const;

/** Forecasts of a horizon that wait for their row at most: a longer wait is sampled. */
const MAX_PENDING = 288;
/** Days of scores that are kept: what a model did a month ago says little of it. */
const KEPT_DAYS = 28;
const DAY_SECONDS = 86_400;

/** A forecast of one horizon as it was given out, with what its rivals said at that time (NaN where they said nothing). */
export interface IssuedForecast {
  readonly quantiles: readonly number[];
  readonly seasonalNaive: number;
  readonly now: number;
}

interface DayTally {
  readonly day: number;
  matured: number;
  readonly hits: number[];
  pinball: number;
  /** Absolute errors of the median, over all rows and over those where the seasonal naive said something too. */
  error: number;
  naivePaired: number;
  naiveError: number;
  nowPaired: number;
  nowError: number;
}

export type SavedTallies = readonly DayTally[];

/** Scores the forecasts of one horizon, counted in rows, as their rows come: by day, so that old days leave. */
export class HorizonTally {
  readonly rows: number;
  readonly #stride: number;
  readonly #slots: number;
  /** Origin row, quantiles, seasonal naive, now: for each forecast that waits. */
  readonly #pending: Float64Array;
  #days: DayTally[];

  constructor(rows: number, dayRows: number, saved: SavedTallies = []) {
    this.rows = rows;
    this.#stride = coprimeFrom(Math.ceil(rows / MAX_PENDING), dayRows);
    this.#slots = Math.ceil(rows / this.#stride) + 1;
    this.#pending = new Float64Array(this.#slots * WIDTH).fill(NaN);
    this.#days = saved.map((day) => ({ ...day, hits: [...day.hits] }));
  }

  isDue(row: number): boolean {
    return row % this.#stride === 0;
  }

  issue(row: number, { quantiles, seasonalNaive, now }: IssuedForecast): void {
    const at = this.#slot(row);
    this.#pending.set([row, ...quantiles, seasonalNaive, now], at);
  }

  /** Scores the forecast that was made for `row`, if one was. A gap (NaN) or a row that is only a lower bound scores nothing. */
  mature(row: number, value: number, endSeconds: number): void {
    const origin = row - this.rows;
    const at = this.#slot(origin);
    if (origin % this.#stride !== 0 || this.#pending[at] !== origin) return;
    this.#pending[at] = NaN;
    if (Number.isNaN(value)) return;
    const said = this.#pending.subarray(at + 1, at + WIDTH);
    const tally = this.#today(Math.floor(endSeconds / DAY_SECONDS));
    tally.matured += 1;
    SCORED_LEVELS.forEach((level, index) => {
      const path = said[index] ?? NaN;
      if (value <= path) tally.hits[index] = (tally.hits[index] ?? 0) + 1;
      tally.pinball += ((value >= path ? level : level - 1) * (value - path)) / SCORED_LEVELS.length;
    });
    const [median = NaN, , , , naive = NaN, now = NaN] = said;
    tally.error += Math.abs(value - median);
    if (!Number.isNaN(naive)) {
      tally.naivePaired += Math.abs(value - median);
      tally.naiveError += Math.abs(value - naive);
    }
    if (!Number.isNaN(now)) {
      tally.nowPaired += Math.abs(value - median);
      tally.nowError += Math.abs(value - now);
    }
  }

  score(stepSeconds: number): HorizonScore {
    const sum = (of: (day: DayTally) => number): number => this.#days.reduce((total, day) => total + of(day), 0);
    const matured = sum((day) => day.matured);
    const ratio = (over: number, under: number): number | undefined => (under > 0 ? over / under : undefined);
    return {
      horizonSeconds: this.rows * stepSeconds,
      matured,
      coverage: matured === 0 ? [] : SCORED_LEVELS.map((level, index) => ({ level, share: sum((day) => day.hits[index] ?? 0) / matured })),
      meanPinball: ratio(sum((day) => day.pinball), matured),
      meanAbsoluteError: ratio(sum((day) => day.error), matured),
      overSeasonalNaive: ratio(sum((day) => day.naivePaired), sum((day) => day.naiveError)),
      overNow: ratio(sum((day) => day.nowPaired), sum((day) => day.nowError)),
      days: this.#days.map((day): ScoredDay => ({ startSeconds: day.day * DAY_SECONDS, matured: day.matured, covered90: (day.hits[1] ?? 0) / day.matured })),
    };
  }

  save(): SavedTallies {
    return this.#days;
  }

  #today(day: number): DayTally {
    const newest = this.#days.at(-1);
    if (newest !== undefined && newest.day >= day) return newest;
    const fresh: DayTally = { day, matured: 0, hits: SCORED_LEVELS.map(() => 0), pinball: 0, error: 0, naivePaired: 0, naiveError: 0, nowPaired: 0, nowError: 0 };
    this.#days = [...this.#days.filter((one) => one.day > day - KEPT_DAYS), fresh];
    return fresh;
  }

  #slot(origin: number): number {
    const slot = Math.floor(origin / this.#stride) % this.#slots;
    return (slot < 0 ? slot + this.#slots : slot) * WIDTH;
  }
}

const WIDTH = 1 + SCORED_LEVELS.length + 2;

/** The smallest stride from `least` on that visits every time of the day (decision 0102). */
function coprimeFrom(least: number, dayRows: number): number {
  let stride = least;
  while (greatestCommonDivisor(stride, dayRows) > 1) stride += 1;
  return stride;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
