import { valueOf } from "../model/observation.ts";
import type { CapacityPlan } from "../model/plan.ts";
import type { Policy } from "../model/policy.ts";
import type { TargetSnapshot } from "../model/snapshot.ts";
import { largestPlan } from "../plan/largest-plan.ts";
import { LEAD_INDEX } from "../plan/lead-horizons.ts";
import { planCapacity } from "../plan/plan-capacity.ts";
import { planClassic } from "../plan/plan-classic.ts";
import { withRedundancy } from "../plan/redundancy.ts";
import type { SizedSignal } from "./inputs.ts";
import { leadSeconds } from "./lead-time.ts";
import { classicOf, PLAN_QUANTILE, planDemand } from "./plan-demand.ts";
import type { PlanInput } from "./plan-demand.ts";
import { highestAhead, loadsAhead, signalPlans } from "./signals.ts";
import type { SignalState } from "./signals.ts";
import { seasonDay, sizingOf } from "./sizing.ts";
import type { TargetState } from "./state.ts";

const DAY_SECONDS = 86_400;

export interface PlannedTarget {
  readonly plan: CapacityPlan | undefined;
  readonly state: TargetState;
}

/**
 * The plan of one target: the largest need of its demand and its other signals, with its redundancy; and the state with what
 * planning keeps, the headroom table and the recent peak.
 */
export function planTarget(state: TargetState, { policy, seen, nowSeconds, currentReplicas }: { readonly policy: Policy; readonly seen: TargetSnapshot; readonly nowSeconds: number; readonly currentReplicas: number }): PlannedTarget {
  const sizing = policy.scaling.by === "objective" ? sizingOf(state, policy) : undefined;
  const input: PlanInput = { policy, seen, nowSeconds, currentReplicas, sizing };
  const demand = planDemand(state, input);
  const others = signalPlans(state.signals, policy, (signal, of) => planSignal(state, input, { signal, of }));
  const largest = others.length === 0 ? demand : largestPlan(demand, others);
  if (largest === undefined) return { plan: undefined, state };
  const plan = policy.redundancy === undefined ? largest : withRedundancy(largest, policy.redundancy);
  return { plan, state: { ...state, headroom: sizing?.headroom, headroomDay: seasonDay(state), recentPeak: peakAfter(state, plan, Math.floor(nowSeconds / (policy.forecast.seasonsSeconds[0] ?? DAY_SECONDS))) } };
}

/** The plan for one signal. An absent one gives none: that no replica goes while it is absent is the guard's part. */
function planSignal(state: TargetState, input: PlanInput, { signal, of }: { readonly signal: SizedSignal; readonly of: SignalState }): CapacityPlan | undefined {
  const { policy, seen, nowSeconds, sizing } = input;
  const newest = of.last?.timeSeconds === nowSeconds ? of.last.value : undefined;
  const loads = loadsAhead(of, policy);
  if (newest === undefined || loads.length === 0) return undefined;
  const ahead = highestAhead(of, policy);
  const classic = { ...classicOf(state, input), loads, newestLoad: newest, highestAhead: ahead, extraAtLead: 0, extraNow: 0 };
  if (signal.kind === "signal") {
    return planClassic({ ...classic, by: signal.by, target: signal.target, fullLoadPerReplica: 1, measuredUse: signal.by === "utilization" ? valueOf(seen.signals?.[signal.name]) : undefined });
  }
  const { scaling } = policy;
  if (scaling.by !== "objective") return planClassic({ ...classic, by: scaling.by, target: scaling.target, fullLoadPerReplica: state.capacity.requestsPerSecondPerReplica, measuredUse: undefined });
  return sizing === undefined ? undefined : planCapacity({
    loads, leadIndex: LEAD_INDEX, leadTimeSeconds: leadSeconds(state, policy), newestPerSecond: newest, highestAheadPerSecond: ahead, sizing, quantile: PLAN_QUANTILE,
  });
}

/** The highest need of today and of yesterday (days as the policy's first season has them), so that the peak is remembered for at least a day. */
function peakAfter(state: TargetState, plan: CapacityPlan, day: number): TargetState["recentPeak"] {
  const need = Math.max(plan.atLeadTime, plan.reactive);
  const known = state.recentPeak;
  const today = day === known.day ? Math.max(known.today, need) : need;
  const yesterday = day === known.day ? known.yesterday : day === known.day + 1 ? known.today : 0;
  return { day, today, yesterday, replicas: Math.max(today, yesterday) };
}
