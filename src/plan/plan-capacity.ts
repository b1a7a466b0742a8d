import type { CapacityPlan } from "../model/plan.ts";
import { headroomAt } from "./headroom.ts";
import type { HeadroomTable } from "./headroom.ts";

/** Median and scale of log(load) at one horizon, seconds after the decision. */
export interface LoadAtHorizon {
  readonly horizonSeconds: number;
  readonly medianPerSecond: number;
  readonly scale: number;
}

/** How a load becomes a count of replicas where an objective scales. */
export interface Sizing {
  readonly requestsPerSecondPerReplica: number;
  readonly headroom: HeadroomTable;
  /** The use that the newest load by itself may have. */
  readonly reactiveUse: number;
}

export interface PlanRequest {
  /** Ascending horizons; the first is now, `leadIndex` is the lead time, and those after it are the hold's. */
  readonly loads: readonly LoadAtHorizon[];
  readonly leadIndex: number;
  readonly leadTimeSeconds: number;
  /** The newest load, where there is one. */
  readonly newestPerSecond: number | undefined;
  /** The highest median load that is foreseen between now and the lead time; NaN where nothing is foreseen. */
  readonly highestAheadPerSecond: number;
  readonly sizing: Sizing;
  readonly quantile: number;
  /** What is to be worked off besides, per second: from the lead time on, and now; none where absent. */
  readonly extraAtLeadPerSecond?: number;
  readonly extraNowPerSecond?: number;
}

/** A replica at the edge of the need is kept: it would soon be wanted again. */
const HOLD_SPARE_SHARE = 0.005;

/** The ready replicas that the load will need over the horizons, what is needed now, and what a scale-in must keep. */
export function planCapacity(request: PlanRequest): CapacityPlan {
  const { loads, leadIndex, sizing, newestPerSecond, extraAtLeadPerSecond = 0, extraNowPerSecond = 0 } = request;
  const needs = loads.map((load) => replicasFor(load, sizing) + extraAtLeadPerSecond / sizing.requestsPerSecondPerReplica);
  const neededReplicas = needs.map(wholeReplicas);
  const { reactiveUse } = sizing;
  const reactiveNeed = newestPerSecond === undefined ? 0 : newestPerSecond / (reactiveUse * sizing.requestsPerSecondPerReplica) + extraNowPerSecond / sizing.requestsPerSecondPerReplica;
  // What was ordered for a short peak must still be there when it comes: the points at the lead time and after it do not see it.
  const nearNeed = request.highestAheadPerSecond >= 0 ? request.highestAheadPerSecond / (reactiveUse * sizing.requestsPerSecondPerReplica) : 0;
  // What is kept need not be safe against all that may happen until then: nearer the time the forecast will be as sure as it is at the lead time.
  const leadScale = loads[leadIndex]?.scale ?? Infinity;
  const laterNeeds = loads.slice(leadIndex).map((load) => replicasFor({ ...load, scale: Math.min(load.scale, leadScale) }, sizing) + extraAtLeadPerSecond / sizing.requestsPerSecondPerReplica);
  return {
    horizonsSeconds: loads.map((load) => load.horizonSeconds),
    neededReplicas,
    atLeadTime: neededReplicas[leadIndex] ?? 0,
    reactive: wholeReplicas(reactiveNeed),
    wanted: Math.max(needs[leadIndex] ?? 0, reactiveNeed),
    hold: wholeReplicas(Math.max(nearNeed, ...laterNeeds) * (1 + HOLD_SPARE_SHARE)),
    quantile: request.quantile,
    leadTimeSeconds: request.leadTimeSeconds,
    requestsPerSecondPerReplica: sizing.requestsPerSecondPerReplica,
    reasons: [],
  };
}

function replicasFor(load: LoadAtHorizon, sizing: Sizing): number {
  const headroom = headroomAt(sizing.headroom, load.scale);
  return (load.medianPerSecond * headroom) / sizing.requestsPerSecondPerReplica;
}

/** Rounded up, but not for the noise of floating point: 3.0000000001 is 3. */
function wholeReplicas(replicas: number): number {
  return Math.max(0, Math.ceil(replicas - 1e-9));
}
