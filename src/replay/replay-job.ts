import type { Decision } from "../model/decision.ts";
import type { Policy } from "../model/policy.ts";
import { effectivePolicy } from "../policy/effective-policy.ts";
import { serviceRate } from "../twin/service.ts";
import { BASELINES } from "./baselines/registry.ts";
import { budgetedOptimum } from "./clairvoyant/budgeted.ts";
import { strictOptimumHours } from "./clairvoyant/strict.ts";
import type { Controller } from "./controller.ts";
import { simulate } from "./simulate.ts";
import type { ReplayWorld } from "./simulate.ts";
import { StepController } from "./step-controller.ts";
import type { ReplayScore } from "./tally.ts";

/** One run of a replay: plain data, so that a worker thread can do it. Equal jobs in equal worlds give equal answers. */
export type ReplayJob =
  | { readonly kind: "policy"; readonly policy: Policy }
  | { readonly kind: "baseline"; readonly name: string; /** A use of the capacity; absent: the baseline's default. */ readonly target: number | undefined }
  | { readonly kind: "optimum"; readonly errorBudget: number };

export interface Optimum {
  readonly planHours: number;
  readonly boundHours: number;
  readonly strictHours: number;
}

/** Load and ready replicas by scored step, thinned to at most 2,000. */
export interface ReplaySeries {
  readonly times: readonly number[];
  readonly load: readonly number[];
  readonly ready: readonly number[];
}

export type ReplayAnswer =
  | { readonly kind: "score"; readonly score: ReplayScore; readonly series: ReplaySeries; /** Of the decision a lead time before the worst step of the worst hour; empty for baselines. */ readonly worstHourReasons: readonly string[] }
  | { readonly kind: "optimum"; /** Undefined where no count within the bounds keeps the budget. */ readonly optimum: Optimum | undefined };

const MOST_POINTS = 2000;

/** Does one job. A name that no baseline has is a bug of the caller. */
export function runReplayJob(job: ReplayJob, world: ReplayWorld, leadTimeSeconds: number): ReplayAnswer {
  if (job.kind === "optimum") {
    return { kind: "optimum", optimum: optimumOf(world, leadTimeSeconds, job.errorBudget) };
  }
  if (job.kind === "baseline") return watch(world, baselineOf(job.name, job.target, { world, leadTimeSeconds }), undefined);
  const reasons = new LateReasons(Math.round(leadTimeSeconds / world.stepSeconds));
  const { policy } = job;
  const own = { ...world, minReplicas: policy.replicas.min, maxReplicas: policy.replicas.max };
  const step = new StepController(policy, { effective: effectivePolicy, sees: "policy", onDecision: (decision) => { reasons.decided(decision); } });
  return watch(own, atInterval(step, policy.evaluationIntervalSeconds / world.stepSeconds), reasons);
}

/** A policy whose interval is a multiple of the world's step decides at every n-th step and holds in between. */
function atInterval(controller: Controller, steps: number): Controller {
  if (steps <= 1) return controller;
  let next = 0;
  return {
    decide: (sighting) => {
      const isDue = next % steps === 0;
      next += 1;
      return isDue ? controller.decide(sighting) : sighting.readyReplicas + sighting.pendingReplicas;
    },
  };
}

function optimumOf(world: ReplayWorld, leadTimeSeconds: number, budget: number): Optimum | undefined {
  if (!canKeep(world, budget)) return undefined;
  const { planHours, boundHours } = budgetedOptimum(world, leadTimeSeconds, budget);
  return { planHours, boundHours, strictHours: strictOptimumHours(world, leadTimeSeconds) };
}

/** Whether all replicas, always on, would keep the budget. */
function canKeep(world: ReplayWorld, budget: number): boolean {
  const full = simulate({ ...world, retryShare: 0 }, { decide: () => world.maxReplicas });
  return full.missShare <= budget;
}

function baselineOf(name: string, target: number | undefined, { world, leadTimeSeconds }: { readonly world: ReplayWorld; readonly leadTimeSeconds: number }): Controller {
  const baseline = BASELINES[name];
  if (baseline === undefined) throw new Error(`no baseline is called ${name}`);
  const peakLoad = world.load.subarray(0, Math.max(1, world.scoreFrom)).reduce((most, rate) => Math.max(most, rate), 0);
  return baseline.create({ requestsPerSecondPerReplica: serviceRate(world.service), leadTimeSeconds, peakLoad }, target ?? baseline.defaultTarget);
}

function watch(world: ReplayWorld, controller: Controller, reasons: LateReasons | undefined): ReplayAnswer {
  const stride = Math.max(1, Math.ceil((world.load.length - world.scoreFrom) / MOST_POINTS));
  const times: number[] = [];
  const load: number[] = [];
  const ready: number[] = [];
  const score = simulate(world, controller, ({ index, readyReplicas, missed }) => {
    if (index < world.scoreFrom) return;
    const time = world.startSeconds + index * world.stepSeconds;
    reasons?.missed(time, missed);
    if ((index - world.scoreFrom) % stride !== 0) return;
    times.push(time);
    load.push(world.load[index] ?? 0);
    ready.push(readyReplicas);
  });
  return { kind: "score", score, series: { times, load, ready }, worstHourReasons: score.worstHour === undefined ? [] : (reasons?.of(score.worstHour.startSeconds) ?? []) };
}

/** Keeps, for the worst step of each hour, the decision a lead time before it: what was ordered then is what was ready. */
class LateReasons {
  private readonly lead: number;
  private readonly recent: Decision[] = [];
  private readonly byHour = new Map<number, { missed: number; decision: Decision | undefined }>();

  constructor(leadSteps: number) {
    this.lead = leadSteps;
  }

  decided(decision: Decision): void {
    this.recent.push(decision);
    if (this.recent.length > this.lead + 1) this.recent.shift();
  }

  missed(timeSeconds: number, missed: number): void {
    const hour = Math.floor(timeSeconds / 3600);
    const known = this.byHour.get(hour);
    if (known === undefined || missed > known.missed) this.byHour.set(hour, { missed, decision: this.recent[0] });
  }

  of(startSeconds: number): readonly string[] {
    const decision = this.byHour.get(Math.floor(startSeconds / 3600))?.decision;
    return decision?.reasons.map(({ code, text }) => `${code}: ${text}`) ?? [];
  }
}
