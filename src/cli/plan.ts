import { Command } from "commander";
import { reportMarkdown, reportTable } from "../replay/report-text.ts";
import { runReplay } from "../replay/run-replay.ts";
import type { ReplayReport } from "../replay/run-replay.ts";
import { parseArguments } from "./arguments.ts";
import { readPolicyFile, readWorld } from "./replay-input.ts";

const BAD_INPUT = 64;
const CHANGES = 2;

interface Given {
  readonly policy: string;
  readonly against?: string;
  readonly history: string;
  readonly days: string;
  readonly format: string;
  readonly detailedExitcode?: true;
}

const FORMATS: Readonly<Record<string, (report: ReplayReport) => string>> = {
  table: reportTable, markdown: reportMarkdown, json: (report) => `${JSON.stringify(report, undefined, 2)}\n`,
};

/** `foretide plan`: what a new policy would have changed on the last days, against the policy now, the HPA and perfect foresight. */
export async function run(args: readonly string[]): Promise<number> {
  const command = new Command("plan")
    .description("Replay a new policy on the last days, beside the policy now, the HPA's defaults and perfect foresight.")
    .requiredOption("--policy <file>", "the new policy")
    .option("--against <file>", "the policy now")
    .requiredOption("--history <file>", "CSV: timestamp,demand")
    .option("--days <n>", "days that are compared; twice as many are read", "14")
    .option("--format <format>", Object.keys(FORMATS).join(", "), "table")
    .option("--detailed-exitcode", "2 where the new policy changes something");
  const parsed = parseArguments(command, args.map((arg) => (arg === "-detailed-exitcode" ? "--detailed-exitcode" : arg)));
  if (!parsed.ok) return parsed.exitCode;
  const given = parsed.options as unknown as Given;
  const format = FORMATS[given.format];
  if (format === undefined) return refuse(`--format: expected one of ${Object.keys(FORMATS).join(", ")}`);
  const days = Number(given.days);
  if (!(days > 0)) return refuse(`--days: expected a number above 0, found "${given.days}"`);
  const policy = readPolicyFile(given.policy);
  if (!policy.ok) return refuse(policy.message);
  const before = given.against === undefined ? undefined : readPolicyFile(given.against);
  if (before?.ok === false) return refuse(before.message);
  const world = readWorld(given.history, policy.value, {
    warmUpDays: days, lastDays: 2 * days, trueRate: undefined, startSigma: 0, failedStarts: 0, drainSeconds: 0, lagSeconds: 0, lostShare: 0, seed: 7,
  });
  if (!world.ok) return refuse(world.message);
  const now = before === undefined ? [] : [{ ...before.value, name: `${before.value.name} (now)` }];
  const report = runReplay({ policy: policy.value, ...world.value, against: [...now, "hpa"], hindsight: true });
  process.stdout.write(format(report));
  if (before === undefined) return 0;
  const [fresh, old] = report.entries;
  const differs = fresh !== undefined && old !== undefined && JSON.stringify(fresh.score) !== JSON.stringify(old.score);
  process.stderr.write(differs ? `foretide: ${difference(fresh.score.replicaHours, old.score.replicaHours)} replica-hours, ${difference(100 * fresh.score.missShare, 100 * old.score.missShare)} points of misses\n` : "foretide: no change\n");
  return Promise.resolve(differs && given.detailedExitcode === true ? CHANGES : 0);
}

function difference(after: number, before: number): string {
  const change = after - before;
  return `${change >= 0 ? "+" : ""}${change.toFixed(3)}`;
}

function refuse(message: string): number {
  process.stderr.write(`foretide: ${message}\n`);
  return BAD_INPUT;
}
