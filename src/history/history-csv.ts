import type { HistoryPoint } from "./history-store.ts";

/** Columns beside `timestamp`; `value` is another name of `demand`. */
export const HISTORY_SIGNALS = ["demand", "utilization", "readyReplicas", "missRatio", "backlog"] as const;
export type HistorySignal = (typeof HISTORY_SIGNALS)[number];

/** What happened before: one row a time, ascending; an absent value is NaN. */
export interface HistoryCsv {
  readonly timesSeconds: Float64Array;
  readonly signals: Readonly<Partial<Record<HistorySignal, Float64Array>>>;
  /** Columns that were asked for by other names. */
  readonly others: Readonly<Record<string, Float64Array>>;
}

export interface CsvProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export type HistoryCsvResult = { readonly ok: true; readonly value: HistoryCsv } | { readonly ok: false; readonly problems: readonly CsvProblem[] };

const MAX_PROBLEMS = 20;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const ISO_TIME = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?$/i;
/** Epoch seconds beyond this (the year 2286) are milliseconds by mistake. */
const LATEST_SECONDS = 1e10;
const SHARES: ReadonlySet<string> = new Set(["missRatio"]);

/**
 * Reads `timestamp,demand[,utilization,readyReplicas,missRatio,backlog]` (or `timestamp,value`), the header first, times as ISO 8601
 * (UTC where no offset stands) or epoch seconds, ascending. An empty cell or NaN is absent. `others` are names of more columns that
 * may stand there. Tells every problem, up to 20.
 */
export function parseHistoryCsv(text: string, others: readonly string[] = []): HistoryCsvResult {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  while (lines.length > 0 && lines.at(-1)?.trim() === "") lines.pop();
  const problems: CsvProblem[] = [];
  const columns = parseHeader(lines[0] ?? "", others, problems);
  if (columns === undefined) return { ok: false, problems };
  if (lines.length < 2) return { ok: false, problems: [{ line: 2, column: 1, message: "expected at least one row after the header" }] };
  const rows = new RowReader(columns, problems, lines.length - 1);
  for (let index = 1; index < lines.length && problems.length < MAX_PROBLEMS; index++) rows.read(lines[index] ?? "", index);
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: rows.finish() };
}

function parseHeader(header: string, others: readonly string[], problems: CsvProblem[]): readonly string[] | undefined {
  const expected = `expected the header timestamp,value or timestamp,demand[,utilization,readyReplicas,missRatio,backlog]${others.length === 0 ? "" : ` and ${others.join(", ")}`}`;
  const cells = header.split(",");
  if (unquoted(cells[0] ?? "") !== "timestamp" || cells.length < 2) {
    problems.push({ line: 1, column: 1, message: `${expected}, found ${header.trim() === "" ? "nothing" : `"${header.trim()}"`}` });
    return undefined;
  }
  const signals: string[] = [];
  let column = (cells[0]?.length ?? 0) + 2;
  for (const cell of cells.slice(1)) {
    const name = unquoted(cell) === "value" ? "demand" : unquoted(cell);
    const signal = [...HISTORY_SIGNALS, ...others].find((known) => known === name);
    if (signal === undefined) problems.push({ line: 1, column, message: `${expected}, found the column "${name}"` });
    else if (signals.includes(signal)) problems.push({ line: 1, column, message: `the column ${signal} stands twice` });
    else signals.push(signal);
    column += cell.length + 1;
  }
  return problems.length > 0 ? undefined : signals;
}

class RowReader {
  readonly #columns: readonly string[];
  readonly #problems: CsvProblem[];
  readonly #times: Float64Array;
  readonly #values: readonly Float64Array[];

  constructor(columns: readonly string[], problems: CsvProblem[], rows: number) {
    this.#columns = columns;
    this.#problems = problems;
    this.#times = new Float64Array(rows);
    this.#values = columns.map(() => new Float64Array(rows));
  }

  /** `index`: the line's, counted from 0; the header is line 0. */
  read(line: string, index: number): void {
    const cells = line.split(",");
    if (cells.length !== this.#columns.length + 1) {
      this.#problem(index, 1, `expected ${String(this.#columns.length + 1)} columns, found ${String(cells.length)}`);
      return;
    }
    this.#readTime(cells[0] ?? "", index);
    let column = (cells[0]?.length ?? 0) + 2;
    for (const [at, signal] of this.#columns.entries()) {
      const cell = cells[at + 1] ?? "";
      this.#readValue(cell, { index, column, at, signal });
      column += cell.length + 1;
    }
  }

