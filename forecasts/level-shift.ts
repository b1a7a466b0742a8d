import type { RowWindow } from "./numeric/row-window.ts";

/** Rows that must agree, as a share of the day. */
const AGREEING_SHARE = 1 / 8;
/** A load whose week is not known may be on its first weekend. */
const AGREEING_SHARE_WITHOUT_WEEK = 1;
const LEAST_AGREEING_ROWS = 12;
/** Their mean deviation, over what such means are usually. */
const LEAST_RATIO = 8;
/** … and in the window's unit, so that a shift is worth a reset. */
const LEAST_SIZE = 1;
/** Days after which a usual deviation counts half. */
const USUAL_HALF_LIFE_DAYS = 3;
/** Days that are watched before anything is called a shift. */
const WARM_UP_DAYS = 3;

/** A move to another level: by how much, and how many of the newest rows stand there already. */
export interface Shift {
  readonly size: number;
  readonly rows: number;
}

export interface SavedLevelShift {
  readonly usual: number;
  readonly run: number;
  readonly mean: number;
  readonly rows: number;
}

/**
 * Notices that a load has moved to another level and keeps its shape: for an eighth of a day each row stood on the same side of
 * the same time of the day before and of the week before, by far more than is usual. Works on the log scale where the series has one, so that a
 * level is a factor.
 */
export class LevelShift {
  private readonly day: number;
  private readonly week: number;
  private readonly needed: number;
  private usual: number;
  /** Rows that have stood on one side, positive above, and their mean deviation. */
  private run: number;
  private mean: number;
  private rows: number;

  constructor(day: number, week: number, saved?: SavedLevelShift) {
    this.day = day;
    this.week = week;
    this.needed = Math.max(LEAST_AGREEING_ROWS, Math.round(day * (week > 0 ? AGREEING_SHARE : AGREEING_SHARE_WITHOUT_WEEK)));
    this.usual = saved?.usual ?? 0;
    this.run = saved?.run ?? 0;
    this.mean = saved?.mean ?? 0;
    this.rows = saved?.rows ?? 0;
  }

  /** Looks at the newest row of `window`; returns the shift, in the window's unit, when one is noticed. */
  observe(window: RowWindow): Shift | undefined {
    if (this.day <= 1 || window.count <= Math.max(this.day, this.week)) return undefined;
    this.rows++;
    const deviation = this.deviation(window);
    const side = Math.sign(deviation);
    this.run = side !== 0 && side === Math.sign(this.run) ? this.run + side : side;
    const length = Math.abs(this.run);
    this.mean = length <= 1 ? deviation : this.mean + (deviation - this.mean) / Math.min(length, this.needed);
    const size = Math.abs(this.mean);
    const isShift = length >= this.needed && size > LEAST_SIZE && size > LEAST_RATIO * this.usual && this.rows > WARM_UP_DAYS * this.day;
    const rate = 1 - 0.5 ** (1 / (USUAL_HALF_LIFE_DAYS * this.day));
    this.usual += rate * (Math.min(size, this.rows > WARM_UP_DAYS * this.day ? 3 * this.usual + 0.01 : Infinity) - this.usual);
    if (!isShift) return undefined;
    const shift = { size: this.mean, rows: length };
    this.run = 0;
    this.mean = 0;
    return shift;
  }

  /** The lesser of the deviations from yesterday and from last week; 0 where they disagree on the side. */
  private deviation(window: RowWindow): number {
    const fromDay = window.ago(1) - window.ago(1 + this.day);
    if (this.week === 0) return fromDay;
    const fromWeek = window.ago(1) - window.ago(1 + this.week);
    if (Math.sign(fromDay) !== Math.sign(fromWeek)) return 0;
    return Math.abs(fromDay) < Math.abs(fromWeek) ? fromDay : fromWeek;
  }

  save(): SavedLevelShift {
    const { usual, run, mean, rows } = this;
    return { usual, run, mean, rows };
  }
}
