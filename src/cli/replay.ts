import { existsSync, writeFileSync } from "node:fs";
import { Command } from "commander";
import type { Policy } from "../model/policy.ts";
import { BASELINES } from "../replay/baselines/registry.ts";
import { reportHtml } from "../replay/report-html.ts";
import { reportCsv, reportMarkdown, reportTable } from "../replay/report-text.ts";
import type { ReplayReport } from "../replay/run-replay.ts";
import { parseArguments } from "./arguments.ts";
import { endOf, HISTORY_HELP } from "./demand-history.ts";
import { aboveZero, numberFrom, timeFrom } from "./option-values.ts";
import { progressBar } from "./progress-bar.ts";
import { blindSpots, readPolicyFile, readTokenFile, withName } from "./replay-input.ts";
import type { WorldOptions } from "./replay-input.ts";
import { replayOnThreads } from "./replay-pool.ts";
import { readWorlds } from "./replay-worlds.ts";

const BAD_INPUT = 64;
const ERROR = 1;

interface Given {
  readonly policy: string;
  readonly target?: string;
  readonly history: string;
  readonly query?: string;
  readonly from?: number;
  readonly to?: number;
  readonly bearerTokenFile?: string;
  readonly against: string;
  readonly format: string;
  readonly output?: string;
  readonly warmUp: number;
  readonly hindsight: boolean;
  readonly trueRate?: number;
  readonly trueLead?: number;
  readonly startSigma: number;
  readonly failedStarts: number;
  readonly drain: number;
  readonly uneven: number;
  readonly retries: number;
  readonly lag: number;
  readonly lost: number;
  readonly region?: string;
  readonly instanceType?: string;
  readonly price?: number;
  readonly gramsPerKwh?: number;
  readonly threads?: number;
  readonly seed: number;
}

const FORMATS: Readonly<Record<string, (report: ReplayReport) => string>> = {
  table: reportTable, markdown: reportMarkdown, csv: reportCsv, html: reportHtml,
  json: (report) => `${JSON.stringify(report, undefined, 2)}\n`,
};

function describe(): Command {
  return new Command("replay")
    .description("Replay a policy on your own history: the daemon's own step on a simulated cluster, beside the peers and the clairvoyant optimum.")
    .requiredOption("--policy <file>", "the policy")
    .option("--target <name>", "which policy of the file; the first where it is not said")
    .requiredOption("--history <place>", HISTORY_HELP)
    .option("--query <promql>", "what a Prometheus is asked; made of the policy's demand signal where it is not said")
    .option("--from <time>", "use the history from then on (of a server: 28 days by default)", timeFrom)
    .option("--to <time>", "use the history up to then (of a server: now by default)", timeFrom)
    .option("--bearer-token-file <file>", "token for the server")
    .option("--against <names>", `baselines and policy files, by comma: ${Object.keys(BASELINES).join(", ")}`, "hpa,keda,aws-target-tracking,aws-predictive,phpa,static")
    .option("--format <format>", Object.keys(FORMATS).join(", "), "table")
    .option("--output <file>", "write there instead of to standard output")
    .option("--warm-up <days>", "days that are watched before scoring, at most half", numberFrom(), 14)
    .option("--no-hindsight", "leave out the best targets in hindsight and the optimum: faster")
    .option("--true-rate <n>", "requests per second that a replica really carries, where the policy's belief is wrong", aboveZero)
    .option("--true-lead <seconds>", "what a start really takes, where the policy's belief is wrong", numberFrom())
    .option("--start-sigma <n>", "spread of the start times (log scale)", numberFrom(0, 3), 0)
    .option("--failed-starts <share>", "share of starts that fail", numberFrom(0, 0.95), 0)
    .option("--drain <seconds>", "a replica taken out serves on so long", numberFrom(), 0)
    .option("--uneven <n>", "spread of what replicas carry (log scale): requests are split evenly, so a slow one is busier", numberFrom(0, 1), 0)
    .option("--retries <share>", "share of the requests that were given up on and come again", numberFrom(0, 1), 0)
    .option("--lag <seconds>", "more age of the metrics", numberFrom(), 0)
    .option("--lost <share>", "share of the metrics that is lost", numberFrom(0, 1), 0)
    .option("--region <name>", "where the replicas run, for grams and prices; the policy's where it says")
    .option("--instance-type <name>", "what a replica runs on; the policy's cheapest where it says")
    .option("--price <usd>", "dollars of a replica-hour", numberFrom())
    .option("--grams-per-kwh <n>", "grid intensity; the region's annual mean where it is not said", numberFrom())
    .option("--threads <n>", "worker threads; one a core where it is not said", numberFrom(1, 256))
    .option("--seed <n>", "seed of all that is random", numberFrom(), 7);
}

