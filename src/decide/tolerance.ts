import type { Rule } from "./rule.ts";
import { unchanged } from "./rule.ts";

/**
 * A change smaller than the tolerated share of the current count is not made. A classic target has its tolerance where the HPA
 * has it: on the ratio of use to target, in the plan.
 */
export const tolerance: Rule = {
  code: "tolerance",
  apply(count, { policy, currentReplicas }) {
    if (policy.scaling.by !== "objective") return unchanged(count);
    const change = Math.abs(count - currentReplicas);
    if (change === 0 || change > policy.behavior.tolerance * currentReplicas) return unchanged(count);
    return { count: currentReplicas, text: `within ${(policy.behavior.tolerance * 100).toFixed(0)} % of what runs` };
  },
};
