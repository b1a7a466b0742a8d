import { priceOf } from "../learn/error-budget.ts";
import type { Policy } from "../model/policy.ts";
import { eventUplift } from "../plan/event-uplift.ts";
import { headroomTable } from "../plan/headroom.ts";
import type { HeadroomTable } from "../plan/headroom.ts";
import { LEAD_INDEX } from "../plan/lead-horizons.ts";
import type { LoadAtHorizon, Sizing } from "../plan/plan-capacity.ts";
import { ASSUMED_WORKERS } from "../plan/queue-tail.ts";
import type { TargetState } from "./state.ts";

/** Relative change of price or capacity at which the headroom is worked out anew. */
const TABLE_TOLERANCE = 0.04;

/** How a target that is scaled by its objective turns load into replicas; undefined while nothing is known of its capacity. */
export function sizingOf(state: TargetState, policy: Policy): Sizing | undefined {
  const rate = state.capacity.requestsPerSecondPerReplica;
  return rate > 0 ? { requestsPerSecondPerReplica: rate, headroom: headroomFor(state, policy, rate), reactiveUse: 0.8 } : undefined;
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
export function seasonDay(state: TargetState): number {
  const { dayRows, rowSeconds } = state.model.spec;
  return Math.floor((state.lastTickSeconds ?? 0) / (dayRows * rowSeconds));
}

/** What is foreseen of the demand at the horizons; empty while nothing is known of it. */
export function loadsOf(state: TargetState, policy: Policy): readonly LoadAtHorizon[] {
  if (!policy.forecast.enabled) return newestAlone(state);
  const loads: LoadAtHorizon[] = [];
  const { horizonsRows } = state.model.spec;
  for (let i = 0; i < horizonsRows.length; i += 1) {
    const moments = state.model.moments(i);
    const rows = horizonsRows[i];
    if (moments === undefined || rows === undefined) return [];
    loads.push({ horizonSeconds: rows * policy.evaluationIntervalSeconds, medianPerSecond: moments.median * eventUplift(policy.events, (state.lastTickSeconds ?? 0) + rows * policy.evaluationIntervalSeconds), scale: moments.scale });
  }
  return loads;
}

/** Without a forecast the load is planned to stay as it was last seen. */
function newestAlone({ lastDemand, model }: TargetState): readonly LoadAtHorizon[] {
  if (lastDemand === undefined) return [];
  return model.spec.horizonsRows.map((rows) => ({ horizonSeconds: rows * model.spec.rowSeconds, medianPerSecond: lastDemand.value, scale: 0 }));
}
