import { widening } from "../learn/surprise.ts";
import { valueOf } from "../model/observation.ts";
import type { CapacityPlan } from "../model/plan.ts";
import type { Policy } from "../model/policy.ts";
import type { TargetSnapshot } from "../model/snapshot.ts";
import type { ClassicFacts } from "../plan/classic-replicas.ts";
import { drainRates } from "../plan/drain-rate.ts";
import type { DrainRates } from "../plan/drain-rate.ts";
import { LEAD_INDEX } from "../plan/lead-horizons.ts";
import { planCapacity } from "../plan/plan-capacity.ts";
import type { LoadAtHorizon, PlanRequest, Sizing } from "../plan/plan-capacity.ts";
import { planClassic } from "../plan/plan-classic.ts";
import type { ClassicRequest } from "../plan/plan-classic.ts";
import { needCarriedBy } from "../plan/redundancy.ts";
import { leadSeconds } from "./lead-time.ts";
import { loadsOf } from "./sizing.ts";
import type { TargetState } from "./state.ts";

export interface PlanInput {
  readonly policy: Policy;
  readonly seen: TargetSnapshot;
  readonly nowSeconds: number;
  readonly currentReplicas: number;
  /** How an objective turns load into replicas; undefined for a classic target, and while its capacity is not known. */
  readonly sizing: Sizing | undefined;
}

/** The quantile that a plan is said to be made for. */
export const PLAN_QUANTILE = 0.99;

/** The plan for the demand: what arrives, and what is to be worked off of a backlog. Undefined while too little is known. */
export function planDemand(state: TargetState, input: PlanInput): CapacityPlan | undefined {
  const loads = loadsOf(state, input.policy);
  if (loads.length === 0) return undefined;
  const drain = drainOf(state, input, loads);
  const plan = input.policy.scaling.by === "objective" ? planObjective(state, input, { loads, drain }) : planByTarget(state, input, { loads, drain });
  if (plan === undefined || drain === undefined || drain.rates.nowPerSecond <= 0) return plan;
  const without = input.policy.scaling.by === "objective" ? planObjective(state, input, { loads, drain: undefined }) : planByTarget(state, input, { loads, drain: undefined });
  const left = drain.dueInSeconds > 0 ? `${String(Math.ceil(drain.dueInSeconds))} s are left for the oldest` : "the oldest are past their time";
  const text = `${String(Math.round(drain.backlog))} wait, ${left}: ${drain.rates.nowPerSecond.toPrecision(3)} a second besides what arrives`;
  return withReason(plan, without, { code: "drain-backlog", text });
}

interface Needs {
  readonly loads: readonly LoadAtHorizon[];
  /** `dueInSeconds`: until the time of the oldest runs out. */
  readonly drain: { readonly rates: DrainRates; readonly backlog: number; readonly dueInSeconds: number } | undefined;
}

function planObjective(state: TargetState, { policy, nowSeconds, sizing }: PlanInput, { loads, drain }: Needs): CapacityPlan | undefined {
  if (sizing === undefined) return undefined;
  const request: PlanRequest = {
    loads, leadIndex: LEAD_INDEX, leadTimeSeconds: leadSeconds(state, policy), newestPerSecond: newestDemand(state, nowSeconds),
    highestAheadPerSecond: policy.forecast.enabled ? state.model.highestAhead(LEAD_INDEX) : NaN, sizing, quantile: PLAN_QUANTILE,
    extraAtLeadPerSecond: drain?.rates.atLeadPerSecond ?? 0, extraNowPerSecond: drain?.rates.nowPerSecond ?? 0,
  };
  const plan = planCapacity(request);
  const factor = widening(state.surprise, nowSeconds);
  if (factor === 1 || state.surprise === undefined) return plan;
  const wide = planCapacity({ ...request, loads: loads.map((load) => ({ ...load, scale: load.scale * factor })) });
  const text = `the load left its band (${state.surprise.deviations.toFixed(1)} times its width above the middle): bands ${factor.toFixed(2)} times as wide`;
  return withReason(wide, plan, { code: "surprise", text });
}

