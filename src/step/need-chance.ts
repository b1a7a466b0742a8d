import type { CapacityPlan } from "../model/plan.ts";
import type { Policy } from "../model/policy.ts";
import { LEAD_INDEX } from "../plan/lead-horizons.ts";
import { loadsOf } from "./sizing.ts";
import type { TargetState } from "./state.ts";

/**
 * The chance that more than k replicas, for each k below `replicas`, will be fully used a lead time from now: what weighs the
 * loss of one. The policy's minimum and what other signals ask for count as needed. Undefined where the load, or what a replica
 * carries, is not known, and while a backlog is worked off.
 */
export function needChance(state: TargetState, { policy, plan, replicas }: { readonly policy: Policy; readonly plan: CapacityPlan | undefined; readonly replicas: number }): readonly number[] | undefined {
  const rate = state.capacity.requestsPerSecondPerReplica;
  const load = loadsOf(state, policy)[LEAD_INDEX];
  if (!(rate > 0) || load === undefined || !policy.forecast.enabled || (state.queue?.dueItems ?? 0) > 0) return undefined;
  const { values, weights } = state.model.standardResiduals(LEAD_INDEX);
  const certain = Math.max(policy.replicas.min, plan?.besideDemand ?? 0);
  let at = 0;
  let left = 1;
  return Array.from({ length: replicas }, (_, k) => {
    if (k < certain) return 1;
    for (; at < values.length && load.medianPerSecond * Math.exp(load.scale * (values[at] ?? 0)) <= k * rate; at += 1) left -= weights[at] ?? 0;
    return at >= values.length ? 0 : Math.max(0, Math.min(1, left));
  });
}
