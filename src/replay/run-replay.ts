import type { Policy } from "../model/policy.ts";
import { serviceRate } from "../twin/service.ts";
import type { ServiceModel } from "../twin/service.ts";
import { runReplayJob } from "./replay-job.ts";
import type { GroupMate, Optimum, ReplayAnswer, ReplayGroup, ReplayJob, ReplaySeries } from "./replay-job.ts";
import type { ReplayWorld } from "./simulate.ts";
import { gramsOf } from "./tally.ts";
import type { ReplayScore } from "./tally.ts";

/** What is asked of a replay: a policy, the demand that was, and whom to compare with. */
export interface ReplayRequest {
  readonly policy: Policy;
  readonly world: ReplayWorld;
  readonly leadTimeSeconds: number;
  /** Names of baselines, and other policies. */
  readonly against: readonly (string | Policy)[];
  /** What shares a step with the policy; `againstGroup` with each of the other policies. Absent: nothing. */
  readonly group?: ReplayGroup;
  readonly againstGroup?: ReplayGroup;
  /** Also each baseline at its best target in hindsight, and the optimum with its bound. */
  readonly hindsight: boolean;
}

export interface ReplayEntry {
  readonly name: string;
  readonly kind: "policy" | "baseline";
  readonly score: ReplayScore;
  /** Replica-hours over those of the optimum, minus one; undefined where no optimum was asked for. */
  readonly overOptimum: number | undefined;
  /** A target that was chosen in hindsight. */
  readonly target: number | undefined;
  readonly worstHourReasons: readonly string[];
  /** How the others of its group did beside it. */
  readonly mates: readonly GroupMate[];
  readonly series: ReplaySeries;
}

export interface ReplayReport {
  readonly policy: string;
  readonly digest: string;
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly leadTimeSeconds: number;
  readonly errorBudget: number;
  /** The policy first, then the others in the order that was asked for. */
  readonly entries: readonly ReplayEntry[];
  readonly optimum: (Optimum & { readonly costUsd: number | undefined; readonly carbonGrams: number | undefined }) | undefined;
  /** Where dollars and grams come from. */
  readonly notes: readonly string[];
}

/** Tried for each baseline in hindsight. */
const TARGETS = [0.4, 0.45, 0.5, 0.525, 0.55, 0.575, 0.6, 0.625, 0.65, 0.675, 0.7, 0.725, 0.75, 0.775, 0.8, 0.825, 0.85, 0.9];

/** The runs that a request needs, in a fixed order: their answers, in the same order, make the report. */
export function replayJobs({ policy, world, against, hindsight, group, againstGroup }: ReplayRequest): readonly ReplayJob[] {
  const others = against.flatMap((other): readonly ReplayJob[] => {
    if (typeof other !== "string") return [{ kind: "policy", policy: other, ...(againstGroup !== undefined && { group: againstGroup }) }];
    const targets = hindsight ? [undefined, ...TARGETS] : [undefined];
    return targets.map((target) => ({ kind: "baseline", name: other, target }));
  });
  const optimum: readonly ReplayJob[] = hindsight && world.queue === undefined ? [{ kind: "optimum", errorBudget: policy.objective.errorBudget }] : [];
  return [{ kind: "policy", policy, ...(group !== undefined && { group }) }, ...optimum, ...others];
}

/** What a job is called while it runs. */
export function jobName(job: ReplayJob): string {
  if (job.kind === "optimum") return "optimum";
  if (job.kind === "policy") return job.policy.name;
  return job.target === undefined ? job.name : `${job.name} at ${String(job.target)}`;
}

/** Puts the answers of `replayJobs` together: whoever made them, and in whatever order, the report is the same. */
export function replayReport(request: ReplayRequest, answers: readonly ReplayAnswer[]): ReplayReport {
  const { policy, world, leadTimeSeconds, hindsight } = request;
  const jobs = replayJobs(request);
  const optimum = answers.find((answer) => answer.kind === "optimum")?.optimum;
  const entries: ReplayEntry[] = [];
  const add = (name: string, kind: ReplayEntry["kind"], run: Run | undefined): void => {
    if (run === undefined) return;
    const { score, series, worstHourReasons, mates } = run.answer;
    entries.push({ name, kind, score, overOptimum: optimum && score.replicaHours / optimum.planHours - 1, target: run.target, worstHourReasons, mates, series });
  };
  const runs = jobs.flatMap((job, at): readonly Run[] => {
    const answer = answers[at];
    return answer?.kind === "score" ? [{ job, answer, target: job.kind === "baseline" ? job.target : undefined }] : [];
  });
  for (const run of runs.filter(({ job, target }) => job.kind !== "baseline" || target === undefined)) {
    add(jobName(run.job), run.job.kind === "baseline" ? "baseline" : "policy", run);
    if (run.job.kind === "baseline" && hindsight) add(`${run.job.name} (best target)`, "baseline", bestInHindsight(runs, run.job.name, policy.objective.errorBudget));
  }
  const { terms } = world;
  const busyHours = world.load.subarray(world.scoreFrom).reduce((sum, rate) => sum + rate, 0) * world.stepSeconds / serviceRate(world.service) / 3600;
  return {
    policy: policy.name, digest: policy.digest, leadTimeSeconds, errorBudget: policy.objective.errorBudget, entries,
    optimum: optimum && { ...optimum, costUsd: terms && optimum.planHours * terms.pricePerHourUsd, carbonGrams: terms && gramsOf(terms, optimum.planHours, busyHours) },
    fromSeconds: world.startSeconds + world.scoreFrom * world.stepSeconds, toSeconds: world.startSeconds + world.load.length * world.stepSeconds,
    notes: [...(hindsight && optimum === undefined ? [noOptimum(world)] : []), ...(terms?.notes ?? [])],
  };
}

function noOptimum({ queue, maxReplicas }: ReplayWorld): string {
  return queue === undefined ? `no optimum: ${String(maxReplicas)} replicas, always on, miss more than the budget` : "no optimum: what is perfect for work that may wait is not worked out";
}

/** The whole replay in this thread. The same request gives the same report. */
export function runReplay(request: ReplayRequest): ReplayReport {
  return replayReport(request, replayJobs(request).map((job) => runReplayJob(job, request.world, request.leadTimeSeconds)));
}

interface Run {
  readonly job: ReplayJob;
  readonly answer: Extract<ReplayAnswer, { readonly kind: "score" }>;
  readonly target: number | undefined;
}

/** The cheapest target that keeps the budget; where none does, the one that misses least. */
function bestInHindsight(runs: readonly Run[], name: string, budget: number): Run | undefined {
  const tried = runs.filter(({ job, target }) => job.kind === "baseline" && job.name === name && target !== undefined);
  const keeping = tried.filter(({ answer }) => answer.score.missShare <= budget).sort((a, b) => a.answer.score.replicaHours - b.answer.score.replicaHours);
  return keeping[0] ?? tried.toSorted((a, b) => a.answer.score.missShare - b.answer.score.missShare)[0];
}

/** The service that a policy describes: its believed rate with the planner's eight workers a replica. */
export function serviceOf(policy: Policy, requestsPerSecondPerReplica: number): ServiceModel {
  return { workers: 8, serviceSeconds: 8 / requestsPerSecondPerReplica, objectiveSeconds: policy.objective.latencySeconds, timeoutSeconds: Math.max(10, 4 * policy.objective.latencySeconds) };
}
