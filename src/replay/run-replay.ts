import type { Decision } from "../model/decision.ts";
import type { Policy } from "../model/policy.ts";
import type { ServiceModel } from "../twin/service.ts";
import { serviceRate } from "../twin/service.ts";
import { BASELINES } from "./baselines/registry.ts";
import { budgetedOptimum } from "./clairvoyant/budgeted.ts";
import { strictOptimumHours } from "./clairvoyant/strict.ts";
import type { Controller } from "./controller.ts";
import { simulate } from "./simulate.ts";
import type { ReplayWorld } from "./simulate.ts";
import { StepController } from "./step-controller.ts";
import type { ReplayScore } from "./tally.ts";

/** What is asked of a replay: a policy, the demand that was, and whom to compare with. */
export interface ReplayRequest {
  readonly policy: Policy;
  readonly world: ReplayWorld;
  readonly leadTimeSeconds: number;
  /** Names of baselines, and other policies. */
  readonly against: readonly (string | Policy)[];
  /** Also each baseline at its best target in hindsight, and the optimum with its bound. */
  readonly hindsight: boolean;
  onProgress?(done: number, of: number, name: string): void;
}

export interface ReplayEntry {
  readonly name: string;
  readonly kind: "policy" | "baseline" | "optimum";
  readonly score: ReplayScore;
  /** Replica-hours over those of the optimum, minus one; NaN where no optimum was asked for. */
  readonly overOptimum: number;
  /** A target that was chosen in hindsight. */
  readonly target: number | undefined;
}

export interface ReplayReport {
  readonly policy: string;
  readonly digest: string;
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly leadTimeSeconds: number;
  readonly errorBudget: number;
  readonly entries: readonly ReplayEntry[];
  readonly optimum: { readonly planHours: number; readonly boundHours: number; readonly strictHours: number } | undefined;
  /** By scored step, thinned to at most 2,000: load, and the policy's ready replicas. */
  readonly series: { readonly times: readonly number[]; readonly load: readonly number[]; readonly ready: readonly number[] };
  /** Why most was missed in the worst hour: the reasons of the decision a lead time before it. */
  readonly worstHourReasons: readonly string[];
}

const TARGETS = [0.5, 0.55, 0.6, 0.65, 0.7, 0.725, 0.75, 0.775, 0.8];
const MOST_POINTS = 2000;

/** Runs the production step on the twin beside the others. The same request gives the same report. */
export function runReplay(request: ReplayRequest): ReplayReport {
  const { policy, world, leadTimeSeconds, hindsight } = request;
  const budget = policy.objective.errorBudget;
  const optimum = hindsight ? optimumOf(world, leadTimeSeconds, budget) : undefined;
  const watched = watch(world, policy);
  const entries: ReplayEntry[] = [];
  const add = (entry: Omit<ReplayEntry, "overOptimum">): void => {
    entries.push({ ...entry, overOptimum: optimum === undefined ? NaN : entry.score.replicaHours / optimum.planHours - 1 });
  };
  add({ name: policy.name, kind: "policy", score: watched.score, target: undefined });
  const total = request.against.length;
  request.against.forEach((other, done) => {
    const name = typeof other === "string" ? other : other.name;
    request.onProgress?.(done, total, name);
    if (typeof other !== "string") {
      add({ name, kind: "policy", score: simulate(world, new StepController(other)), target: undefined });
      return;
    }
    const create = baselineOf(other, world, leadTimeSeconds);
    add({ name: other, kind: "baseline", score: simulate(world, create(undefined)), target: undefined });
    if (!hindsight) return;
    const best = bestInHindsight(world, create, budget);
    add({ name: `${other} (best target)`, kind: "baseline", score: best.score, target: best.target });
  });
  return {
    policy: policy.name, digest: policy.digest, leadTimeSeconds, errorBudget: budget, entries, optimum, ...watched.series,
    fromSeconds: world.startSeconds + world.scoreFrom * world.stepSeconds, toSeconds: world.startSeconds + world.load.length * world.stepSeconds,
    worstHourReasons: watched.worstHourReasons,
  };
}

function optimumOf(world: ReplayWorld, leadTimeSeconds: number, budget: number): NonNullable<ReplayReport["optimum"]> {
  const { planHours, boundHours } = budgetedOptimum(world, leadTimeSeconds, budget);
  return { planHours, boundHours, strictHours: strictOptimumHours(world, leadTimeSeconds) };
}

function baselineOf(name: string, world: ReplayWorld, leadTimeSeconds: number): (target: number | undefined) => Controller {
  const baseline = BASELINES[name];
  if (baseline === undefined) throw new Error(`no baseline is called ${name}`);
  const peakLoad = world.load.subarray(0, Math.max(1, world.scoreFrom)).reduce((most, rate) => Math.max(most, rate), 0);
  const facts = { requestsPerSecondPerReplica: serviceRate(world.service), leadTimeSeconds, peakLoad };
  return (target) => baseline.create(facts, target ?? baseline.defaultTarget);
}

function bestInHindsight(world: ReplayWorld, create: (target: number) => Controller, budget: number): { readonly score: ReplayScore; readonly target: number } {
  const tried = TARGETS.map((target) => ({ target, score: simulate(world, create(target)) }));
  const keeping = tried.filter(({ score }) => score.missShare <= budget).sort((a, b) => a.score.replicaHours - b.score.replicaHours);
  const best = keeping[0] ?? tried.toSorted((a, b) => a.score.missShare - b.score.missShare)[0];
  if (best === undefined) throw new Error("no target was tried");
  return best;
}

interface Watched {
  readonly score: ReplayScore;
  readonly series: Pick<ReplayReport, "series">;
  readonly worstHourReasons: readonly string[];
}

function watch(world: ReplayWorld, policy: Policy): Watched {
  const stride = Math.max(1, Math.ceil((world.load.length - world.scoreFrom) / MOST_POINTS));
  const times: number[] = [];
  const load: number[] = [];
  const ready: number[] = [];
  const reasonsByHour = new Map<number, readonly string[]>();
  const onDecision = ({ timeSeconds, reasons }: Decision): void => {
    const hour = Math.floor(timeSeconds / 3600);
    if (!reasonsByHour.has(hour)) reasonsByHour.set(hour, reasons.map(({ code, text }) => `${code}: ${text}`));
  };
  const score = simulate(world, new StepController(policy, onDecision), ({ index, readyReplicas }) => {
    if (index < world.scoreFrom || (index - world.scoreFrom) % stride !== 0) return;
    times.push(world.startSeconds + index * world.stepSeconds);
    load.push(world.load[index] ?? 0);
    ready.push(readyReplicas);
  });
  const worst = score.worstHour === undefined ? undefined : Math.floor(score.worstHour.startSeconds / 3600);
  return { score, series: { series: { times, load, ready } }, worstHourReasons: worst === undefined ? [] : (reasonsByHour.get(worst) ?? []) };
}

/** The service that a policy describes: its believed rate with the planner's eight workers a replica. */
export function serviceOf(policy: Policy, requestsPerSecondPerReplica: number): ServiceModel {
  return { workers: 8, serviceSeconds: 8 / requestsPerSecondPerReplica, objectiveSeconds: policy.objective.latencySeconds, timeoutSeconds: Math.max(10, 4 * policy.objective.latencySeconds) };
}
