import type { Forecast, ForecastProvenance } from "../../../forecasts/forecast.ts";
import type { OnlineForecaster } from "../../../forecasts/forecaster.ts";
import { DEFAULT_FORECASTER, FORECASTERS } from "../../../forecasts/registry.ts";
import type { Policy } from "../../model/policy.ts";
import type { ForecastQuality, HorizonTrust } from "../status/daemon-view.ts";
import type { FitPool } from "./fit-pool.ts";
import { nextFitSeconds, type FitRank, type FitSchedule } from "./fit-schedule.ts";
import { ForecastLedger, type SavedLedger } from "./forecast-ledger.ts";
import { markOn } from "./mark-rows.ts";
import { meanOfKnown, outlookGrid, outlookHorizons, type OutlookGrid } from "./outlook-grid.ts";
import { outlookInput, type InputParts } from "./outlook-input.ts";

export interface OutlookOptions extends InputParts {
  readonly fits: FitPool;
  readonly schedule: FitSchedule;
  nowSeconds(): number;
  onFitFailed(policy: Policy, reason: string): void;
  /** Scores of an earlier life of the daemon. */
  readonly scores?: SavedLedger;
}

/** One row of demand as it was measured: NaN is a gap, `coverage` the share of the step that was seen. */
export interface MeasuredRow {
  readonly value: number;
  readonly endSeconds: number;
  readonly coverage?: number;
}

/** A matured forecast of the next row, for the daemon's own metrics. */
export interface Matured {
  readonly absoluteError: number;
  readonly covered: Readonly<Record<string, boolean>>;
}

export const OUTLOOK_LEVELS = [0.1, 0.5, 0.9, 0.95, 0.99] as const;
/** A row of which less was seen says too little of the load. */
const LEAST_COVERAGE = 0.5;
/** While a target learns its seasons it is fitted so much more often. */
const YOUNG_REFITS = 4;
const DEFAULT_SEASONS = "86400,604800";

/**
 * The forecast of one target over its whole horizon: what people look at, and what scores itself against what came. Fitted
 * beside the loop from the history at a minute of its own, refreshed with every new row. The step's own, short forecast is
 * another matter (decision 0003): a bug here is told of, and what scales goes on.
 */
export class Outlook {
  #policy: Policy;
  #grid: OutlookGrid;
  /** The grid as the policy asks for it; the seasons may have been found otherwise. */
  #askedGrid: string;
  #ledger: ForecastLedger;
  readonly #options: OutlookOptions;
  #model: OnlineForecaster | undefined;
  /** End of the newest row that the model has seen. */
  #modelEndSeconds = 0;
  #fittedAtSeconds: number | undefined;
  #nextFitSeconds = -Infinity;
  #ownRows = 0;
  /** Counts the shapes that the forecast has had: a fit for an earlier one is dropped. */
  #generation = 0;
  /** Rows since the newest fit began: those that a new model must catch up with. */
  #rowsSinceFit: { readonly value: number; readonly endSeconds: number }[] = [];
  /** What has come of the grid's row that is not whole yet. */
  #part: { values: number[]; isLowerBound: boolean } = { values: [], isLowerBound: false };
  #newestEndSeconds: number | undefined;
  #near: Forecast | undefined;
  #forecast: Forecast | undefined;
  #note = "no fit yet";
  readonly #trust = new Map<number, HorizonTrust>();

  constructor(policy: Policy, options: OutlookOptions) {
    this.#policy = policy;
    this.#options = options;
    this.#grid = outlookGrid(policy);
    this.#askedGrid = JSON.stringify(this.#grid);
    this.#ledger = this.#newLedger(options.scores);
  }

  get policy(): Policy {
    return this.#policy;
  }

