import { writeFileSync } from "node:fs";
import { Command } from "commander";
import { contentDigest } from "../model/content-digest.ts";
import type { Policy } from "../model/policy.ts";
import { failure, success } from "../model/result.ts";
import type { Result } from "../model/result.ts";
import { planMarkdown, planReport, planTable } from "../replay/plan-report.ts";
import type { PlanReport } from "../replay/plan-report.ts";
import { parseArguments } from "./arguments.ts";
import { readDaemonPolicy } from "./daemon-client.ts";
import { endOf, HISTORY_HELP } from "./demand-history.ts";
import { aboveZero, timeFrom } from "./option-values.ts";
import { progressBar } from "./progress-bar.ts";
import { blindSpots, readPolicyFile, readTokenFile, withName } from "./replay-input.ts";
import type { PolicyInGroup } from "./replay-input.ts";
import { replayOnThreads } from "./replay-pool.ts";
import { readWorlds } from "./replay-worlds.ts";
import type { ReplayWorlds } from "./replay-worlds.ts";
import { readSavedPlan, staleness, worldDigest } from "./saved-plan.ts";
import type { SavedPlan, Source } from "./saved-plan.ts";

const [DONE, ERROR, CHANGES, GATE_FAILED, BAD_INPUT] = [0, 1, 2, 3, 64] as const;

interface Given {
  readonly policy?: string;
  readonly target?: string;
  readonly against?: string;
  readonly history?: string;
  readonly query?: string;
  readonly to?: number;
  readonly days: number;
  readonly bearerTokenFile?: string;
  readonly format: string;
  readonly out?: string;
  readonly show?: string;
  readonly check?: string;
  readonly detailedExitcode?: true;
}

const FORMATS: Readonly<Record<string, (plan: PlanReport) => string>> = {
  table: planTable, markdown: planMarkdown, json: (plan) => `${JSON.stringify(plan, undefined, 2)}\n`,
};

function describe(): Command {
  return new Command("plan")
    .description("Replay a new policy on the last days, beside the policy now, today's HPA and perfect foresight.")
    .option("--policy <file>", "the new policy")
    .option("--target <name>", "which policy of the file; the first where it is not said")
    .option("--against <place>", "the policy now: a file, or daemon:http://… for the one that a running daemon holds")
    .option("--history <place>", `${HISTORY_HELP}; the daemon of --against where it is not said`)
    .option("--query <promql>", "what a Prometheus is asked; made of the policy's demand signal where it is not said")
    .option("--to <time>", "the end of the days; the newest row (of a server: now) where it is not said", timeFrom)
    .option("--days <n>", "days that are compared; twice as many are read, so that the forecast has learned", aboveZero, 14)
    .option("--bearer-token-file <file>", "token for the server")
    .option("--format <format>", Object.keys(FORMATS).join(", "), "table")
    .option("--out <file>", "save the plan, with digests of what it was made from")
    .option("--show <file>", "print a saved plan")
    .option("--check <file>", "say whether a saved plan still holds: exit code 3 where its policies or its history have changed")
    .option("--detailed-exitcode", "2 where the new policy changes something");
}

/** `foretide plan`: what a new policy would have changed on the last days, against the policy now, the HPA and perfect foresight. */
export async function run(args: readonly string[]): Promise<number> {
  const parsed = parseArguments(describe(), args.map((arg) => (/^-(?:detailed-exitcode|out|show|check)$/.test(arg) ? `-${arg}` : arg)));
  if (!parsed.ok) return parsed.exitCode;
  const given = parsed.options as unknown as Given;
  const format = FORMATS[given.format];
  if (format === undefined) return refuse(`--format: expected one of ${Object.keys(FORMATS).join(", ")}`);
  const file = given.show ?? given.check;
  if (file !== undefined) {
    const saved = readSavedPlan(file);
    if (!saved.ok) return refuse(saved.message);
    return given.check === undefined ? print(format(saved.value.plan)) : check(saved.value, given);
  }
  if (given.detailedExitcode === true && given.against === undefined) return refuse("--detailed-exitcode needs --against: without the policy now there is nothing to change");
  const made = await inputsOf(given);
  if (!made.ok) return refuse(made.message, made.failure === "transient" ? ERROR : BAD_INPUT);
  const plan = await planOf(made.value);
  print(format(plan));
  if (given.out !== undefined) writeFileSync(given.out, `${JSON.stringify({ ...made.value.sources, format: 1, plan } satisfies SavedPlan, undefined, 2)}\n`);
  return given.detailedExitcode === true && plan.changes === true ? CHANGES : DONE;
}

interface PlanInputs {
  readonly policy: PolicyInGroup;
  readonly now: PolicyInGroup | undefined;
  readonly worlds: ReplayWorlds;
  readonly sources: Omit<SavedPlan, "format" | "plan">;
}

