import type { Result } from "../model/result.ts";
import type { Series } from "../model/series.ts";

/** One extracted value of a signal for one grid step. `coverage`: share of the step that was observed, 0..1. */
export interface HistoryPoint {
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
  readonly stepSeconds: number;
}

/** Keeps extracted signals. Asynchronous from day one; writes are durable when the promise resolves. */
export interface HistoryStore {
  /** Adds points; late ones within two intervals are folded in, later ones are counted and dropped. */
  append(key: SignalKey, points: readonly HistoryPoint[]): Promise<Result<AppendSummary>>;
  /** Imports a whole past at once (replaces what overlaps), as `foretide import` does. */
  importPoints(key: SignalKey, points: readonly HistoryPoint[]): Promise<Result<AppendSummary>>;
  /** The means in [fromSeconds, toSeconds) on the grid; a gap is NaN. */
  read(key: SignalKey, fromSeconds: number, toSeconds: number): Promise<Result<Series>>;
  keys(): Promise<Result<readonly SignalKey[]>>;
  /** Drops what is older than the retention. */
  prune(beforeSeconds: number): Promise<Result<number>>;
  close(): Promise<void>;
}

export interface AppendSummary {
  readonly stored: number;
  readonly droppedLate: number;
  readonly droppedInvalid: number;
}