  /** Another policy: what was learned stays, unless the grid, the seasons or the horizon are others. */
  set policy(policy: Policy) {
    this.#policy = policy;
    const grid = outlookGrid(policy);
    if (JSON.stringify(grid) === this.#askedGrid) return;
    this.#grid = grid;
    this.#askedGrid = JSON.stringify(grid);
    this.#generation += 1;
    this.#model = undefined;
    this.#near = undefined;
    this.#forecast = undefined;
    this.#part = { values: [], isLowerBound: false };
    this.#trust.clear();
    this.#ledger = this.#newLedger(this.#ledger.save());
    this.refit("no-model");
  }

  /** The newest forecast over the whole horizon; made when it is asked for. */
  get forecast(): Forecast | undefined {
    if (this.#model === undefined) return undefined;
    return (this.#forecast ??= this.#model.forecast(outlookHorizons(this.#grid), OUTLOOK_LEVELS));
  }

  get provenance(): ForecastProvenance | undefined {
    return this.#near?.model;
  }

  get fittedAtSeconds(): number | undefined {
    return this.#fittedAtSeconds;
  }

  get note(): string {
    return this.#note;
  }

  /** Rows of the target's own history that the newest fit saw. */
  get ownRows(): number {
    return this.#ownRows;
  }

  get stepSeconds(): number {
    return this.#grid.stepSeconds;
  }

  quality(): ForecastQuality {
    return {
      model: this.#near?.model.id ?? "",
      fittedAtSeconds: this.#fittedAtSeconds,
      nextFitSeconds: Number.isFinite(this.#nextFitSeconds) ? this.#nextFitSeconds : undefined,
      seasonsSeconds: this.#grid.seasonRows.map((rows) => rows * this.#grid.stepSeconds),
      note: this.#note,
      horizons: this.#ledger.scores(),
      trust: [...this.#trust.values()].sort((a, b) => a.horizonSeconds - b.horizonSeconds),
    };
  }

  saveScores(): SavedLedger {
    return this.#ledger.save();
  }

  /** The next row of demand on the policy's step. Gives what came of the forecast of the grid's row that it completes. */
  observe(row: MeasuredRow): Matured | undefined {
    try {
      return this.#take(row);
    } catch (error) {
      this.#failed(`a row threw: this is a bug: ${String(error)}`);
      return undefined;
    }
  }

  /** Asks for a fit: it is made in turn, and on a worker. */
  refit(rank: FitRank): void {
    this.#nextFitSeconds = this.#dueAfter(this.#options.nowSeconds());
    this.#options.schedule.ask(this.#policy.name, rank, () => this.#fit().catch((error: unknown) => { this.#failed(`a fit threw: this is a bug: ${String(error)}`); }));
  }

  #take({ value, endSeconds, coverage = 1 }: MeasuredRow): Matured | undefined {
    const { stepSeconds } = this.#policy.forecast;
    const { marks } = this.#options;
    const isGap = Number.isNaN(value) || coverage < LEAST_COVERAGE;
    if (isGap) marks.found({ target: this.#policy.name, kind: "scrape-gap", fromSeconds: endSeconds - stepSeconds, toSeconds: endSeconds, reason: "the load was not measured, or less than half of it" }, endSeconds);
    const marked = markOn(marks.marks(this.#policy.name), endSeconds - stepSeconds, endSeconds);
    this.#part.values.push(marked === "hidden" ? NaN : value);
    this.#part.isLowerBound ||= marked === "lower-bound";
    if (endSeconds % this.#grid.stepSeconds !== 0) return undefined;
    const { values, isLowerBound } = this.#part;
    this.#part = { values: [], isLowerBound: false };
    return this.#observeRow(meanOfKnown(values, this.#grid.rowsPerStep), endSeconds, isLowerBound);
  }

  #observeRow(value: number, endSeconds: number, isLowerBound: boolean): Matured | undefined {
    const matured = isLowerBound ? undefined : this.#mature(value);
    this.#ledger.observe(value, endSeconds, isLowerBound);
    this.#newestEndSeconds = endSeconds;
    // A lower bound tells only where it lies above what was expected.
    const row = { value: isLowerBound && value < (this.#nearAt(1, 0.5) ?? -Infinity) ? NaN : value, endSeconds };
    this.#rowsSinceFit.push(row);
    if (this.#model !== undefined) this.#follow(this.#model, [row]);
    if (endSeconds >= this.#nextFitSeconds) this.refit(this.#model === undefined ? "no-model" : "refit");
    return matured;
  }

  /** Fits on the history up to the newest row. A failure keeps the model that is there. */
  async #fit(): Promise<void> {
    const generation = this.#generation;
    const grid = outlookGrid(this.#policy);
    const upToSeconds = this.#newestEndSeconds ?? Math.floor(this.#options.nowSeconds() / grid.stepSeconds) * grid.stepSeconds;
    this.#rowsSinceFit = [];
    const made = await outlookInput({ policy: this.#policy, grid, upToSeconds }, this.#options);
    if (!made.ok) {
      this.#failed(made.message);
      return;
    }
    const { input, ownRows, notes } = made.value;
    // Nothing has come yet: no failure, and nothing to begin a thread for.
    if (input.series.values.length === 0) {
      this.#note = "no value is known";
      return;
    }
    // A season of its own is looked for where none was asked for, in rows enough to tell it from the day.
    const findSeasons = this.#policy.forecast.seasonsSeconds.join() === DEFAULT_SEASONS && input.series.values.length > 2 * (grid.seasonRows[0] ?? 0);
    const result = await this.#options.fits.fit({ forecasterId: DEFAULT_FORECASTER, input, findSeasons }, "outlook");
    if (generation !== this.#generation) return;
    if (!result.ok) {
      this.#failed(result.reason);
      return;
    }
    const model = FORECASTERS[DEFAULT_FORECASTER]?.resume(result.fit);
    if (model === undefined) return;
    this.#ownRows = ownRows;
    this.#takeSeasons(result.seasons ?? grid.seasonRows);
    this.#note = [result.note, ...notes].filter((note) => note !== "").join("; ");
    this.#ledger.seed(input.series.values, upToSeconds);
    this.#install(model, upToSeconds);
  }

  #install(model: OnlineForecaster, upToSeconds: number): void {
    const before = this.#model;
    this.#modelEndSeconds = upToSeconds;
    this.#follow(model, this.#rowsSinceFit);
    if (before !== undefined) model.adopt?.(before.save());
    this.#model = model;
    this.#fittedAtSeconds = upToSeconds;
    this.#nextFitSeconds = this.#dueAfter(this.#options.nowSeconds());
    this.#refresh(model);
  }

  /** Shows a model rows; those between that never came are gaps. */
  #follow(model: OnlineForecaster, rows: readonly { readonly value: number; readonly endSeconds: number }[]): void {
    const { stepSeconds, historyRows } = this.#grid;
    for (const { value, endSeconds } of rows) {
      if (endSeconds <= this.#modelEndSeconds) continue;
      const skipped = Math.round((endSeconds - this.#modelEndSeconds) / stepSeconds) - 1;
      for (let gap = 0; gap < Math.min(skipped, historyRows); gap += 1) model.observe(NaN);
      model.observe(value);
      this.#modelEndSeconds = endSeconds;
    }
    if (model === this.#model) this.#refresh(model);
  }

  #refresh(model: OnlineForecaster): void {
    this.#forecast = undefined;
    this.#near = model.forecast([...new Set([1, ...this.#ledger.horizons])], OUTLOOK_LEVELS);
    this.#ledger.issue(this.#near);
    for (const { horizonRows, trusted, reason } of model.verdicts?.() ?? []) {
      const known = this.#trust.get(horizonRows);
      if (known?.uses === trusted) continue;
      this.#trust.set(horizonRows, { horizonSeconds: horizonRows * this.#grid.stepSeconds, uses: trusted, sinceSeconds: this.#modelEndSeconds, reason });
    }
  }

  #failed(reason: string): void {
    if (this.#options.schedule.closed) return;
    this.#note = reason;
    this.#options.onFitFailed(this.#policy, reason);
  }

  /** While the seasons are not learned yet, or none could be lent, a new fit knows much more than the last. */
  #dueAfter(seconds: number): number {
    const { refitSeconds } = this.#policy.forecast;
    const isYoung = this.#ownRows < 2 * Math.max(0, ...this.#grid.seasonRows);
    return nextFitSeconds(this.#policy.name, isYoung ? refitSeconds / YOUNG_REFITS : refitSeconds, seconds);
  }

  #takeSeasons(seasonRows: readonly number[]): void {
    if (seasonRows.join() === this.#grid.seasonRows.join()) return;
    this.#grid = { ...this.#grid, seasonRows };
    this.#ledger = this.#newLedger(this.#ledger.save());
  }

  #newLedger(scores: SavedLedger | undefined): ForecastLedger {
    const { stepSeconds, horizonRows, seasonRows } = this.#grid;
    return new ForecastLedger({ stepSeconds, horizonRows, seasonRows: seasonRows[0] ?? 0 }, scores);
  }

  #mature(value: number): Matured | undefined {
    const median = this.#nearAt(1, 0.5);
    if (median === undefined || Number.isNaN(value)) return undefined;
    const covered = Object.fromEntries(OUTLOOK_LEVELS.map((level) => [String(level), value <= (this.#nearAt(1, level) ?? NaN)]));
    return { absoluteError: Math.abs(value - median), covered };
  }

  #nearAt(rows: number, level: (typeof OUTLOOK_LEVELS)[number]): number | undefined {
    const at = this.#near?.horizonsSeconds.indexOf(rows * this.#grid.stepSeconds) ?? -1;
    return at < 0 ? undefined : this.#near?.quantiles[OUTLOOK_LEVELS.indexOf(level)]?.[at];
  }
}
