import { AdaptiveLevels, CONTROLLED_LEVELS } from "../intervals/adaptive-levels.ts";
import { ResidualWindow, type SavedResiduals } from "../intervals/residual-window.ts";
import { judgeTrust, type RivalErrors, type Trusted } from "../trust-gate.ts";
import { decodeFloats, encodeFloats } from "../numeric/encoding.ts";

/** What was forecast for one row at one horizon: the point that was given out, and what each rival made of it. */
export interface Issue {
  readonly point: number;
  /** The members, then the ensemble, seasonal naive and the newest value. */
  readonly rivals: Float64Array;
  /** The scatter of the row's time of day over the mean one's. */
  readonly scatter: number;
  /** How restless the load is, over what it usually is. */
  readonly unrest: number;
}

/** How much rarer a miss is asked to be at a late horizon, at the far levels. Like all that is late, it was tuned on the streaming set: decision 0141. */
const LATE_CARE = 0.45;

/** Columns after the members': the ensemble before the trust gate, and the baselines. */
export const GATE_RIVALS = 3;

export interface TrackerShape {
  readonly horizon: number;
  /** Rows between two forecasts that are tracked at this horizon. */
  readonly stride: number;
  readonly members: number;
  /** Rows after which a matured error counts half, for the gate. */
  readonly halfLifeRows: number;
  /** … and for the members' weights. */
  readonly memberHalfLifeRows: number;
  readonly residualCapacity: number;
  /** Whether the outcome of a forecast comes so late that the levels follow a change of the load only after it has done harm. */
  readonly isLate: boolean;
}

export interface SavedTracker {
  readonly trusted: Trusted;
  readonly matured: number;
  readonly doubt: number;
  readonly errors: readonly number[];
  readonly residuals: SavedResiduals;
  readonly shifts: readonly number[];
  readonly pending: string;
  /** The unrest that each pending forecast was made in, at a late horizon; missing in a state of before it was kept. */
  readonly unrest?: string;
}

/** Scores forecasts of one horizon when their row arrives: the members' errors, the residuals, the levels' coverage. */
export class HorizonTracker {
  readonly shape: TrackerShape;
  /** What forecasts this horizon. */
  trusted: Trusted;
  /** Forecasts that the errors rest on. */
  matured: number;
  /** How much the first residuals, which are few and kin, are widened; less as matured ones take their place. */
  doubt: number;
  /** Exponentially weighted mean absolute error of each rival: the members, then the gate's three. */
  readonly errors: Float64Array;
  readonly residuals: ResidualWindow;
  readonly levels: AdaptiveLevels;
  /** Issues not matured yet, by due row: point, members, controlled paths; a due slot with a NaN point holds none. */
  private readonly pending: Float32Array;
  /** The unrest that each of them was made in; empty at a horizon that is not late. */
  private readonly unrest: Float32Array;
  private readonly slots: number;
  private readonly rivals: number;
  private readonly width: number;

  constructor(shape: TrackerShape, saved?: SavedTracker) {
    this.shape = shape;
    this.rivals = shape.members + GATE_RIVALS;
    this.width = 1 + this.rivals + CONTROLLED_LEVELS.length;
    this.slots = Math.ceil(shape.horizon / shape.stride);
    this.errors = saved ? Float64Array.from(saved.errors) : new Float64Array(this.rivals);
    this.trusted = saved?.trusted ?? "ensemble";
    this.matured = saved?.matured ?? 0;
    this.doubt = saved?.doubt ?? 0;
    this.residuals = saved ? ResidualWindow.restore(saved.residuals) : new ResidualWindow(shape.residualCapacity);
    this.levels = new AdaptiveLevels(shape.isLate, saved?.shifts);
    this.pending = saved ? decodeFloats(saved.pending) : new Float32Array(this.slots * this.width).fill(NaN);
    this.unrest = saved?.unrest === undefined ? new Float32Array(shape.isLate ? this.slots : 0).fill(1) : decodeFloats(saved.unrest);
  }

  /**
   * The offset from the point forecast to the path of `level`, at a time of the day that scatters as the mean one. The unrest of now
   * matters where it is felt before the outcomes are known.
   */
  offset(level: number, unrest: number): number {
    const widening = 1 + this.doubt * Math.max(0, 1 - this.matured / this.shape.residualCapacity);
    return (this.shape.isLate ? unrest : 1) * widening * this.residuals.quantile(this.levels.adjust(this.careful(level)));
  }

