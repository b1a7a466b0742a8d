import { decodeFloats, encodeFloats } from "../numeric/encoding.ts";
import { AROUND_ROWS, leadLags } from "./lead-features.ts";
import type { LeadLags, LeadModelSpec } from "./lead-features.ts";
import { LeadHorizon } from "./lead-horizon.ts";
import type { SavedHorizon } from "./lead-horizon.ts";
import type { LeadFit } from "./lead-ridge-fit.ts";
import type { WeightedResiduals } from "./lead-scale.ts";

/** Median and scale of log(load + offset) at one horizon; the shape is given by the standard residuals. */
export interface LeadMoments {
  readonly median: number;
  readonly scale: number;
}

export interface SavedLeadModel {
  readonly spec: LeadModelSpec;
  readonly values: string;
  readonly newestRow: number;
  readonly seen: number;
  readonly offset: number;
  readonly horizons: readonly SavedHorizon[];
  /** Where the kept rows begin with a gap: the log of the value before them, which stands for it. */
  readonly leadingLog?: number;
}

const OFFSET_SHARE = 0.01;
/** Room of an eighth: a row costs eight moves on average, and no row is kept twice. */
const ROOM_SHARE = 8;
/** A young model takes the room of the rows that it has seen: two weeks of 15-second rows are 680 kB. */
const FIRST_ROWS = 1_024;

/**
 * A running forecast of log(load) at the few horizons that control needs. It sees each row once; without a fit, or while the
 * fit's squared error of the last day is 30 % over that of persistence, it says that the load stays. The scale and the shape of
 * its errors are learned from those that have matured.
 */
export class LeadModel {
  spec: LeadModelSpec;
  private readonly lags: LeadLags;
  /** The ring of the newest rows' loads; shorter than `capacity` until so many were seen. */
  private values: Float32Array;
  /**
   * log(load + offset) of the same rows in their order, so that any look-back is one index: they end before `logsEnd`, are moved to
   * the front where there is no room, and are NaN before the oldest that is kept.
   */
  private logs: Float32Array;
  private logsEnd = 0;
  private readonly capacity: number;
  private next = 0;
  private newestRow = NaN;
  private seen = 0;
  private offset = NaN;
  private readonly horizons: LeadHorizon[];

  constructor(spec: LeadModelSpec) {
    this.spec = spec;
    this.lags = leadLags(spec.dayRows);
    this.capacity = spec.historyRows;
    this.values = new Float32Array(Math.min(this.capacity, FIRST_ROWS)).fill(NaN);
    this.logs = new Float32Array(Math.min(this.logsRoom, FIRST_ROWS)).fill(NaN);
    this.horizons = spec.horizonsRows.map((rows) => new LeadHorizon(rows, spec.dayRows, this.lags));
  }

  /** Rows that are kept, gaps included. */
  get rows(): number {
    return Math.min(this.seen, this.capacity);
  }

  /** Whether a fit is in use (and not only kept) at a horizon. */
  trusted(horizon: number): boolean {
    return this.horizons[horizon]?.trusted ?? false;
  }

  /** Squared error of the fit over that of staying, over the last day, at a horizon; NaN while there is no fit. */
  errorRatio(horizon: number): number {
    return this.horizons[horizon]?.errorRatio ?? NaN;
  }

  /** Adds the row at `timeSeconds` (NaN is a gap); rows skipped since the newest are gaps. A row at or before the newest is ignored. */
  observe(timeSeconds: number, value: number): void {
    const row = Math.round(timeSeconds / this.spec.rowSeconds);
    if (this.seen > 0 && row <= this.newestRow) return;
    const skipped = this.seen === 0 ? 0 : Math.min(row - this.newestRow - 1, this.capacity);
    for (let i = skipped; i > 0; i -= 1) this.push(row - i, NaN);
    this.push(row, value);
  }

  private push(row: number, exact: number): void {
    // As it is kept: a model that is saved and restored must go on with the same numbers.
    const value = Math.fround(exact);
    if (Number.isNaN(this.offset) && value > 0) this.setOffset(OFFSET_SHARE * value);
    const present = value >= 0;
    const log = present && !Number.isNaN(this.offset) ? Math.log(value + this.offset) : this.newestLog();
    if (this.next === this.values.length) this.values = grown(this.values, this.capacity);
    this.values[this.next] = present ? value : NaN;
    this.pushLog(log);
    this.next = this.next + 1 === this.capacity ? 0 : this.next + 1;
    this.newestRow = row;
    this.seen += 1;
    const at = this.newestIndex();
    const canCompare = this.isSeen(0) && this.isSeen(1);
    const canScore = this.isSeen(AROUND_ROWS - 1) && this.isSeen(AROUND_ROWS);
    for (const horizon of this.horizons) horizon.step({ row, logs: this.logs, at, canCompare, canScore });
  }

  /** Whether the row so many before the newest was observed. */
  private isSeen(back: number): boolean {
    return back < this.seen && (this.values[(this.next + 2 * this.capacity - 1 - back) % this.capacity] ?? NaN) >= 0;
  }

  private pushLog(log: number): void {
    if (this.logsEnd === this.logsRoom) {
      this.logs.copyWithin(0, this.logsEnd - this.capacity);
      this.logsEnd = this.capacity;
    }
    if (this.logsEnd === this.logs.length) this.logs = grown(this.logs, this.logsRoom);
    this.logs[this.logsEnd] = log;
    if (this.logsEnd >= this.capacity) this.logs[this.logsEnd - this.capacity] = NaN;
    this.logsEnd += 1;
  }