function planByTarget(state: TargetState, input: PlanInput, { loads, drain }: Needs): CapacityPlan | undefined {
  const { policy, seen, nowSeconds } = input;
  const { scaling } = policy;
  if (scaling.by === "objective") return undefined;
  const rate = state.capacity.requestsPerSecondPerReplica;
  const measuredUse = scaling.by === "utilization" ? valueOf(seen.utilization) : undefined;
  if (scaling.by === "utilization" && !(rate > 0) && measuredUse === undefined) return undefined;
  return planClassic({
    ...classicOf(state, input), loads, newestLoad: newestDemand(state, nowSeconds), highestAhead: policy.forecast.enabled ? state.model.highestAhead(LEAD_INDEX) : NaN,
    extraAtLead: drain?.rates.atLeadPerSecond ?? 0, extraNow: drain?.rates.nowPerSecond ?? 0, by: scaling.by, target: scaling.target, fullLoadPerReplica: rate, measuredUse,
  });
}

/** What all classic plans of one target at one time have in common. */
export function classicOf(state: TargetState, input: PlanInput): Pick<ClassicRequest, "leadIndex" | "leadTimeSeconds" | "foresees" | "facts" | "quantile"> {
  const { policy } = input;
  return { leadIndex: LEAD_INDEX, leadTimeSeconds: leadSeconds(state, policy), foresees: policy.forecast.enabled, facts: factsOf(input), quantile: PLAN_QUANTILE };
}

/** Series that are silent or new do not cover their window: so many replicas are not measured. */
function factsOf({ policy, seen, currentReplicas }: PlanInput): ClassicFacts {
  const { workload, utilization } = seen;
  const ready = workload.kind === "value" ? workload.readyReplicas : 0;
  const coverage = utilization.kind === "value" ? (utilization.coverage ?? 1) : 1;
  const measured = Math.round(coverage * ready);
  const base = policy.redundancy === undefined ? currentReplicas : Math.floor(needCarriedBy(currentReplicas, policy.redundancy));
  return {
    currentReplicas: base, readyReplicas: measured, missingReplicas: ready - measured,
    unreadyReplicas: workload.kind === "value" ? workload.pendingReplicas : 0, tolerance: policy.behavior.tolerance,
  };
}

function newestDemand({ lastDemand }: TargetState, nowSeconds: number): number | undefined {
  return lastDemand !== undefined && lastDemand.timeSeconds === nowSeconds ? lastDemand.value : undefined;
}

/** What is to be worked off besides what arrives, where the policy names a time for it and the backlog is known. */
function drainOf(state: TargetState, { policy, seen, nowSeconds }: PlanInput, loads: readonly LoadAtHorizon[]): Needs["drain"] {
  const backlog = valueOf(seen.backlog);
  const { queue } = state;
  if (policy.drainSeconds === undefined || queue === undefined || backlog === undefined) return undefined;
  const { scaling, drainSeconds } = policy;
  const rate = scaling.by === "per-replica" ? scaling.target : state.capacity.requestsPerSecondPerReplica;
  const ready = seen.workload.kind === "value" ? seen.workload.readyReplicas : 0;
  const rates = drainRates({
    backlog, dueItems: queue.dueItems, dueSeconds: queue.sinceSeconds + drainSeconds, drainSeconds, nowSeconds, leadTimeSeconds: leadSeconds(state, policy),
    arrivalsPerSecond: loads[LEAD_INDEX]?.medianPerSecond ?? 0, capacityPerSecond: ready > 0 && rate > 0 ? ready * rate : 0,
    leastSeconds: Math.max(policy.evaluationIntervalSeconds, drainSeconds / 10),
  });
  return { rates, backlog, dueInSeconds: queue.sinceSeconds + drainSeconds - nowSeconds };
}

/** A plan with the reason for what it has over the one that would have been made without it. */
function withReason(plan: CapacityPlan, without: CapacityPlan | undefined, { code, text }: { readonly code: string; readonly text: string }): CapacityPlan {
  const need = (of: CapacityPlan): number => Math.max(of.atLeadTime, of.reactive);
  return { ...plan, reasons: [...plan.reasons, { code, text, before: without === undefined ? 0 : need(without), after: need(plan) }] };
}