/** `foretide replay`: a policy over the demand that was, on the twin, beside the peers and perfect foresight. */
export async function run(args: readonly string[]): Promise<number> {
  const parsed = parseArguments(describe(), args);
  if (!parsed.ok) return parsed.exitCode;
  const given = parsed.options as unknown as Given;
  const format = FORMATS[given.format];
  if (format === undefined) return refuse(`--format: expected one of ${Object.keys(FORMATS).join(", ")}`);
  const policy = readPolicyFile(given.policy, given.target);
  if (!policy.ok) return refuse(policy.message);
  const against = readAgainst(given.against.split(",").map((name) => name.trim()).filter((name) => name !== ""));
  if (typeof against === "string") return refuse(against);
  const bearerToken = readTokenFile(given.bearerTokenFile);
  if (!bearerToken.ok) return refuse(bearerToken.message);
  const others = against.filter((other) => typeof other !== "string").map((other) => ({ policy: other, group: [other] }));
  const base = policy.value;
  const worlds = await readWorlds(given.history, {
    base, others, fromSeconds: given.from, toSeconds: given.to ?? endOf(given.history, base.policy, Date.now() / 1000), query: given.query, bearerToken: bearerToken.value, options: worldOptions(given),
  });
  if (!worlds.ok) return refuse(worlds.message, worlds.failure === "transient" ? ERROR : BAD_INPUT);
  for (const { policy: other } of [base, ...others]) for (const blind of blindSpots(other)) process.stderr.write(`foretide: ${blind}\n`);
  const group = worlds.value.groupOf(base);
  const report = await replayOnThreads({ policy: base.policy, ...worlds.value.input, against, hindsight: given.hindsight, ...(group !== undefined && { group }) }, { progress: progressBar(), ...(given.threads !== undefined && { threads: given.threads }) });
  if (given.output === undefined) process.stdout.write(format(report));
  else writeFileSync(given.output, format(report));
  return 0;
}

function worldOptions(given: Given): WorldOptions {
  const { trueRate, trueLead, region, instanceType, price, gramsPerKwh } = given;
  return {
    warmUpDays: given.warmUp, startSigma: given.startSigma, failedStarts: given.failedStarts, drainSeconds: given.drain, unevenSigma: given.uneven,
    retryShare: given.retries, lagSeconds: given.lag, lostShare: given.lost, seed: given.seed,
    ...(trueRate !== undefined && { trueRate }), ...(trueLead !== undefined && { trueLeadSeconds: trueLead }),
    terms: { ...(region !== undefined && { region }), ...(instanceType !== undefined && { instanceType }), ...(price !== undefined && { pricePerHourUsd: price }), ...(gramsPerKwh !== undefined && { gramsPerKwh }) },
  };
}

function refuse(message: string, exitCode = BAD_INPUT): number {
  process.stderr.write(`${withName(message)}\n`);
  return exitCode;
}

function readAgainst(names: readonly string[]): readonly (string | Policy)[] | string {
  const against: (string | Policy)[] = [];
  for (const name of names) {
    if (Object.hasOwn(BASELINES, name)) against.push(name);
    else if (existsSync(name)) {
      const other = readPolicyFile(name);
      if (!other.ok) return other.message;
      against.push(other.value.policy);
    } else return `--against: "${name}" is neither a baseline (${Object.keys(BASELINES).join(", ")}) nor a policy file`;
  }
  return against;
}
