import type { RowWindow } from "../numeric/row-window.ts";

/** What a member may know of its series before the first row. Counts are rows. */
export interface Shape {
  readonly rows: number;
  /** The shortest season; 1 where there is none. */
  readonly day: number;
  /** The longer season; 0 where there is none or too little history. */
  readonly week: number;
  readonly horizon: number;
  readonly stepSeconds: number;
}

/** Training rows in the member's unit. A row that is not known (0 in `known`) holds a filled-in value: no lesson for a fit. */
export interface TrainingRows {
  readonly values: Float64Array;
  readonly known: Uint8Array;
}

/**
 * One model of the ensemble while it learns and runs. It sees every row once, in order, in a unit in which the series has
 * about unit spread (or on the log scale), and its forecasts are in that unit.
 */
export interface Member {
  /** The newest row has just been pushed to `window`. */
  observe(window: RowWindow): void;
  /** Estimates the parameters from rows [0, end); called once on a part of the training rows, then on all. */
  solve(rows: TrainingRows, end: number): void;
  /** Fills `out` with the forecasts for `horizons` (ascending, in rows after the newest, from 1). */
  forecastAt(window: RowWindow, horizons: readonly number[], out: Float64Array): void;
  /** The level has moved: what was u is now slope·u + offset. The window has been moved already, its newest row stood there. */
  moveLevel(window: RowWindow, slope: number, offset: number): void;
  /** Plain JSON data from which the kind's `restore` makes an equal member; only after the last `solve`. */
  save(): unknown;
}

/** A kind of member: how to make one for a series, and how to bring one back. */
export interface MemberKind {
  readonly id: string;
  /** Rows that the member needs before `solve`, for a shape; fewer and it is left out. */
  minimumRows(shape: Shape): number;
  /** Whether rows [0, end) hold what the member is for; a kind without it suits every series. */
  suits?(shape: Shape, rows: TrainingRows, end: number): boolean;
  create(shape: Shape): Member;
  restore(shape: Shape, saved: unknown): Member;
}
