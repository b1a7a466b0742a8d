import { decodeFloats64, encodeFloats64 } from "../numeric/encoding.ts";
import { AROUND_ROWS, fillLeadFeatures, fillPhaseFeatures, leadWidth, loadAround, phaseOf } from "./lead-features.ts";
import type { LeadLags } from "./lead-features.ts";
import type { LeadCoefficients } from "./lead-ridge-fit.ts";
import { LeadScale, SCALE_WIDTH } from "./lead-scale.ts";
import type { SavedScale } from "./lead-scale.ts";

/** A forecast falls and rises by so many of the largest moves of its fit at most. */
const LARGEST_FALL = 0.7;
const LARGEST_RISE = 1.2;
const LOSING = 1.3;
/** Rows by which a forecast is scored after the two rows that it was made for: what is around them must be known. */
const SCORED_LATE = AROUND_ROWS - 1;

export interface SavedHorizon {
  readonly features: readonly number[];
  readonly phases: readonly number[];
  readonly log: number;
  readonly scale: number;
  readonly fittedError: number;
  readonly stayError: number;
  readonly made: readonly number[];
  readonly madeFeatures: string;
  readonly errors: SavedScale;
  /** Absent where it is 1. */
  readonly largestMove?: number;
}

interface RowSeen {
  readonly row: number;
  readonly logs: Float32Array;
  readonly at: number;
  /** Whether this row and the one before it were observed. */
  readonly canCompare: boolean;
  /** Whether the two rows whose forecast can be scored now were observed. */
  readonly canScore: boolean;
}

/** Numbers kept of a forecast until it matures: the forecast in use, the fit's own, the newest log, the scale. */
const MADE_WIDTH = 4;

/** The forecast of one horizon: its coefficients, what it said lately, and how wrong that was. */
export class LeadHorizon {
  readonly rows: number;
  errors: LeadScale;
  log = NaN;
  scale = 0.05;
  /** The forecast that matured with the newest row. */
  lastSaid = NaN;
  trusted = false;
  private readonly dayRows: number;
  private readonly lags: LeadLags;
  private features: Float64Array = new Float64Array(0);
  private phases: Float64Array = new Float64Array(0);
  private largestMove = 1;
  private fittedError = 0;
  private stayError = 0;
  private readonly depth: number;
  private readonly made: Float64Array;
  private readonly madeFeatures: Float64Array;
  private readonly row: Float64Array;
  private readonly phaseRow: Float64Array;
  private readonly scaleRow = new Float64Array(SCALE_WIDTH);
  private firstLog = NaN;

  constructor(rows: number, dayRows: number, lags: LeadLags) {
    this.rows = rows;
    this.dayRows = dayRows;
    this.lags = lags;
    this.errors = new LeadScale(dayRows);
    this.depth = rows + 2 + SCORED_LATE;
    this.made = new Float64Array(this.depth * MADE_WIDTH).fill(NaN);
    this.madeFeatures = new Float64Array(this.depth * SCALE_WIDTH);
    this.row = new Float64Array(leadWidth(lags));
    this.phaseRow = new Float64Array(1 + lags.phaseMomentum.length);
  }

  get errorRatio(): number {
    return this.features.length > 0 && this.stayError > 0 ? this.fittedError / this.stayError : NaN;
  }

  /** A horizon of other rows, with what is known of the errors of this one. */
  moved(rows: number): LeadHorizon {
    const other = new LeadHorizon(rows, this.dayRows, this.lags);
    other.errors = this.errors;
    other.log = this.log;
    other.scale = this.scale;
    other.firstLog = this.firstLog;
    return other;
  }

  adopt({ features, phases, largestMove = 1 }: LeadCoefficients): void {
    if (features.length !== this.row.length) return;
    this.features = Float64Array.from(features);
    this.phases = Float64Array.from(phases);
    this.largestMove = largestMove;
  }

  /** Scores the forecast that has matured, then makes the one from this row. */
  step(seen: RowSeen): void {
    this.lastSaid = seen.canCompare ? (this.made[((seen.row - this.rows - 1) % this.depth) * MADE_WIDTH] ?? NaN) : NaN;
    if (seen.canScore) this.score(seen);
    this.forecast(seen);
  }

