import { plannedLeadTimeSeconds } from "./learn/lead-time.ts";
import { priceOf } from "./learn/error-budget.ts";
import { headroomTable } from "./plan/headroom.ts";
import type { HeadroomTable } from "./plan/headroom.ts";
import { LEAD_INDEX } from "./plan/lead-horizons.ts";
import { planCapacity } from "./plan/plan-capacity.ts";
import type { LoadAtHorizon, Sizing } from "./plan/plan-capacity.ts";
import { ASSUMED_WORKERS } from "./plan/queue-tail.ts";
import type { CapacityPlan } from "./model/plan.ts";
import type { Policy } from "./model/policy.ts";
import type { TargetState } from "./step-state.ts";

/** Relative change of price or capacity at which the headroom is worked out anew. */
const TABLE_TOLERANCE = 0.04;
const DAY_SECONDS = 86_400;

export interface PlannedTarget {
  readonly plan: CapacityPlan | undefined;
  readonly state: TargetState;
}

/** The plan of one target, and the state with what planning keeps: the headroom table and the recent peak. */
export function planTarget(state: TargetState, policy: Policy, nowSeconds: number): PlannedTarget {
  const sized = sizingOf(state, policy);
  if (sized === undefined) return { plan: undefined, state };
  const loads = loadsOf(state, policy);
  if (loads.length === 0) return { plan: undefined, state };
  const fresh = state.lastDemand !== undefined && state.lastDemand.timeSeconds === nowSeconds;
  const plan = planCapacity({
    loads, leadIndex: LEAD_INDEX, leadTimeSeconds: plannedLeadTimeSeconds(state.leadTime),
    newestPerSecond: fresh ? state.lastDemand.value : undefined,
    highestAheadPerSecond: policy.forecast.enabled ? state.model.highestAhead(LEAD_INDEX) : NaN, sizing: sized.sizing, quantile: 0.99,
  });
  return { plan, state: { ...state, headroom: sized.table, headroomDay: seasonDay(state), recentPeak: peakAfter(state, plan, Math.floor(nowSeconds / (policy.forecast.seasonsSeconds[0] ?? DAY_SECONDS))) } };
}

function sizingOf(state: TargetState, policy: Policy): { readonly sizing: Sizing; readonly table: HeadroomTable | undefined } | undefined {
  const { scaling } = policy;
  if (scaling.by === "per-replica") return { sizing: { by: "use", requestsPerSecondPerReplica: scaling.target, use: 1 }, table: undefined };
  const rate = state.capacity.requestsPerSecondPerReplica;
  if (!(rate > 0)) return undefined;
  if (scaling.by === "utilization") return { sizing: { by: "use", requestsPerSecondPerReplica: rate, use: scaling.target }, table: undefined };
  const table = headroomFor(state, policy, rate);
  return { sizing: { by: "objective", requestsPerSecondPerReplica: rate, headroom: table, reactiveUse: 0.8 }, table };
}

function headroomFor(state: TargetState, policy: Policy, rate: number): HeadroomTable {
  const price = priceOf(state.budget);
  const known = state.headroom;
  const isNear = known !== undefined && state.headroomDay === seasonDay(state) && Math.abs(known.price / price - 1) < TABLE_TOLERANCE && Math.abs(known.tail.requestsPerSecondPerReplica / rate - 1) < TABLE_TOLERANCE;
  if (known !== undefined && isNear) return known;
  return headroomTable({
    tail: { workers: ASSUMED_WORKERS, requestsPerSecondPerReplica: rate, objectiveSeconds: policy.objective.latencySeconds },
    price, standard: state.model.standardResiduals(LEAD_INDEX),
  });
}

/** The number of the season's day: once in each the shape of the errors is read anew. */
function seasonDay(state: TargetState): number {
  const { dayRows, rowSeconds } = state.model.spec;
  return Math.floor((state.lastTickSeconds ?? 0) / (dayRows * rowSeconds));
}

function loadsOf(state: TargetState, policy: Policy): readonly LoadAtHorizon[] {
  if (!policy.forecast.enabled) return newestAlone(state);
  const loads: LoadAtHorizon[] = [];
  const { horizonsRows } = state.model.spec;
  for (let i = 0; i < horizonsRows.length; i += 1) {
    const moments = state.model.moments(i);
    const rows = horizonsRows[i];
    if (moments === undefined || rows === undefined) return [];
    loads.push({ horizonSeconds: rows * policy.evaluationIntervalSeconds, medianPerSecond: moments.median, scale: moments.scale });
  }
  return loads;
}

/** Without a forecast the load is planned to stay as it was last seen. */
function newestAlone({ lastDemand, model }: TargetState): readonly LoadAtHorizon[] {
  if (lastDemand === undefined) return [];
  return model.spec.horizonsRows.map((rows) => ({ horizonSeconds: rows * model.spec.rowSeconds, medianPerSecond: lastDemand.value, scale: 0 }));
}

/** The highest need of today and of yesterday (days as the policy's first season has them), so that the peak is remembered for at least a day. */
function peakAfter(state: TargetState, plan: CapacityPlan, day: number): TargetState["recentPeak"] {
  const need = Math.max(plan.atLeadTime, plan.reactive);
  const known = state.recentPeak;
  const today = day === known.day ? Math.max(known.today, need) : need;
  const yesterday = day === known.day ? known.yesterday : day === known.day + 1 ? known.today : 0;
  return { day, today, yesterday, replicas: Math.max(today, yesterday) };
}
