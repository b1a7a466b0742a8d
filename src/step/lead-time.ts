import { believedLeadTime, plannedLeadTimeSeconds } from "../learn/lead-time.ts";
import type { LeadTimeEstimate } from "../learn/lead-time.ts";
import { warmUpSeconds } from "../learn/warm-up.ts";
import type { WarmUp } from "../learn/warm-up.ts";
import type { Policy } from "../model/policy.ts";

/** Seconds from an order to replicas at full capacity: the lead time that is planned for, and their warm-up, stated or learned. */
export function leadSeconds(state: { readonly leadTime: LeadTimeEstimate; readonly warmUp: WarmUp }, policy: Policy): number {
  return plannedLeadTimeSeconds(state.leadTime) + warmSeconds(state, policy);
}

/** The same before anything was measured. */
export function believedLeadSeconds(policy: Policy): number {
  return plannedLeadTimeSeconds(believedLeadTime(policy.leadTimeSeconds)) + (policy.warmUpSeconds ?? 0);
}

export function warmSeconds({ warmUp }: { readonly warmUp: WarmUp }, policy: Policy): number {
  return policy.warmUpSeconds ?? warmUpSeconds(warmUp);
}
