import { readFile } from "node:fs/promises";
import { parse } from "node:path";
import { Command, InvalidArgumentError } from "commander";

import { calendarRows } from "../../forecasts/calendars/calendar-rows.ts";
import { DEFAULT_FORECASTER, FORECASTERS } from "../../forecasts/registry.ts";
import { parseArguments } from "./arguments.ts";
import { InputError, readForecastFile, type ForecastFile } from "./forecast-input.ts";
import type { ForecastAnswer, ForecastJob, ForecastOptions } from "./forecast-job.ts";
import { runForecastJobs } from "./forecast-pool.ts";

const USAGE_ERROR = 64;

interface Arguments {
  readonly input: string;
  readonly horizon: number;
  readonly levels: readonly number[];
  readonly season?: readonly number[];
  readonly step?: number;
  readonly model: string;
  readonly calendar?: string;
  readonly origins?: readonly number[];
  readonly format: string;
  readonly allowNegative?: true;
}

/** `foretide forecast`: a forecast for each series of a CSV file, from its end or from given origins. */
export async function run(args: readonly string[]): Promise<number> {
  const command = describe();
  const parsed = parseArguments(command, args);
  if (!parsed.ok) return parsed.exitCode;
  const given = command.opts<Arguments>();
  let file: ForecastFile;
  let jobs: readonly ForecastJob[];
  try {
    file = readForecastFile(await readInput(given.input), given.input, parse(given.input).name);
    jobs = jobsOf(file, given);
    await checkCalendar(given.calendar);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    process.stderr.write(`foretide forecast: ${error.message}\n`);
    return USAGE_ERROR;
  }
  const answers = await runForecastJobs(jobs, progress(jobs.length));
  return write(answers, file, given);
}

function describe(): Command {
  return new Command("foretide forecast")
    .description("Forecasts each series of a CSV file (timestamp,value or series,timestamp,value).")
    .requiredOption("--input <file>", "CSV file; an empty value is a gap")
    .requiredOption("--horizon <rows>", "rows to forecast", wholeNumber)
    .option("--levels <list>", "quantile levels between 0 and 1", listOf(level), [0.5, 0.9, 0.95, 0.99])
    .option("--season <list>", "seasons in rows; detected where not given", listOf(wholeNumber))
    .option("--step <seconds>", "seconds between rows; the most frequent distance where not given", positive)
    .option("--model <id>", `one of ${Object.keys(FORECASTERS).join(", ")}`, modelId, DEFAULT_FORECASTER)
    .option("--calendar <country>", "country whose public holidays and clock changes matter (ISO 3166, as DE or US-CA)")
    .option("--origins <list>", "row counts to forecast after, each seeing only what stands before it", listOf(wholeNumber))
    .option("--format <format>", "csv or json", oneOf(["csv", "json"]), "csv")
    .option("--allow-negative", "let quantiles go below zero although the history never does")
    .exitOverride();
}

async function readInput(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new InputError(`${path}: expected a readable file: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function jobsOf(file: ForecastFile, given: Arguments): ForecastJob[] {
  const options: ForecastOptions = {
    horizon: given.horizon,
    levels: given.levels,
    seasons: given.season,
    stepSeconds: given.step,
    model: given.model,
    allowNegative: given.allowNegative ?? false,
    calendar: given.calendar,
  };
  return file.series.flatMap((series) => {
    const rows = series.values.length;
    if (!series.values.some((value) => !Number.isNaN(value))) throw new InputError(`${given.input}: series "${series.name}": expected at least one value, found gaps only`);
    return (given.origins ?? [rows]).map((origin) => {
      if (origin > rows) throw new InputError(`--origins ${String(origin)}: expected at most ${String(rows)}, the rows of series "${series.name}"`);
      return { series: { ...series, times: series.times.slice(0, origin), values: series.values.slice(0, origin) }, origin, options };
    });
  });
}

function write(answers: readonly ForecastAnswer[], file: ForecastFile, given: Arguments): number {
  const failed = answers.filter((answer) => !answer.ok);
  if (failed.length > 0) {
    for (const { series, origin, reason } of failed) process.stderr.write(`foretide forecast: series "${series}", ${String(origin)} rows: ${reason}\n`);
    return USAGE_ERROR;
  }
  const made = answers.filter((answer) => answer.ok);
  for (const { series, note } of made) if (note !== "") process.stderr.write(`note: series "${series}": ${note}\n`);
  const timeOf = (seconds: number): string => (file.timeFormat === "iso" ? new Date(seconds * 1000).toISOString().replace(".000Z", "Z") : String(seconds));
  process.stdout.write(given.format === "json" ? asJson(made, timeOf) : asCsv(made, timeOf));
  return 0;
}

type Made = Extract<ForecastAnswer, { ok: true }>;

function asCsv(answers: readonly Made[], timeOf: (seconds: number) => string): string {
  const lines = [`series,origin,timestamp,mean,${(answers[0]?.levels ?? []).map((value) => `q${String(value)}`).join(",")}`];
  for (const { series, origin, timesSeconds, mean, quantiles } of answers) {
    for (const [k, time] of timesSeconds.entries()) {
      lines.push([series, origin, timeOf(time), mean[k], ...quantiles.map((path) => path[k])].join(","));
    }
  }
  return `${lines.join("\n")}\n`;
}

function asJson(answers: readonly Made[], timeOf: (seconds: number) => string): string {
  const forecasts = answers.map(({ series, origin, timesSeconds, mean, levels, quantiles, note }) => ({
    series,
    origin,
    timestamps: timesSeconds.map(timeOf),
    mean: [...mean],
    quantiles: Object.fromEntries(levels.map((value, q) => [String(value), [...quantiles[q]!]])),
    ...(note === "" ? {} : { note }),
  }));
  return `${JSON.stringify({ forecasts })}\n`;
}

/** A bar on standard error, on a terminal only. */
function progress(total: number): (done: number) => void {
  if (!process.stderr.isTTY || total < 2) return () => undefined;
  return (done) => {
    const filled = Math.round((30 * done) / total);
    process.stderr.write(`\r[${"#".repeat(filled)}${"-".repeat(30 - filled)}] ${String(done)}/${String(total)}${done === total ? "\n" : ""}`);
  };
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1) throw new InvalidArgumentError(`expected a whole number from 1, found "${text}"`);
  return value;
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError(`expected a number above 0, found "${text}"`);
  return value;
}

function level(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError(`expected a level between 0 and 1, found "${text}"`);
  return value;
}

function listOf(parseItem: (text: string) => number): (text: string) => number[] {
  return (text) => [...new Set(text.split(",").map((item) => parseItem(item.trim())))].sort((a, b) => a - b);
}

function oneOf(allowed: readonly string[]): (text: string) => string {
  return (text) => {
    if (!allowed.includes(text)) throw new InvalidArgumentError(`expected ${allowed.join(" or ")}, found "${text}"`);
    return text;
  };
}

/** A wrong country is told before any work is done. */
async function checkCalendar(country: string | undefined): Promise<void> {
  if (country === undefined) return;
  try {
    await calendarRows({ country, startSeconds: 0, stepSeconds: 3600, rows: 1 });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new InputError(`--calendar: ${error.message}`);
  }
}

function modelId(text: string): string {
  return oneOf(Object.keys(FORECASTERS))(text);
}