  private score({ row, logs, at }: RowSeen): void {
    const made = row - this.rows - 1 - SCORED_LATE;
    const place = (made % this.depth) * MADE_WIDTH;
    const said = this.made[place] ?? NaN;
    if (said !== said) return;
    const truth = loadAround(logs, at - AROUND_ROWS);
    const error = truth - said;
    const from = (place / MADE_WIDTH) * SCALE_WIDTH;
    this.errors.learn(made, error, { features: this.madeFeatures.subarray(from, from + SCALE_WIDTH), scale: this.made[place + 3] ?? NaN });
    const fitted = truth - (this.made[place + 1] ?? NaN);
    const stayed = truth - (this.made[place + 2] ?? NaN);
    this.fittedError += (fitted * fitted - this.fittedError) / this.dayRows;
    this.stayError += (stayed * stayed - this.stayError) / this.dayRows;
    this.made[place] = NaN;
  }

  private forecast({ row, logs, at }: RowSeen): void {
    const now = logs[at] ?? NaN;
    if (this.firstLog !== this.firstLog) this.firstLog = now;
    const fitted = this.features.length > 0 ? now + this.move(row, logs, at) : now;
    this.trusted = this.features.length > 0 && this.fittedError <= LOSING * this.stayError;
    this.log = this.trusted ? fitted : now;
    const momentum = (lag: number): number => now - (logs[at - lag] ?? NaN) || 0;
    const hour = this.lags.hourRows;
    this.errors.fill(this.scaleRow, row, {
      momenta: [momentum(Math.min(4, hour)), momentum(Math.min(20, hour)), momentum(Math.min(80, hour))], move: this.log - now, level: now - this.firstLog,
    });
    this.scale = this.errors.at(this.scaleRow);
    const slot = row % this.depth;
    this.made.set([this.log, fitted, now, this.scale], slot * MADE_WIDTH);
    this.madeFeatures.set(this.scaleRow, slot * SCALE_WIDTH);
  }

  /** The highest log that was said of the rows that are still to come. */
  highestAhead(newestRow: number): number {
    let highest = NaN;
    for (let age = 0; age < this.rows; age += 1) {
      const log = this.made[((newestRow - age + this.depth) % this.depth) * MADE_WIDTH] ?? NaN;
      if (log > highest || highest !== highest) highest = log;
    }
    return highest;
  }

  private move(row: number, logs: Float32Array, at: number): number {
    const rows = { logs, at };
    fillLeadFeatures(this.row, rows, this.lags, this.rows);
    let move = 0;
    for (let k = 0; k < this.row.length; k += 1) move += (this.features[k] ?? 0) * (this.row[k] ?? 0);
    fillPhaseFeatures(this.phaseRow, rows, this.lags);
    const from = phaseOf(row, this.lags) * this.phaseRow.length;
    for (let k = 0; k < this.phaseRow.length; k += 1) move += (this.phases[from + k] ?? 0) * (this.phaseRow[k] ?? 0);
    return Math.max(-LARGEST_FALL * this.largestMove, Math.min(LARGEST_RISE * this.largestMove, move)) || 0;
  }

  save(): SavedHorizon {
    return {
      features: Array.from(this.features), phases: Array.from(this.phases), log: this.log, scale: this.scale, fittedError: this.fittedError, stayError: this.stayError,
      made: [this.firstLog, this.trusted ? 1 : 0, ...this.made], madeFeatures: encodeFloats64(this.madeFeatures), errors: this.errors.save(),
      ...(this.largestMove !== 1 && { largestMove: this.largestMove }),
    };
  }

  restore(saved: SavedHorizon): void {
    this.features = Float64Array.from(saved.features);
    this.phases = Float64Array.from(saved.phases);
    this.largestMove = saved.largestMove ?? 1;
    this.log = saved.log;
    this.scale = saved.scale;
    this.fittedError = saved.fittedError;
    this.stayError = saved.stayError;
    this.firstLog = saved.made[0] ?? NaN;
    this.trusted = saved.made[1] === 1;
    this.errors = LeadScale.restore(this.dayRows, saved.errors);
    // A version before this one kept two forecasts fewer: what it said of the next minutes is not scored.
    if (saved.made.length !== 2 + this.made.length) return;
    this.made.set(saved.made.slice(2));
    this.madeFeatures.set(decodeFloats64(saved.madeFeatures));
  }
}
