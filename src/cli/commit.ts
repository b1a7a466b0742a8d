import { readFile } from "node:fs/promises";
import { Command } from "commander";
import { adviseCommitment, commitmentSaving } from "../account/commitment.ts";
import type { CommitmentAdvice } from "../account/commitment.ts";
import { parseHistoryCsv } from "../history/history-csv.ts";
import { regionPrices } from "../observe/market/catalog.ts";
import { parseArguments } from "./arguments.ts";

const BAD_INPUT = 64;
/** What the demand may turn out to be, as a share of the forecast. */
const RISKS = [0.7, 0.8, 0.9, 1, 1.1] as const;
const WEEK_HOURS = 168;
/** Weeks of the past that the forecast is made of: the same hours, moved by their trend. */
const FORECAST_WEEKS = 8;

interface Options {
  readonly history: string;
  readonly capacity: string;
  readonly instanceType: string;
  readonly region: string;
  readonly headroom: string;
  readonly json?: boolean;
}

interface TermAdvice extends CommitmentAdvice {
  readonly term: string;
  readonly against: string;
  readonly marginalUsd: number;
  readonly committedUsd: number;
  /** Saving per hour were the demand this share of the forecast. */
  readonly risk: Readonly<Record<string, number>>;
}

/** `foretide commit`: how many replicas to commit to, for one and three years, against on-demand and against spot, and the risk. */
export async function run(args: readonly string[]): Promise<number> {
  const command = new Command("commit")
    .description("Advise which commitment to buy from the load's past, with its risk.")
    .requiredOption("--history <file>", "CSV of timestamp,demand (ISO 8601 or epoch seconds; requests per second)")
    .requiredOption("--capacity <rps>", "requests per second that one replica carries")
    .option("--instance-type <type>", "instance type of a replica", "m5.large")
    .option("--region <region>", "region", "us-east-1")
    .option("--headroom <share>", "capacity kept above the load, as a share", "0.2")
    .option("--json", "print the result as JSON");
  const parsed = parseArguments(command, args);
  if (!parsed.ok) return parsed.exitCode;
  const options = parsed.options as unknown as Options;
  const capacity = Number(options.capacity);
  const headroom = Number(options.headroom);
  const prices = regionPrices(options.instanceType, options.region);
  if (!(capacity > 0)) return fail("--capacity must be a number above zero");
  if (!(headroom >= 0)) return fail("--headroom must be zero or more");
  if (prices === undefined) return fail(`no prices in the table for ${options.instanceType} in ${options.region}`);
  let text: string;
  try {
    text = await readFile(options.history, "utf8");
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
  const history = parseHistoryCsv(text);
  if (!history.ok) return fail(history.problems.map(({ line, column, message }) => `${options.history}:${line}:${column}: ${message}`).join("\n"));
  const hourly = hourlyPeaks(history.value.timesSeconds, history.value.signals.demand ?? new Float64Array()).map((load) => Math.ceil((load * (1 + headroom)) / capacity));
  if (hourly.length < WEEK_HOURS) return fail(`${options.history}: less than a week of hours (${hourly.length})`);
  const demand = forecast(hourly);
  const advice = adviceFor(demand, prices);
  print(advice, options, hourly.length);
  return 0;
}

/** The busiest value of each hour; an hour without values is left out. */
function hourlyPeaks(timesSeconds: Float64Array, demand: Float64Array): readonly number[] {
  const peaks = new Map<number, number>();
  demand.forEach((value, at) => {
    if (!Number.isFinite(value)) return;
    const hour = Math.floor((timesSeconds[at] ?? 0) / 3600);
    peaks.set(hour, Math.max(peaks.get(hour) ?? 0, value));
  });
  return [...peaks].sort(([a], [b]) => a - b).map(([, peak]) => peak);
}

/** The weeks to come as the last ones were, moved to the level of the newest: last week's mean over that of all of them. */
function forecast(hourly: readonly number[]): readonly number[] {
  const recent = hourly.slice(-FORECAST_WEEKS * WEEK_HOURS);
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const level = mean(recent) === 0 ? 1 : mean(recent.slice(-WEEK_HOURS)) / mean(recent);
  return recent.map((value) => Math.ceil(value * level));
}

function adviceFor(demand: readonly number[], prices: NonNullable<ReturnType<typeof regionPrices>>): readonly TermAdvice[] {
  const advice: TermAdvice[] = [];
  for (const [term, committedUsd] of [["1 year", prices.reserved1y], ["3 years", prices.reserved3y]] as const) {
    for (const [against, marginalUsd] of [["on-demand", prices.onDemand], ["spot", prices.spot]] as const) {
      if (committedUsd === null || marginalUsd === null) continue;
      const terms = { marginalUsd, committedUsd };
      const best = adviseCommitment(demand, terms);
      const risk = Object.fromEntries(RISKS.map((level) => [percent(level), commitmentSaving(demand.map((value) => value * level), best.replicas, terms)]));
      advice.push({ ...best, term, against, marginalUsd, committedUsd, risk });
    }
  }
  return advice;
}

function print(advice: readonly TermAdvice[], options: Options, hours: number): void {
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify({ instanceType: options.instanceType, region: options.region, hours, advice }, undefined, 2)}\n`);
    return;
  }
  process.stdout.write(`${options.instanceType} in ${options.region}, from ${hours} hours of load (no-upfront reservations; prices of 2025-05)\n`);
  for (const row of advice) {
    const head = `${row.term} instead of ${row.against} ($${row.marginalUsd} → $${row.committedUsd} an hour): `;
    if (row.replicas === 0) {
      process.stdout.write(`${head}none pays; a replica would have to be needed in ${percent(row.breakEvenShare)} of the hours\n`);
      continue;
    }
    process.stdout.write(`${head}${row.replicas} replicas save $${row.savingPerHourUsd.toFixed(3)} an hour; used ${percent(row.utilization)}, cover ${percent(row.coverage)} of the load\n`);
    process.stdout.write(`  risk: ${Object.entries(row.risk).map(([level, saving]) => `${level} of the load $${saving.toFixed(3)}`).join(", ")}\n`);
  }
}

function percent(value: number): string {
  return `${(value * 100).toFixed(0)} %`;
}

function fail(message: string): number {
  process.stderr.write(`foretide commit: ${message}\n`);
  return BAD_INPUT;
}