async function planOf({ policy, now, worlds }: PlanInputs): Promise<PlanReport> {
  for (const blind of new Set([policy, ...(now === undefined ? [] : [now])].flatMap((one) => blindSpots(one.policy)))) process.stderr.write(`foretide: ${blind}\n`);
  const group = worlds.groupOf(policy);
  const againstGroup = now && worlds.groupOf(now);
  return planReport(await replayOnThreads({
    policy: policy.policy, ...worlds.input, against: [...(now === undefined ? [] : [now.policy]), "hpa"], hindsight: true, ...(group !== undefined && { group }), ...(againstGroup !== undefined && { againstGroup }),
  }, { progress: progressBar() }));
}

/** The world is that of the policy now: what a replica carries does not change because a new policy believes otherwise. */
async function inputsOf(given: Given, window?: { readonly fromSeconds: number; readonly toSeconds: number }): Promise<Result<PlanInputs>> {
  const { policy: file, against, days } = given;
  const place = given.history ?? (against?.startsWith("daemon:") === true ? against : undefined);
  if (file === undefined || place === undefined) return failure("permanent", "give --policy and --history (or --show or --check with a saved plan)");
  const token = readTokenFile(given.bearerTokenFile);
  if (!token.ok) return token;
  const policy = readPolicyFile(file, given.target);
  if (!policy.ok) return policy;
  const now = against === undefined ? success(undefined) : await policyNow(against, policy.value, token.value);
  if (!now.ok) return now;
  const base = now.value ?? policy.value;
  const toSeconds = window?.toSeconds ?? given.to ?? endOf(place, base.policy, Date.now() / 1000);
  const readDays = 2 * days * 86_400;
  const worlds = await readWorlds(place, {
    base, others: [policy.value], fromSeconds: window?.fromSeconds ?? (Number.isFinite(toSeconds) ? toSeconds - readDays : undefined), toSeconds, query: given.query, bearerToken: token.value,
    options: { warmUpDays: days }, keepSeconds: readDays,
  });
  if (!worlds.ok) return worlds;
  return success({
    policy: policy.value, now: now.value, worlds: worlds.value,
    sources: {
      policy: sourceOf(file, policy.value), against: against === undefined || now.value === undefined ? undefined : sourceOf(against, now.value), days,
      history: { place, query: given.query, fromSeconds: worlds.value.input.world.startSeconds, toSeconds: worlds.value.lastSeconds, digest: worldDigest(worlds.value) },
    },
  });
}

/** The policy that holds, with its group: from a file, or from a daemon by the names of the new policy's group. */
async function policyNow(place: string, planned: PolicyInGroup, token: string | undefined): Promise<Result<PolicyInGroup>> {
  if (!place.startsWith("daemon:")) return readPolicyFile(place, planned.policy.name);
  const group: Policy[] = [];
  for (const { name } of planned.group) {
    const read = await readDaemonPolicy(place.slice("daemon:".length), name, token);
    if (read.ok) group.push(read.value);
    else if (name === planned.policy.name || read.failure !== "missing") return read;
  }
  const policy = group.find(({ name }) => name === planned.policy.name);
  return policy === undefined ? failure("missing", `the daemon holds no policy "${planned.policy.name}"`) : success({ policy, group });
}

/** Of a group the digest is of all its policies: each of them decides what the others get. */
function sourceOf(place: string, { policy, group }: PolicyInGroup): Source {
  return { place, name: policy.name, digest: group.length === 1 ? policy.digest : contentDigest(group.map(({ digest }) => digest)) };
}

async function check(saved: SavedPlan, given: Given): Promise<number> {
  const { policy, against, history, days } = saved;
  const { bearerTokenFile } = given;
  const fresh = await inputsOf({
    policy: policy.place, target: policy.name, history: history.place, days, format: "table",
    ...(against !== undefined && { against: against.place }), ...(history.query !== undefined && { query: history.query }), ...(bearerTokenFile !== undefined && { bearerTokenFile }),
  }, history);
  if (!fresh.ok) return refuse(fresh.message, fresh.failure === "transient" ? ERROR : BAD_INPUT);
  const changed = staleness(saved, fresh.value.sources);
  if (changed.length === 0) {
    process.stderr.write("foretide: the plan still holds\n");
    return DONE;
  }
  for (const reason of changed) process.stderr.write(`foretide: ${reason}: make the plan anew\n`);
  return GATE_FAILED;
}

function print(text: string): number {
  process.stdout.write(text);
  return DONE;
}

function refuse(message: string, exitCode: number = BAD_INPUT): number {
  process.stderr.write(`${withName(message)}\n`);
  return exitCode;
}
