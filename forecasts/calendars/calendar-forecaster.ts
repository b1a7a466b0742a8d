import type { Forecast } from "../forecast.ts";
import type { CalendarRows, FitInput, FitResult, Forecaster, HorizonVerdict, OnlineForecaster } from "../forecaster.ts";
import { prepareSeries } from "../preparation.ts";
import { ORDINARY } from "./calendar-rows.ts";
import { LocalClock } from "./local-clock.ts";
import { followRun, learnFactors, runsOf, type Run } from "./special-days.ts";

interface CalendarFit {
  readonly calendar: {
    readonly runs: readonly Run[];
    /** Stretches with a given uplift. */
    readonly uplifts: readonly { readonly from: number; readonly to: number; readonly factor: number }[];
    readonly factors: Readonly<Record<number, number>>;
    readonly shifts: readonly number[] | null;
    /** Rows seen, and the factor of the run that is on. */
    readonly row: number;
    readonly localRow: number;
    readonly runFactor: number | null;
    readonly startSeconds: number;
    readonly stepSeconds: number;
  };
  readonly inner: unknown;
}

/**
 * Lets a forecaster know the calendar: it learns from ordinary days only, on the local clock; special days are forecast as what an
 * ordinary day would be times their factor (given, learned, or seen since the day began). Without a calendar it is the forecaster.
 */
export function withCalendar(inner: Forecaster): Forecaster {
  return {
    id: inner.id,
    minimumRows: (seasons) => inner.minimumRows(seasons),
    fit: (input) => (input.calendar === undefined ? inner.fit(input) : fitWithCalendar(inner, input, input.calendar)),
    resume: (fit) => (isCalendarFit(fit) ? new CalendarRunner(inner, fit) : inner.resume(fit)),
  };
}

function isCalendarFit(fit: unknown): fit is CalendarFit {
  return typeof fit === "object" && fit !== null && "calendar" in fit;
}

function fitWithCalendar(inner: Forecaster, input: FitInput, calendar: CalendarRows): FitResult {
  const { series } = input;
  const rows = series.values.length;
  if (calendar.kinds.length < rows || calendar.uplift.length < rows) return { ok: false, reason: `the calendar has ${String(calendar.kinds.length)} rows, the series ${String(rows)}` };
  const runs = runsOf(calendar.kinds);
  const ordinary = series.values.map((value, row) => (calendar.kinds[row] === ORDINARY ? value / calendar.uplift[row]! : NaN));
  const filled = prepareSeries({ series: { ...series, values: ordinary }, seasons: input.seasons });
  if (filled === undefined) return { ok: false, reason: "no value on an ordinary day is known" };
  const lead = rows - filled.values.length;
  const expected = Float64Array.from({ length: rows }, (_, row) => filled.values[Math.max(0, row - lead)]! * calendar.uplift[row]!);
  const clock = calendar.clockShift && new LocalClock(calendar.clockShift);
  const { calendar: _, censored, ...rest } = input;
  const values = clock === undefined ? ordinary : clock.toLocal(ordinary);
  const localCensored = censored && clock ? censored.map((row) => clock.localRow(row)) : censored;
  const result = inner.fit({ ...rest, series: { ...series, values }, ...(localCensored ? { censored: localCensored } : {}) });
  if (!result.ok) return result;
  const fit: CalendarFit = {
    calendar: {
      runs: runs.filter(({ to }) => to >= rows),
      uplifts: upliftsOf(calendar.uplift).filter(({ to }) => to >= rows),
      factors: learnFactors(runs, series.values, expected),
      shifts: calendar.clockShift ? [...calendar.clockShift.subarray(Math.max(0, rows - 1))] : null,
      row: 0,
      localRow: 0,
      runFactor: null,
      startSeconds: series.startSeconds + (rows - 1) * series.stepSeconds,
      stepSeconds: series.stepSeconds,
    },
    inner: result.fit,
  };
  return { ok: true, fit: rebase(fit, rows - 1), note: result.note };
}

/** Rows count from the fit's last row on (row 0), since nothing before it is asked for again. */
function rebase(fit: CalendarFit, last: number): CalendarFit {
  const { runs, uplifts, shifts } = fit.calendar;
  const first = shifts?.[0] ?? 0;
  return {
    ...fit,
    calendar: {
      ...fit.calendar,
      runs: runs.map((run) => ({ ...run, from: run.from - last, to: run.to - last })),
      uplifts: uplifts.map((run) => ({ ...run, from: run.from - last, to: run.to - last })),
      shifts: shifts === null ? null : shifts.map((shift) => shift - first),
    },
  };
}

