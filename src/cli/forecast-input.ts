/** One series of a forecast file: its rows as they stood, gaps as NaN, and the times that they were given. */
export interface InputSeries {
  readonly name: string;
  readonly times: Float64Array;
  readonly values: Float64Array;
}

export interface ForecastFile {
  readonly series: readonly InputSeries[];
  /** How the file writes time; the forecast's times are written the same way. */
  readonly timeFormat: "epoch" | "iso";
}

/** Where and how a file is not what was expected. Line and column count from 1. */
export class InputError extends Error {}

interface Builder {
  readonly times: number[];
  readonly values: number[];
}

/**
 * Reads `timestamp,value` or `series,timestamp,value` rows; a first line that names the columns is skipped. Times must
 * ascend within a series. Throws InputError with file, line and column.
 */
export function readForecastFile(text: string, file: string, defaultName: string): ForecastFile {
  const lines = text.split(/\r?\n/);
  while (lines.length > 0 && lines.at(-1) === "") lines.pop();
  const first = lines[0];
  if (first === undefined) throw new InputError(`${file}:1:1: expected rows of timestamp,value or series,timestamp,value, found an empty file`);
  const columns = first.split(",").length;
  if (columns !== 2 && columns !== 3) throw new InputError(`${file}:1:1: expected 2 columns (timestamp,value) or 3 (series,timestamp,value), found ${String(columns)}`);
  const builders = new Map<string, Builder>();
  let timeFormat: "epoch" | "iso" = "epoch";
  const start = isHeader(first) ? 1 : 0;
  for (let index = start; index < lines.length; index++) {
    const row = readRow(lines[index]!, columns, `${file}:${String(index + 1)}`);
    const name = row.name ?? defaultName;
    if (row.iso && index === start) timeFormat = "iso";
    let builder = builders.get(name);
    if (builder === undefined) builders.set(name, (builder = { times: [], values: [] }));
    const previous = builder.times.at(-1);
    if (previous !== undefined && row.time <= previous) {
      throw new InputError(`${file}:${String(index + 1)}:${String(row.timeColumn)}: expected a time after the row before it, found ${row.time === previous ? "the same time again" : "an earlier one"}`);
    }
    builder.times.push(row.time);
    builder.values.push(row.value);
  }
  if (builders.size === 0) throw new InputError(`${file}:2:1: expected at least one row after the header`);
  const series = [...builders].map(([name, { times, values }]) => ({ name, times: Float64Array.from(times), values: Float64Array.from(values) }));
  return { series, timeFormat };
}

/** Names the columns: its last field is "value", in any case. */
function isHeader(line: string): boolean {
  return /(^|,)\s*"?(value|y)"?\s*$/i.test(line);
}

interface Row {
  readonly name: string | undefined;
  readonly time: number;
  readonly iso: boolean;
  readonly timeColumn: number;
  readonly value: number;
}

function readRow(line: string, columns: number, place: string): Row {
  const fields = line.split(",");
  if (fields.length !== columns) throw new InputError(`${place}:1: expected ${String(columns)} columns, found ${String(fields.length)}`);
  const name = columns === 3 ? fields[0]!.trim() : undefined;
  if (name === "") throw new InputError(`${place}:1: expected the name of a series, found nothing`);
  const timeField = fields[columns - 2]!;
  const timeColumn = columns === 3 ? fields[0]!.length + 2 : 1;
  const parsed = parseTime(timeField.trim());
  if (parsed === undefined) throw new InputError(`${place}:${String(timeColumn)}: expected a time (ISO 8601 or epoch seconds), found "${timeField.trim()}"`);
  const valueField = fields[columns - 1]!.trim();
  const value = valueField === "" ? NaN : parseNumber(valueField);
  if (value === undefined) {
    throw new InputError(`${place}:${String(timeColumn + timeField.length + 1)}: expected a finite number or nothing (a gap), found "${valueField}"`);
  }
  return { name, ...parsed, timeColumn, value };
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const ISO_TIME = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?$/;

function parseNumber(text: string): number | undefined {
  const value = NUMBER.test(text) ? Number(text) : NaN;
  return Number.isFinite(value) ? value : undefined;
}

/** A time without an offset is UTC. */
function parseTime(text: string): { time: number; iso: boolean } | undefined {
  const epoch = parseNumber(text);
  if (epoch !== undefined) return { time: epoch, iso: false };
  if (!ISO_TIME.test(text)) return undefined;
  const hasOffset = /(Z|[+-]\d{2}:?\d{2})$/.test(text.slice(10));
  const spelled = text.length === 10 ? `${text}T00:00:00Z` : `${text.replace(" ", "T")}${hasOffset ? "" : "Z"}`;
  const time = Date.parse(spelled) / 1000;
  return Number.isNaN(time) ? undefined : { time, iso: true };
}
