import { existsSync, writeFileSync } from "node:fs";
import { Command } from "commander";
import type { Policy } from "../model/policy.ts";
import { BASELINES } from "../replay/baselines/registry.ts";
import { reportCsv, reportHtml, reportMarkdown, reportTable } from "../replay/report-text.ts";
import { runReplay } from "../replay/run-replay.ts";
import type { ReplayReport } from "../replay/run-replay.ts";
import { parseArguments } from "./arguments.ts";
import { readPolicyFile, readWorld } from "./replay-input.ts";

const BAD_INPUT = 64;

interface Given {
  readonly policy: string;
  readonly history: string;
  readonly against?: string;
  readonly format: string;
  readonly output?: string;
  readonly warmUp: string;
  readonly hindsight: boolean;
  readonly trueRate?: string;
  readonly startSigma: string;
  readonly failedStarts: string;
  readonly drain: string;
  readonly lag: string;
  readonly lost: string;
  readonly seed: string;
}

const FORMATS: Readonly<Record<string, (report: ReplayReport) => string>> = {
  table: reportTable, markdown: reportMarkdown, csv: reportCsv, html: reportHtml,
  json: (report) => `${JSON.stringify(report, undefined, 2)}\n`,
};

/** `foretide replay`: a policy over the demand that was, on the twin, beside the peers and perfect foresight. */
export async function run(args: readonly string[]): Promise<number> {
  const command = new Command("replay")
    .description("Replay a policy on your own history: the daemon's own step on a simulated cluster, beside the peers and the clairvoyant optimum.")
    .requiredOption("--policy <file>", "the policy")
    .requiredOption("--history <file>", "CSV: timestamp,demand")
    .option("--against <names>", `baselines and policy files, by comma: ${Object.keys(BASELINES).join(", ")}`, "hpa,keda,aws-target-tracking,aws-predictive,phpa,static")
    .option("--format <format>", Object.keys(FORMATS).join(", "), "table")
    .option("--output <file>", "write there instead of to standard output")
    .option("--warm-up <days>", "days that are watched before scoring, at most half", "14")
    .option("--no-hindsight", "leave out the best targets in hindsight and the optimum: faster")
    .option("--true-rate <n>", "requests per second that a replica really carries, where the policy's belief is wrong")
    .option("--start-sigma <n>", "spread of the start times (log scale)", "0")
    .option("--failed-starts <share>", "share of starts that fail", "0")
    .option("--drain <seconds>", "a replica taken out serves on so long", "0")
    .option("--lag <seconds>", "more age of the metrics", "0")
    .option("--lost <share>", "share of the metrics that is lost", "0")
    .option("--seed <n>", "seed of all that is random", "7");
  const parsed = parseArguments(command, args);
  if (!parsed.ok) return parsed.exitCode;
  const given = parsed.options as unknown as Given;
  const format = FORMATS[given.format];
  if (format === undefined) return refuse(`--format: expected one of ${Object.keys(FORMATS).join(", ")}`);
  const numbers = numbersOf(given);
  if (typeof numbers === "string") return refuse(numbers);
  const policy = readPolicyFile(given.policy);
  if (!policy.ok) return refuse(policy.message);
  const against = readAgainst((given.against ?? "").split(",").filter((name) => name !== ""));
  if (typeof against === "string") return refuse(against);
  const world = readWorld(given.history, policy.value, { ...numbers, lastDays: undefined });
  if (!world.ok) return refuse(world.message);
  const report = runReplay({
    policy: policy.value, ...world.value, against, hindsight: given.hindsight,
    onProgress: (done, of, name) => process.stderr.write(`foretide: ${String(done + 1)} of ${String(of)}: ${name}\n`),
  });
  if (given.output === undefined) process.stdout.write(format(report));
  else writeFileSync(given.output, format(report));
  return Promise.resolve(0);
}

function refuse(message: string): number {
  process.stderr.write(`foretide: ${message}\n`);
  return BAD_INPUT;
}

function readAgainst(names: readonly string[]): readonly (string | Policy)[] | string {
  const against: (string | Policy)[] = [];
  for (const name of names) {
    if (Object.hasOwn(BASELINES, name)) against.push(name);
    else if (existsSync(name)) {
      const other = readPolicyFile(name);
      if (!other.ok) return other.message;
      against.push(other.value);
    } else return `--against: "${name}" is neither a baseline (${Object.keys(BASELINES).join(", ")}) nor a policy file`;
  }
  return against;
}

function numbersOf(given: Given): { readonly warmUpDays: number; readonly trueRate: number | undefined; readonly startSigma: number; readonly failedStarts: number; readonly drainSeconds: number; readonly lagSeconds: number; readonly lostShare: number; readonly seed: number } | string {
  const read = { warmUpDays: given.warmUp, startSigma: given.startSigma, failedStarts: given.failedStarts, drainSeconds: given.drain, lagSeconds: given.lag, lostShare: given.lost, seed: given.seed };
  for (const [name, text] of Object.entries(read)) if (!(Number(text) >= 0)) return `${name}: expected a number, found "${text}"`;
  if (given.trueRate !== undefined && !(Number(given.trueRate) > 0)) return `--true-rate: expected a number above 0, found "${given.trueRate}"`;
  return {
    warmUpDays: Number(read.warmUpDays), trueRate: given.trueRate === undefined ? undefined : Number(given.trueRate), startSigma: Number(read.startSigma), failedStarts: Number(read.failedStarts),
    drainSeconds: Number(read.drainSeconds), lagSeconds: Number(read.lagSeconds), lostShare: Number(read.lostShare), seed: Number(read.seed),
  };
}
