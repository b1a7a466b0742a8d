import type { Decision } from "../model/decision.ts";
import type { Policy } from "../model/policy.ts";
import { effectivePolicy } from "../policy/effective-policy.ts";
import { serviceRate } from "../twin/service.ts";
import { BASELINES } from "./baselines/registry.ts";
import { budgetedOptimum } from "./clairvoyant/budgeted.ts";
import { strictOptimumHours } from "./clairvoyant/strict.ts";
import type { Controller, GroupController } from "./controller.ts";
import { GroupStepper } from "./group-stepper.ts";
import { simulate, simulateGroup } from "./simulate.ts";
import type { ReplayWorld, StepSeen } from "./simulate.ts";
import type { ReplayScore } from "./tally.ts";

/** One run of a replay: plain data, so that a worker thread can do it. Equal jobs in equal worlds give equal answers. */
export type ReplayJob =
  | { readonly kind: "policy"; readonly policy: Policy; /** The others of its group, which share a step with it, in the order of the group's file. */ readonly group?: ReplayGroup }
  | { readonly kind: "baseline"; readonly name: string; /** A use of the capacity; absent: the baseline's default. */ readonly target: number | undefined }
  | { readonly kind: "optimum"; readonly errorBudget: number };

/** Targets that are stepped together, each in a world of its own with equal steps; the job's own policy stands at `at` among them. */
export interface ReplayGroup {
  readonly at: number;
  readonly others: readonly { readonly policy: Policy; readonly world: ReplayWorld }[];
}

/** How another target of the group did in the same run. */
export interface GroupMate {
  readonly name: string;
  readonly score: ReplayScore;
}

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
  | { readonly kind: "score"; readonly score: ReplayScore; readonly series: ReplaySeries; /** Of the decision a lead time before the worst step of the worst hour; empty for baselines. */ readonly worstHourReasons: readonly string[]; readonly mates: readonly GroupMate[] }
  | { readonly kind: "optimum"; /** Undefined where no count within the bounds keeps the budget. */ readonly optimum: Optimum | undefined };

const MOST_POINTS = 2000;

/** Does one job. A name that no baseline has is a bug of the caller. */
export function runReplayJob(job: ReplayJob, world: ReplayWorld, leadTimeSeconds: number): ReplayAnswer {
  if (job.kind === "optimum") {
    return { kind: "optimum", optimum: optimumOf(world, leadTimeSeconds, job.errorBudget) };
  }
  if (job.kind === "baseline") {
    const watcher = new Watcher(world, undefined);
    return watcher.answer(simulate(world, baselineOf(job.name, job.target, { world, leadTimeSeconds }), (seen) => { watcher.see(seen); }), []);
  }
  return runPolicy(job, world, leadTimeSeconds);
}

/** The policy and its group, stepped at the shortest of their intervals, as in a daemon. */
function runPolicy({ policy, group = { at: 0, others: [] } }: Extract<ReplayJob, { readonly kind: "policy" }>, world: ReplayWorld, leadTimeSeconds: number): ReplayAnswer {
  const members = group.others.toSpliced(group.at, 0, { policy, world });
  const worlds = Object.fromEntries(members.map(({ policy: { name, replicas }, world: own }) => [name, { ...own, minReplicas: replicas.min, maxReplicas: replicas.max }]));
  const watcher = new Watcher(world, new LateReasons(Math.round(leadTimeSeconds / world.stepSeconds)));
  const stepper = new GroupStepper(members.map((member) => member.policy), { effective: effectivePolicy, sees: "policy", onDecision: (decision) => { if (decision.target === policy.name) watcher.decided(decision); } });
  const interval = Math.min(...members.map((member) => member.policy.evaluationIntervalSeconds));
  const scores = simulateGroup(worlds, atInterval(stepper, interval / world.stepSeconds), (name, seen) => { if (name === policy.name) watcher.see(seen); });
  const { [policy.name]: own, ...mates } = scores;
  if (own === undefined) throw new Error(`${policy.name} was not simulated`);
  return watcher.answer(own, Object.entries(mates).map(([name, score]) => ({ name, score })));
}

/** A group whose interval is a multiple of the world's step decides at every n-th step and holds in between. */
function atInterval(controller: GroupController, steps: number): GroupController {
  if (steps <= 1) return controller;
  let next = 0;
  return {
    decide: (sightings) => {
      const isDue = next % steps === 0;
      next += 1;
      return isDue ? controller.decide(sightings) : {};
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

/** Keeps what a report shows of a run besides its score. */
class Watcher {
  private readonly world: ReplayWorld;
  private readonly reasons: LateReasons | undefined;
  private readonly stride: number;
  private readonly times: number[] = [];
  private readonly load: number[] = [];
  private readonly ready: number[] = [];

  constructor(world: ReplayWorld, reasons: LateReasons | undefined) {
    this.world = world;
    this.reasons = reasons;
    this.stride = Math.max(1, Math.ceil((world.load.length - world.scoreFrom) / MOST_POINTS));
  }

  decided(decision: Decision): void {
    this.reasons?.decided(decision);
  }

  see({ index, readyReplicas, missed }: StepSeen): void {
    const { world } = this;
    if (index < world.scoreFrom) return;
    const time = world.startSeconds + index * world.stepSeconds;
    this.reasons?.missed(time, missed);
    if ((index - world.scoreFrom) % this.stride !== 0) return;
    this.times.push(time);
    this.load.push(world.load[index] ?? 0);
    this.ready.push(readyReplicas);
  }

  answer(score: ReplayScore, mates: readonly GroupMate[]): ReplayAnswer {
    const { times, load, ready } = this;
    return { kind: "score", score, series: { times, load, ready }, worstHourReasons: score.worstHour === undefined ? [] : (this.reasons?.of(score.worstHour.startSeconds) ?? []), mates };
  }
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