  private get logsRoom(): number {
    return this.capacity + Math.ceil(this.capacity / ROOM_SHARE);
  }

  private newestIndex(): number {
    return this.logsEnd - 1;
  }

  private newestLog(): number {
    return this.seen === 0 ? NaN : (this.logs[this.newestIndex()] ?? NaN);
  }

  /** Works the logarithms out anew. */
  private setOffset(offset: number): void {
    this.offset = offset;
    let last = NaN;
    for (let i = 0; i < this.rows; i += 1) {
      const value = this.kept(i);
      if (value >= 0) last = Math.log(value + offset);
      this.logs[this.logsEnd - this.rows + i] = last;
    }
  }

  private fillLeadingGap(log: number): void {
    for (let i = 0; i < this.rows && Number.isNaN(this.kept(i)); i += 1) this.logs[this.logsEnd - this.rows + i] = log;
  }

  /** The i-th of the kept rows, from the oldest. */
  private kept(i: number): number {
    return this.values[(this.next + this.capacity - this.rows + i) % this.capacity] ?? NaN;
  }

  /** The distribution at `horizonsRows[horizon]`; undefined before the first present row. */
  moments(horizon: number): LeadMoments | undefined {
    const forecast = this.horizons[horizon];
    if (forecast === undefined || this.seen === 0 || Number.isNaN(forecast.log)) return undefined;
    return { median: Math.max(0, Math.exp(forecast.log) - this.offset), scale: forecast.scale };
  }

  /** The highest median that is foreseen for the rows from the newest to the horizon's; NaN where nothing is. */
  highestAhead(horizon: number): number {
    return Math.exp(this.horizons[horizon]?.highestAhead(this.newestRow) ?? NaN) - this.offset;
  }

  /** What was said of the newest row, a horizon ago; NaN where nothing was, or where the row is a gap. */
  expected(horizon: number): number {
    return Math.exp(this.horizons[horizon]?.lastSaid ?? NaN) - this.offset;
  }

  /**
   * Takes over a fit of `fitLeadRidge` (as many horizons as this model has). A horizon whose rows have changed, since the lead
   * time has, begins with the errors of the one before it. Says whether it was such a fit.
   */
  adopt(fit: unknown): boolean {
    const data = fit as Partial<LeadFit> | null;
    if (data?.kind !== "lead-ridge" || data.dayRows !== this.spec.dayRows || data.offset === undefined) return false;
    if (data.horizons?.length !== this.horizons.length) return false;
    this.setOffset(data.offset);
    data.horizons.forEach((fitted, i) => {
      const before = this.horizons[i];
      if (before === undefined) return;
      const horizon = before.rows === fitted.horizonRows ? before : before.moved(fitted.horizonRows);
      horizon.adopt(fitted);
      this.horizons[i] = horizon;
    });
    this.spec = { ...this.spec, horizonsRows: data.horizons.map((fitted) => fitted.horizonRows) };
    return true;
  }

  /** The shape of the standard residuals of log(load) at a horizon. */
  standardResiduals(horizon: number): WeightedResiduals {
    return this.horizons[horizon]?.errors.standard() ?? { values: [0], weights: [1] };
  }

  /** The kept rows, oldest first; a gap is NaN. */
  history(): { readonly startSeconds: number; readonly stepSeconds: number; readonly values: Float64Array } {
    const count = this.rows;
    const values = new Float64Array(count);
    for (let i = 0; i < count; i += 1) values[i] = this.kept(i);
    return { startSeconds: (this.newestRow - count + 1) * this.spec.rowSeconds, stepSeconds: this.spec.rowSeconds, values };
  }

  save(): SavedLeadModel {
    const { values } = this.history();
    const leadingLog = Number(this.values[this.next]) >= 0 ? NaN : this.logs[this.logsEnd - this.capacity];
    return {
      ...(Number(leadingLog) === leadingLog && { leadingLog }), spec: this.spec, values: encodeFloats(Float32Array.from(values)), newestRow: this.newestRow, seen: this.seen, offset: this.offset,
      horizons: this.horizons.map((horizon) => horizon.save()),
    };
  }

  static restore(saved: SavedLeadModel): LeadModel {
    const model = new LeadModel(saved.spec);
    const values = decodeFloats(saved.values);
    model.values = grown(values, model.capacity);
    model.logs = new Float32Array(Math.min(model.logsRoom, model.values.length)).fill(NaN);
    model.logsEnd = values.length;
    model.next = values.length % model.capacity;
    model.newestRow = saved.newestRow;
    model.seen = saved.seen;
    model.setOffset(saved.offset);
    if (saved.leadingLog !== undefined) model.fillLeadingGap(saved.leadingLog);
    saved.horizons.forEach((horizon, i) => model.horizons[i]?.restore(horizon));
    return model;
  }
}

/** The same rows with room for as many again, at most `most`. */
function grown(rows: Float32Array, most: number): Float32Array {
  const larger = new Float32Array(Math.min(most, Math.max(FIRST_ROWS, 2 * rows.length))).fill(NaN);
  larger.set(rows);
  return larger;
}