  finish(): HistoryCsv {
    const isKnown = (signal: string): boolean => HISTORY_SIGNALS.some((known) => known === signal);
    const columns = this.#columns.map((signal, at) => [signal, this.#values[at] ?? new Float64Array()] as const);
    return { timesSeconds: this.#times, signals: Object.fromEntries(columns.filter(([signal]) => isKnown(signal))), others: Object.fromEntries(columns.filter(([signal]) => !isKnown(signal))) };
  }

  #readTime(cell: string, index: number): void {
    const time = parseTimeSeconds(unquoted(cell));
    if (typeof time === "string") {
      this.#problem(index, 1, time);
      return;
    }
    this.#times[index - 1] = time;
    const before = index > 1 ? (this.#times[index - 2] ?? -Infinity) : -Infinity;
    if (time <= before) this.#problem(index, 1, `expected a time after the row before it, found ${time === before ? "the same time again" : "an earlier one"}`);
  }

  #readValue(cell: string, place: { readonly index: number; readonly column: number; readonly at: number; readonly signal: string }): void {
    const text = unquoted(cell);
    const absent = text === "" || text.toLowerCase() === "nan";
    const value = absent ? NaN : NUMBER.test(text) ? Number(text) : Infinity;
    if (!absent && !Number.isFinite(value)) this.#problem(place.index, place.column, `expected a finite number or nothing (absent) in ${place.signal}, found "${text}"`);
    else if (value < 0) this.#problem(place.index, place.column, `expected 0 or more in ${place.signal}, found ${text}`);
    else if (value > 1 && SHARES.has(place.signal)) this.#problem(place.index, place.column, `expected a share from 0 to 1 in ${place.signal}, found ${text}`);
    const values = this.#values[place.at];
    if (values !== undefined) values[place.index - 1] = value;
  }

  #problem(index: number, column: number, message: string): void {
    this.#problems.push({ line: index + 1, column, message });
  }
}

/** Epoch seconds of a time, or what was expected. */
export function parseTimeSeconds(text: string): number | string {
  if (NUMBER.test(text)) {
    const seconds = Number(text);
    if (seconds >= 0 && seconds < LATEST_SECONDS) return seconds;
    return `expected epoch seconds, found ${text}${seconds >= LATEST_SECONDS ? " (milliseconds?)" : ""}`;
  }
  const offset = /(Z|[+-]\d{2}:?\d{2})$/i.test(text.slice(10));
  const spelled = text.length === 10 ? `${text}T00:00:00Z` : `${text.replace(" ", "T")}${offset ? "" : "Z"}`;
  const seconds = ISO_TIME.test(text) ? Date.parse(spelled) / 1000 : NaN;
  return Number.isNaN(seconds) ? `expected a time (ISO 8601 or epoch seconds), found "${text}"` : seconds;
}

/**
 * The points of one signal on a grid. Each row stands for the time to the next one, by the file's most frequent distance: rows
 * closer than the grid are folded by the store, wider ones fill each step that they cover. An absent value makes no point.
 */
export function pointsOf(timesSeconds: Float64Array, values: Float64Array, stepSeconds: number): HistoryPoint[] {
  const spacing = commonSpacing(timesSeconds) ?? stepSeconds;
  const coverage = Math.min(1, spacing / stepSeconds);
  const points: HistoryPoint[] = [];
  for (const [row, mean] of values.entries()) {
    const start = timesSeconds[row] ?? NaN;
    if (Number.isNaN(mean) || Number.isNaN(start)) continue;
    const end = Math.min(start + spacing, timesSeconds[row + 1] ?? Infinity);
    let time = start;
    do {
      points.push({ timeSeconds: time, mean, min: mean, max: mean, count: 1, coverage });
      time = (Math.floor(time / stepSeconds) + 1) * stepSeconds;
    } while (spacing > stepSeconds && time < end);
  }
  return points;
}

/** The most frequent distance between rows, in seconds; undefined below two rows. */
export function commonSpacing(timesSeconds: Float64Array): number | undefined {
  const counts = new Map<number, number>();
  for (let row = 1; row < timesSeconds.length; row++) {
    const distance = (timesSeconds[row] ?? NaN) - (timesSeconds[row - 1] ?? NaN);
    counts.set(distance, (counts.get(distance) ?? 0) + 1);
  }
  let best: number | undefined;
  for (const [distance, count] of counts) if (best === undefined || count > (counts.get(best) ?? 0)) best = distance;
  return best;
}

function unquoted(cell: string): string {
  const text = cell.trim();
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}
