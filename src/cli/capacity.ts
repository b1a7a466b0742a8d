import { readFile } from "node:fs/promises";
import { Command, InvalidArgumentError } from "commander";

import { daysToReach, forecastGrowth, GROWTH_LEVELS, LEAST_GROWTH_DAYS, type GrowthForecast, type Reach } from "../../forecasts/growth.ts";
import type { Policy } from "../model/policy.ts";
import { loadPolicies } from "../policy/load-configuration.ts";
import { parseArguments } from "./arguments.ts";
import { InputError, readForecastFile } from "./forecast-input.ts";
import { toGrid, usualStep } from "./row-grid.ts";

const USAGE_ERROR = 64;
const DAY_SECONDS = 86_400;

interface Arguments {
  readonly input: string;
  readonly days: number;
  readonly limit: readonly Limit[];
  readonly policy?: string;
  readonly target?: string;
  readonly perReplica?: number;
  readonly json?: true;
}

/** A load that must not be exceeded, in the unit of the file. */
interface Limit {
  readonly name: string;
  readonly value: number;
}

interface Row extends Limit, Reach {}

/** `foretide capacity`: when a load that grows as it did will reach its maximum, quota or budget. */
export async function run(args: readonly string[]): Promise<number> {
  const command = describe();
  const parsed = parseArguments(command, args);
  if (!parsed.ok) return parsed.exitCode;
  const given = command.opts<Arguments>();
  try {
    const limits = [...given.limit, ...(given.policy === undefined ? [] : policyLimits(given, given.policy))];
    if (limits.length === 0) throw new InputError("expected at least one --limit name=value, or a --policy with a capacity per replica");
    const growth = growthOf(await readText(given.input), given);
    const rows = limits.map((limit): Row => ({ ...limit, ...daysToReach(growth, limit.value) }));
    process.stdout.write(given.json === true ? asJson(growth, rows) : asText(growth, rows, given.days));
    return 0;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    process.stderr.write(`foretide capacity: ${error.message}\n`);
    return USAGE_ERROR;
  }
}

function describe(): Command {
  return new Command("foretide capacity")
    .description("Tells when the daily peaks of a load will reach its limits, with bands.")
    .requiredOption("--input <file>", "CSV file of timestamp,value rows; an empty value is a gap")
    .option("--days <days>", "days to look ahead, at most 90", days, 90)
    .option("--limit <name=value>", "a limit in the file's unit; may be given again", addLimit, [])
    .option("--policy <file>", "policy whose maximum and budget are limits")
    .option("--target <name>", "the policy's name, where the file holds several")
    .option("--per-replica <load>", "load that one replica serves, where the policy does not say", positive)
    .option("--json", "write JSON")
    .exitOverride();
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new InputError(`${path}: expected a readable file: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function growthOf(text: string, { input, days: ahead }: Arguments): GrowthForecast {
  const { series } = readForecastFile(text, input, "load");
  const only = series[0]!;
  if (series.length > 1) throw new InputError(`${input}: expected one series, found ${String(series.length)}`);
  const step = usualStep(only.times);
  const growth = step === undefined ? undefined : forecastGrowth(toGrid(only, only.values.length, step), ahead);
  if (growth === undefined) throw new InputError(`${input}: expected at least ${String(LEAST_GROWTH_DAYS)} days of rows, to tell growth from the week's rhythm`);
  return growth;
}

/** What a policy can serve: its maximum of replicas, and what its budget pays for. */
function policyLimits({ target, perReplica }: Arguments, path: string): Limit[] {
  const loaded = loadPolicies([path]);
  if (!loaded.ok) throw new InputError(loaded.errors.map(({ message }) => message).join("\n"));
  const policy = loaded.policies.find(({ name }) => target === undefined || name === target);
  if (policy === undefined || (target === undefined && loaded.policies.length > 1)) {
    throw new InputError(`--target: expected one of ${loaded.policies.map(({ name }) => name).join(", ")}`);
  }
  const load = perReplica ?? servedPerReplica(policy);
  if (load === undefined) throw new InputError(`--per-replica: expected the load that one replica of "${policy.name}" serves, since the policy does not say`);
  const { maxPerHourUsd, replicaPerHourUsd } = policy.cost;
  const budget = maxPerHourUsd !== undefined && replicaPerHourUsd !== undefined ? [{ name: "budget", value: (maxPerHourUsd / replicaPerHourUsd) * load }] : [];
  return [{ name: "maximum", value: policy.replicas.max * load }, ...budget];
}

function servedPerReplica({ scaling }: Policy): number | undefined {
  if (scaling.by === "objective") return scaling.requestsPerSecondPerReplica;
  return scaling.by === "per-replica" ? scaling.target : undefined;
}

function asText(growth: GrowthForecast, rows: readonly Row[], ahead: number): string {
  const day = (count: number | undefined): string =>
    count === undefined ? `not within ${String(ahead)} days` : `${new Date((growth.originSeconds + count * DAY_SECONDS) * 1000).toISOString().slice(0, 10)} (${String(count)} d)`;
  const [low, middle, high] = growth.peaks.map((path) => path.at(-1)!.toPrecision(4));
  const lines = rows.map(({ name, value, earliestDays, likelyDays, latestDays }) => `${name} ${String(value)}: earliest ${day(earliestDays)}, likely ${day(likelyDays)}, latest ${day(latestDays)}`);
  return `daily peaks grow by ${growth.perDay.toPrecision(3)} a day (${String(growth.days)} days seen); in ${String(ahead)} days: ${middle!} (${low!} to ${high!})\n${lines.join("\n")}\n`;
}

function asJson(growth: GrowthForecast, rows: readonly Row[]): string {
  const peaks = Object.fromEntries(GROWTH_LEVELS.map((level, i) => [String(level), [...growth.peaks[i]!]]));
  return `${JSON.stringify({ originSeconds: growth.originSeconds, growthPerDay: growth.perDay, daysSeen: growth.days, peaks, limits: rows })}\n`;
}

function addLimit(text: string, before: readonly Limit[]): Limit[] {
  const [name = "", value = ""] = text.split("=");
  if (name === "" || !(Number(value) > 0)) throw new InvalidArgumentError(`expected name=value with a value above 0, found "${text}"`);
  return [...before, { name, value: Number(value) }];
}

function positive(text: string): number {
  if (!(Number(text) > 0)) throw new InvalidArgumentError(`expected a number above 0, found "${text}"`);
  return Number(text);
}

function days(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 90) throw new InvalidArgumentError(`expected 1 to 90 days, found "${text}"`);
  return count;
}
