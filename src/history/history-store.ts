import type { Result } from "../model/result.ts";
import type { Series } from "../model/series.ts";

/** One extracted value of a signal for one grid step. `coverage`: share of the step that was observed, 0..1. */
export interface HistoryPoint {
  /** Epoch seconds within the step that the value describes; the store floors it to the grid. */
  readonly timeSeconds: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
  readonly coverage: number;
}

/** Names one stored signal: a target's demand, utilization, … on its grid. */
export interface SignalKey {
  readonly target: string;
  readonly signal: string;
  /** Whole seconds, 1 or more. */
  readonly stepSeconds: number;
}

/**
 * Keeps extracted signals on two rhythms: each signal's own step, and hourly. Writes are durable when the promise resolves.
 * The hourly rhythm is made by the store: it is the same target and signal at `stepSeconds` 3600, unless someone appends there.
 */
export interface HistoryStore {
  /** Adds points; late ones within two intervals are folded in, later ones are counted and dropped. */
  append(key: SignalKey, points: readonly HistoryPoint[]): Promise<Result<AppendSummary>>;
  /** Imports a whole past at once, all or nothing: points of one step are folded, then replace what that step held. */
  importPoints(key: SignalKey, points: readonly HistoryPoint[]): Promise<Result<AppendSummary>>;
  /** The means in [fromSeconds, toSeconds) on the grid; a gap is NaN. An unknown signal is all gap. */
  read(key: SignalKey, fromSeconds: number, toSeconds: number): Promise<Result<Series>>;
  /** The same span with everything that is stored of each step; gaps are left out. */
  readPoints(key: SignalKey, fromSeconds: number, toSeconds: number): Promise<Result<readonly HistoryPoint[]>>;
  keys(): Promise<Result<readonly SignalKey[]>>;
  /** Drops whole chunks that end before `beforeSeconds` (hourly ones: before `hourlyBeforeSeconds`); resolves to their number. */
  prune(beforeSeconds: number, hourlyBeforeSeconds?: number): Promise<Result<number>>;
  /** Resolves when all that was asked before is durable. */
  close(): Promise<void>;
}

export interface AppendSummary {
  readonly stored: number;
  readonly droppedLate: number;
  readonly droppedInvalid: number;
}

export interface HistoryOptions {
  /** Epoch seconds. Given, a point more than two steps (and a minute) ahead of it is invalid, so that one wrong clock cannot make all later points late. */
  readonly now?: () => number;
}

/** Hourly values are small (35 kB a signal and year): a year and a month, so that a yearly season can be seen. */
export const HOURLY_RETENTION_SECONDS = 396 * 86_400;
export const HOUR_SECONDS = 3_600;
/** So many intervals behind the newest point may a point come and still be folded in. */
export const LATE_INTERVALS = 2;
