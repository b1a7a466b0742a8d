import { decodeFloats, encodeFloats } from "../numeric/encoding.ts";

/** What a lead model is asked for. Horizons are rows after the newest row, ascending, and may repeat. */
export interface LeadModelSpec {
  readonly rowSeconds: number;
  readonly dayRows: number;
  readonly historyRows: number;
  readonly horizonsRows: readonly number[];
}

/** Median and scale of log(load) at one horizon; the shape is given by the standard residuals. */
export interface LeadMoments {
  readonly median: number;
  readonly scale: number;
}

export interface SavedLeadModel {
  readonly spec: LeadModelSpec;
  readonly values: string;
  readonly seen: number;
  readonly next: number;
  readonly startSeconds: number;
  readonly scales: readonly number[];
}

const NORMAL = Float64Array.from({ length: 41 }, (_, i) => (i - 20) / 8);

const INITIAL_SCALE = 0.05;

/**
 * A running forecast of log(load) at the few horizons that control needs. Without a fit it says that the load stays, with
 * the scale of its own matured errors.
 */
export class LeadModel {
  readonly spec: LeadModelSpec;
  private readonly values: Float32Array;
  private seen = 0;
  private next = 0;
  private firstSeconds = NaN;
  private readonly scales: number[];

  constructor(spec: LeadModelSpec) {
    this.spec = spec;
    this.values = new Float32Array(spec.historyRows).fill(NaN);
    this.scales = spec.horizonsRows.map(() => INITIAL_SCALE);
  }

  /** Rows that are kept. */
  get rows(): number {
    return Math.min(this.seen, this.values.length);
  }

  /** Adds the row at `timeSeconds`; rows that were skipped since the newest are gaps. A row at or before it is ignored. */
  observe(timeSeconds: number, value: number): void {
    if (Number.isNaN(this.firstSeconds)) this.firstSeconds = timeSeconds;
    const index = Math.round((timeSeconds - this.firstSeconds) / this.spec.rowSeconds);
    const skipped = Math.min(index - this.seen, this.values.length);
    for (let i = 0; i < skipped; i += 1) this.push(NaN);
    if (index < this.seen) return;
    this.seen = index;
    this.push(value);
  }

  private push(value: number): void {
    this.values[this.next] = value;
    this.next = this.next + 1 === this.values.length ? 0 : this.next + 1;
    this.seen += 1;
    this.spec.horizonsRows.forEach((horizon, i) => {
      const error = Math.log(value / this.ago(horizon));
      const scale = this.scales[i] ?? INITIAL_SCALE;
      if (Number.isFinite(error)) this.scales[i] = scale + 0.02 * (Math.abs(error) * 1.25 - scale);
    });
  }

  private ago(rows: number): number {
    if (rows >= this.rows) return NaN;
    const index = this.next - 1 - rows;
    return this.values[index < 0 ? index + this.values.length : index] ?? NaN;
  }

  /** The distribution at `horizonsRows[horizon]`; undefined before the first present row. */
  moments(horizon: number): LeadMoments | undefined {
    for (let back = 0; back < this.rows; back += 1) {
      const value = this.ago(back);
      if (value > 0) return { median: value, scale: this.scales[horizon] ?? INITIAL_SCALE };
    }
    return undefined;
  }

  /** Takes over a fit. */
  adopt(fit: unknown): void {
    void fit;
  }

  /** Equally likely standard residuals of log(load), ascending. */
  standardResiduals(): Float64Array {
    return NORMAL;
  }

  /** The kept rows, oldest first; a gap is NaN. */
  history(): { readonly startSeconds: number; readonly stepSeconds: number; readonly values: Float64Array } {
    const values = new Float64Array(this.rows);
    for (let i = 0; i < values.length; i += 1) values[i] = this.ago(values.length - 1 - i);
    return { startSeconds: this.firstSeconds + (this.seen - values.length) * this.spec.rowSeconds, stepSeconds: this.spec.rowSeconds, values };
  }

  save(): SavedLeadModel {
    return { spec: this.spec, values: encodeFloats(this.values), seen: this.seen, next: this.next, startSeconds: this.firstSeconds, scales: [...this.scales] };
  }

  static restore(saved: SavedLeadModel): LeadModel {
    const model = new LeadModel(saved.spec);
    model.values.set(decodeFloats(saved.values));
    model.seen = saved.seen;
    model.next = saved.next;
    model.firstSeconds = saved.startSeconds;
    saved.scales.forEach((scale, i) => (model.scales[i] = scale));
    return model;
  }
}
