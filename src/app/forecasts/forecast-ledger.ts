import type { Forecast } from "../../../forecasts/forecast.ts";
import type { HorizonScore } from "../status/daemon-view.ts";
import { HorizonTally, SCORED_LEVELS, type SavedTallies } from "./horizon-score.ts";

/** The horizons at which a target's forecasts are scored, where its rows and its forecast reach them. */
const SCORED_SECONDS = [300, 900, 3_600, 86_400];

export interface LedgerShape {
  readonly stepSeconds: number;
  readonly horizonRows: number;
  /** Rows of the first season; 0 where there is none. */
  readonly seasonRows: number;
}

/** Scores of a target's horizons, by the horizon's seconds, as plain JSON data. */
export type SavedLedger = Readonly<Record<string, SavedTallies>>;

/**
 * Keeps what came of a target's forecasts: each row scores those that were made for it, against the quantiles that were given out,
 * and against what the same time of the last season and the newest value would have said.
 */
export class ForecastLedger {
  readonly shape: LedgerShape;
  readonly #tallies: readonly HorizonTally[];
  /** The newest season of rows, by row modulo its length; NaN is a gap. */
  readonly #season: Float32Array;
  #newestRow: number | undefined;
  #newestValue = NaN;

  constructor(shape: LedgerShape, saved: SavedLedger = {}) {
    this.shape = shape;
    const { stepSeconds, horizonRows, seasonRows } = shape;
    const rows = SCORED_SECONDS.filter((seconds) => seconds % stepSeconds === 0).map((seconds) => seconds / stepSeconds).filter((count) => count <= horizonRows);
    this.#tallies = (rows.length > 0 ? rows : [horizonRows]).map((count) => new HorizonTally(count, Math.max(1, seasonRows), saved[String(count * stepSeconds)]));
    this.#season = new Float32Array(seasonRows).fill(NaN);
  }

  /** Rows ahead that the ledger asks a forecast for, ascending. */
  get horizons(): readonly number[] {
    return this.#tallies.map(({ rows }) => rows);
  }

  /** The row whose step ends at `endSeconds`; NaN is a gap, and rows left out are gaps. `isLowerBound`: it is kept, but scores nothing. */
  observe(value: number, endSeconds: number, isLowerBound = false): void {
    const row = Math.round(endSeconds / this.shape.stepSeconds);
    const skipped = this.#newestRow === undefined ? 0 : Math.min(this.#season.length, row - this.#newestRow - 1);
    for (let back = skipped; back > 0; back -= 1) this.#keep(row - back, NaN);
    for (const tally of this.#tallies) tally.mature(row, isLowerBound ? NaN : value, endSeconds);
    this.#keep(row, value);
    this.#newestRow = row;
    if (!Number.isNaN(value)) this.#newestValue = value;
  }

  /** Notes the forecast that was made from the newest row: one with the ledger's horizons among its own. */
  issue(forecast: Forecast): void {
    const row = this.#newestRow;
    if (row === undefined) return;
    const levels = SCORED_LEVELS.map((level) => forecast.levels.indexOf(level));
    for (const tally of this.#tallies) {
      const at = forecast.horizonsSeconds.indexOf(tally.rows * this.shape.stepSeconds);
      if (at < 0 || !tally.isDue(row)) continue;
      tally.issue(row, { quantiles: levels.map((index) => forecast.quantiles[index]?.[at] ?? NaN), seasonalNaive: this.#lastSeason(row + tally.rows), now: this.#newestValue });
    }
  }

  /** The rows of the past, the last of which ends at `endSeconds`, for a ledger that has seen none yet. */
  seed(values: Float64Array, endSeconds: number): void {
    if (this.#newestRow !== undefined) return;
    this.#newestRow = Math.round(endSeconds / this.shape.stepSeconds);
    for (let back = 0; back < Math.min(this.#season.length, values.length); back += 1) this.#keep(this.#newestRow - back, values[values.length - 1 - back] ?? NaN);
    this.#newestValue = values.findLast((value) => !Number.isNaN(value)) ?? NaN;
  }

  scores(): readonly HorizonScore[] {
    return this.#tallies.map((tally) => tally.score(this.shape.stepSeconds));
  }

  save(): SavedLedger {
    return Object.fromEntries(this.#tallies.map((tally) => [String(tally.rows * this.shape.stepSeconds), tally.save()]));
  }

  #keep(row: number, value: number): void {
    if (this.#season.length > 0) this.#season[row % this.#season.length] = value;
  }

  /** ŷ(t+k) = y(t+k−m⌈k/m⌉): the ring holds exactly the newest season. */
  #lastSeason(row: number): number {
    return this.#season.length === 0 ? NaN : (this.#season[row % this.#season.length] ?? NaN);
  }
}