function upliftsOf(uplift: Float64Array): { from: number; to: number; factor: number }[] {
  const runs: { from: number; to: number; factor: number }[] = [];
  for (let row = 0; row < uplift.length; row++) {
    const factor = uplift[row]!;
    const last = runs.at(-1);
    if (factor === 1) continue;
    if (last?.to === row && last.factor === factor) runs[runs.length - 1] = { ...last, to: row + 1 };
    else runs.push({ from: row, to: row + 1, factor });
  }
  return runs;
}

class CalendarRunner implements OnlineForecaster {
  readonly id: string;
  private readonly fixed: CalendarFit["calendar"];
  private readonly inner: OnlineForecaster;
  private readonly clock: LocalClock | undefined;
  private row: number;
  private localRow: number;
  private runFactor: number | null;

  constructor(forecaster: Forecaster, fit: CalendarFit) {
    this.id = forecaster.id;
    this.inner = forecaster.resume(fit.inner);
    this.fixed = fit.calendar;
    this.clock = fit.calendar.shifts === null ? undefined : new LocalClock(Int16Array.from(fit.calendar.shifts));
    this.row = fit.calendar.row;
    this.localRow = fit.calendar.localRow;
    this.runFactor = fit.calendar.runFactor;
  }

  observe(value: number): void {
    this.row++;
    const local = this.clock?.localRow(this.row) ?? this.row;
    if (local <= this.localRow) return;
    for (; this.localRow < local - 1; this.localRow++) this.inner.observe(NaN);
    this.localRow = local;
    const run = this.runAt(this.row);
    if (run === undefined) this.runFactor = null;
    else {
      const expected = this.inner.forecast([1], [0.5]).mean[0]! * this.upliftAt(this.row);
      this.runFactor = followRun(this.runFactor ?? this.factorOf(run), value, expected, this.row - run.from + 1);
    }
    this.inner.observe(value / ((this.runFactor ?? 1) * this.upliftAt(this.row)));
  }

  forecast(horizons: readonly number[], levels: readonly number[]): Forecast {
    const local = horizons.map((k) => Math.max(1, (this.clock?.localRow(this.row + k) ?? this.row + k) - this.localRow));
    const ascending = [...new Set(local)].sort((a, b) => a - b);
    const forecast = this.inner.forecast(ascending, levels);
    const places = local.map((k) => ascending.indexOf(k));
    const factors = horizons.map((k) => this.factorAt(this.row + k));
    const scaled = (path: Float64Array): Float64Array => Float64Array.from(horizons, (_, i) => path[places[i]!]! * factors[i]!);
    return {
      ...forecast,
      originSeconds: this.fixed.startSeconds + this.row * this.fixed.stepSeconds,
      horizonsSeconds: horizons.map((k) => k * this.fixed.stepSeconds),
      mean: scaled(forecast.mean),
      quantiles: forecast.quantiles.map(scaled),
    };
  }

  save(): CalendarFit {
    const { row, localRow, runFactor } = this;
    return { calendar: { ...this.fixed, row, localRow, runFactor }, inner: this.inner.save() };
  }

  adopt(earlier: unknown): void {
    this.inner.adopt?.(isCalendarFit(earlier) ? earlier.inner : earlier);
  }

  verdicts(): readonly HorizonVerdict[] {
    return this.inner.verdicts?.() ?? [];
  }

  private factorAt(row: number): number {
    const run = this.runAt(row);
    const isOn = run !== undefined && this.row >= run.from && this.row < run.to;
    return this.upliftAt(row) * (run === undefined ? 1 : isOn ? (this.runFactor ?? this.factorOf(run)) : this.factorOf(run));
  }

  private factorOf(run: Run): number {
    return this.fixed.factors[run.kind] ?? 1;
  }

  private runAt(row: number): Run | undefined {
    return this.fixed.runs.find(({ from, to }) => row >= from && row < to);
  }

  private upliftAt(row: number): number {
    return this.fixed.uplifts.find(({ from, to }) => row >= from && row < to)?.factor ?? 1;
  }
}
