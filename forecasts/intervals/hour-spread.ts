import type { RowWindow } from "../numeric/row-window.ts";

/** Parts of the short season that get a spread of their own. */
const PARTS = 24;
/** The least share of a part's newest season in its mean. */
const GAIN = 0.15;
/** Weight of the mean over all parts beside a part's own. */
const SHRINKAGE = 1;
/** A part's spread stays within so many times the mean, and one so-manyth of it. */
const MOST_RATIO = 2;
/** One row's change counts up to so many mean ones. */
const MOST_CHANGE = 4;
/** The unrest of now counts half after this share of the season, and so many rows at least. */
const UNREST_SHARE = 1 / 24;
const UNREST_LEAST_ROWS = 6;
/** Weight of the mean beside the newest changes. */
const UNREST_SHRINKAGE = 0.25;
/** Seasons that are watched before anything is told. */
const WARM_UP_SEASONS = 3;

export interface SavedHourSpread {
  readonly parts: readonly number[];
  readonly mean: number;
  readonly rows: number;
  /** Mean change of the newest rows; missing in a state of before it was kept. */
  readonly newest?: number;
}

/**
 * How much each hour of the day (each 24th of the short season) scatters, over the mean of all: exponentially weighted means of the
 * absolute change from the season before. Nights get narrower intervals than noons. And how restless the load is now, over what it
 * usually is.
 */
export class HourSpread {
  private readonly day: number;
  private readonly parts: Float64Array;
  private mean: number;
  private rows: number;
  private newest: number;
  private readonly newestRate: number;

  constructor(day: number, saved?: SavedHourSpread) {
    this.day = day;
    this.newest = saved?.newest ?? saved?.mean ?? 0;
    this.newestRate = 1 - 0.5 ** (1 / Math.max(UNREST_LEAST_ROWS, UNREST_SHARE * day));
    this.parts = saved === undefined ? new Float64Array(Math.min(PARTS, day)) : Float64Array.from(saved.parts);
    this.mean = saved?.mean ?? 0;
    this.rows = saved?.rows ?? 0;
  }

  /** The newest row of `window`, in a unit of about unit spread, has just been pushed. */
  observe(window: RowWindow): void {
    const { day, parts } = this;
    if (day <= 1 || window.count <= day) return;
    const part = this.partOf(window.count - 1);
    const change = Math.abs(window.ago(1) - window.ago(1 + day));
    const seen = this.rows++;
    const bounded = seen < day ? change : Math.min(change, MOST_CHANGE * Math.max(this.mean, parts[part]!));
    this.newest += Math.max(this.newestRate, 1 / (seen + 1)) * (change - this.newest);
    this.mean += Math.max(GAIN / day, 1 / (seen + 1)) * (bounded - this.mean);
    const rowsOfPart = day / parts.length;
    parts[part] = parts[part]! + Math.max(GAIN / rowsOfPart, 1 / (Math.floor(seen / parts.length) + 1)) * (bounded - parts[part]!);
  }

  /** The spread at the time of a row (counted from the fit's first) over the mean one; 1 while little is known. */
  ratio(row: number): number {
    if (this.day <= 1 || this.rows < WARM_UP_SEASONS * this.day || !(this.mean > 0)) return 1;
    const own = this.parts[this.partOf(row)]!;
    return Math.max(1 / MOST_RATIO, Math.min(MOST_RATIO, (own + SHRINKAGE * this.mean) / ((1 + SHRINKAGE) * this.mean)));
  }

  /** The root of how much the newest rows have changed over what rows usually change, which tells of the day to come; 1 while little is known. */
  unrest(): number {
    if (this.day <= 1 || this.rows < WARM_UP_SEASONS * this.day || !(this.mean > 0)) return 1;
    const ratio = (this.newest + UNREST_SHRINKAGE * this.mean) / ((1 + UNREST_SHRINKAGE) * this.mean);
    return Math.max(1 / MOST_RATIO, Math.min(MOST_RATIO, Math.sqrt(ratio)));
  }

  save(): SavedHourSpread {
    return { parts: [...this.parts], mean: this.mean, rows: this.rows, newest: this.newest };
  }

  private partOf(row: number): number {
    return Math.floor(((row % this.day) * this.parts.length) / this.day);
  }
}