  /** The level to ask for where its misses are learned of late: a miss outside becomes rarer by `LATE_CARE` at the far levels, no rarer at the median. */
  private careful(level: number): number {
    if (!this.shape.isLate) return level;
    const outside = Math.min(level, 1 - level);
    const rarer = outside * (1 - LATE_CARE * (1 - 2 * outside));
    return level > 0.5 ? 1 - rarer : rarer;
  }

  /** Notes a forecast made when `row` was the newest row, where this horizon's stride asks for it. */
  issue(row: number, forecast: Issue): void {
    const at = this.slotOf(row) * this.width;
    if (this.shape.isLate) this.unrest[this.slotOf(row)] = forecast.unrest;
    this.pending[at] = forecast.point;
    this.pending.set(forecast.rivals, at + 1);
    const levels = at + 1 + this.rivals;
    for (let i = 0; i < CONTROLLED_LEVELS.length; i++) this.pending[levels + i] = forecast.scatter * this.offset(CONTROLLED_LEVELS[i]!, forecast.unrest);
  }

  isDue(row: number): boolean {
    return row % this.shape.stride === 0;
  }

  /** Scores the forecast that was made for `row`, if one was; a value that is not known (NaN) scores nothing. */
  mature(row: number, value: number, scatter: number): void {
    const origin = row - this.shape.horizon;
    if (origin < 0 || !this.isDue(origin)) return;
    const at = this.slotOf(origin) * this.width;
    const point = this.pending[at]!;
    this.pending[at] = NaN;
    if (Number.isNaN(point) || Number.isNaN(value)) return;
    const { stride, halfLifeRows, memberHalfLifeRows, members } = this.shape;
    const memberRate = 1 - 0.5 ** (stride / memberHalfLifeRows);
    const gateRate = 1 - 0.5 ** (stride / halfLifeRows);
    for (let j = 0; j < this.rivals; j++) {
      const rate = j < members ? memberRate : gateRate;
      this.errors[j] = this.errors[j]! + rate * (Math.abs(value - this.pending[at + 1 + j]!) - this.errors[j]!);
    }
    const residual = value - point;
    for (let i = 0; i < CONTROLLED_LEVELS.length; i++) {
      this.levels.learn(i, residual <= this.pending[at + 1 + this.rivals + i]! ? 1 : 0);
    }
    this.residuals.add(residual / (scatter * (this.unrest[this.slotOf(origin)] ?? 1)));
    this.matured++;
    this.judge();
  }

  /** Lets the trust gate look at the errors. */
  judge(): void {
    this.trusted = judgeTrust(this.trusted, this.rivalErrors(), this.matured);
  }

  rivalErrors(): RivalErrors {
    const { members } = this.shape;
    return { ensemble: this.errors[members]!, seasonalNaive: this.errors[members + 1]!, now: this.errors[members + 2]! };
  }

  /** What an earlier fit's tracker knew, for this one's members: column j is its member `columns[j]`, or a new one at −1. */
  succeed(earlier: SavedTracker, memberColumns: readonly number[], earlierMembers: number): HorizonTracker {
    const columns = [...memberColumns, ...Array.from({ length: GATE_RIVALS }, (_, i) => earlierMembers + i)];
    const before = new HorizonTracker({ ...this.shape, members: earlierMembers }, earlier);
    const next = new HorizonTracker(this.shape, { ...earlier, errors: [...this.errors], pending: encodeFloats(this.pending) });
    columns.forEach((column, j) => {
      if (column >= 0) next.errors[j] = before.errors[column]!;
    });
    for (let slot = 0; slot < this.slots; slot++) {
      const from = slot * before.width;
      const to = slot * this.width;
      next.pending[to] = before.pending[from]!;
      if (this.shape.isLate) next.unrest[slot] = before.unrest[slot]!;
      columns.forEach((column, j) => (next.pending[to + 1 + j] = column < 0 ? before.pending[from]! : before.pending[from + 1 + column]!));
      for (let i = 0; i < CONTROLLED_LEVELS.length; i++) next.pending[to + 1 + columns.length + i] = before.pending[from + 1 + before.rivals + i]!;
    }
    return next;
  }

  save(): SavedTracker {
    return {
      trusted: this.trusted,
      matured: this.matured,
      doubt: this.doubt,
      errors: [...this.errors],
      residuals: this.residuals.save(),
      shifts: [...this.levels.shifts],
      pending: encodeFloats(this.pending),
      ...(this.shape.isLate && { unrest: encodeFloats(this.unrest) }),
    };
  }

  private slotOf(origin: number): number {
    return (origin / this.shape.stride) % this.slots;
  }
}
