import type { Forecast } from "../../forecasts/forecast.ts";
import { calendarRows } from "../../forecasts/calendars/calendar-rows.ts";
import type { FitInput, OnlineForecaster } from "../../forecasts/forecaster.ts";
import { DEFAULT_FORECASTER, FORECASTERS } from "../../forecasts/registry.ts";
import type { Policy } from "../model/policy.ts";
import type { Result } from "../model/result.ts";
import type { Series } from "../model/series.ts";
import type { FitPool } from "./fit-pool.ts";

export interface OutlookOptions {
  readonly fits: FitPool;
  /** Demand in [fromSeconds, toSeconds) on the grid of the policy's forecast. */
  readHistory(policy: Policy, fromSeconds: number, toSeconds: number): Promise<Result<Series>>;
  onFitFailed(policy: Policy, reason: string): void;
}

/** A matured forecast of the next row, for the daemon's own metrics. */
export interface Matured {
  readonly absoluteError: number;
  readonly covered: Readonly<Record<string, boolean>>;
}

export const OUTLOOK_LEVELS = [0.1, 0.5, 0.9, 0.99] as const;
/** The band of the page has at most so many horizons. */
const MAX_HORIZONS = 144;

/**
 * The forecast of one target over its whole horizon: what people look at, and what scores itself against what came. Fitted
 * beside the loop from the history, refreshed with every new row. The step's own, short forecast is another matter.
 */
export class Outlook {
  policy: Policy;
  readonly #options: OutlookOptions;
  #model: OnlineForecaster | undefined;
  #fittedAtSeconds: number | undefined;
  #nextFitSeconds = -Infinity;
  #fitting = false;
  /** Rows since the newest fit began: those that a new model must catch up with. */
  #rowsSinceFit: number[] = [];
  #nextRow: Forecast | undefined;
  #forecast: Forecast | undefined;
  #note = "no fit yet";

  constructor(policy: Policy, options: OutlookOptions) {
    this.policy = policy;
    this.#options = options;
  }

  get forecast(): Forecast | undefined {
    return this.#forecast;
  }

  get fittedAtSeconds(): number | undefined {
    return this.#fittedAtSeconds;
  }

  get note(): string {
    return this.#note;
  }

  /** The next row of demand (NaN for a gap), whose step ends at `endSeconds`. */
  observe(value: number, endSeconds: number): Matured | undefined {
    const matured = this.#mature(value);
    this.#rowsSinceFit.push(value);
    if (this.#model !== undefined) {
      this.#model.observe(value);
      this.#refresh(this.#model);
    }
    if (!this.#fitting && endSeconds >= this.#nextFitSeconds) void this.fit(endSeconds);
    return matured;
  }

  /** Fits on the history up to a time. A failure keeps the model that is there. */
  async fit(upToSeconds: number): Promise<void> {
    const { historySeconds, refitSeconds } = this.policy.forecast;
    this.#fitting = true;
    this.#nextFitSeconds = upToSeconds + refitSeconds;
    this.#rowsSinceFit = [];
    const history = await this.#options.readHistory(this.policy, upToSeconds - historySeconds, upToSeconds);
    const input = history.ok ? await this.#fitInput(withoutLeadingGap(history.value)) : undefined;
    const result = input === undefined ? { ok: false as const, reason: history.ok ? "the calendar is not known" : history.message } : await this.#options.fits.fit({ forecasterId: DEFAULT_FORECASTER, input });
    this.#fitting = false;
    if (!result.ok) {
      this.#note = result.reason;
      this.#options.onFitFailed(this.policy, result.reason);
      return;
    }
    const model = FORECASTERS[DEFAULT_FORECASTER]?.resume(result.fit);
    if (model === undefined) return;
    for (const row of this.#rowsSinceFit) model.observe(row);
    if (this.#model !== undefined) model.adopt?.(this.#model.save());
    this.#model = model;
    this.#fittedAtSeconds = upToSeconds;
    this.#note = result.note;
    this.#refresh(model);
  }

  /** What a fit may see: the past, its seasons, and the holidays and events of the policy. Undefined for a calendar that is not known. */
  async #fitInput(series: Series): Promise<FitInput | undefined> {
    const { events = [], forecast } = this.policy;
    const { stepSeconds, seasonsSeconds, horizonSeconds, calendar: country } = forecast;
    const horizon = Math.round(horizonSeconds / stepSeconds);
    const input: FitInput = { series, seasons: seasonsSeconds.map((season) => Math.round(season / stepSeconds)), horizon, seed: 1 };
    if (country === undefined && events.length === 0) return input;
    try {
      const calendar = await calendarRows({
        startSeconds: series.startSeconds, stepSeconds, rows: series.values.length + horizon,
        events: events.map(({ name, startSeconds, endSeconds }) => ({ name, fromSeconds: startSeconds, toSeconds: endSeconds })),
        ...(country !== undefined && { country }),
      });
      return { ...input, calendar };
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  #refresh(model: OnlineForecaster): void {
    const rows = Math.max(1, Math.round(this.policy.forecast.horizonSeconds / this.policy.forecast.stepSeconds));
    const stride = Math.ceil(rows / MAX_HORIZONS);
    const horizons = Array.from({ length: Math.floor(rows / stride) }, (_, index) => (index + 1) * stride);
    this.#nextRow = model.forecast([1], OUTLOOK_LEVELS);
    this.#forecast = model.forecast(horizons, OUTLOOK_LEVELS);
  }

  #mature(value: number): Matured | undefined {
    const forecast = this.#nextRow;
    if (forecast === undefined || Number.isNaN(value)) return undefined;
    const median = forecast.quantiles[OUTLOOK_LEVELS.indexOf(0.5)]?.[0] ?? NaN;
    const covered = Object.fromEntries(OUTLOOK_LEVELS.map((level, index) => [String(level), value <= (forecast.quantiles[index]?.[0] ?? NaN)]));
    return { absoluteError: Math.abs(value - median), covered };
  }
}

/** Models begin at the first value that is known. */
function withoutLeadingGap(series: Series): Series {
  const first = series.values.findIndex((value) => !Number.isNaN(value));
  return first <= 0 ? series : { startSeconds: series.startSeconds + first * series.stepSeconds, stepSeconds: series.stepSeconds, values: series.values.slice(first) };
}
