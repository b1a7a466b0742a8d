import type { Rule } from "./rule.ts";
import { unchanged } from "./rule.ts";

/** The largest change in one step: the larger of a share of the current count and a number of replicas. */
export const stepLimits: Rule = {
  code: "step-limit",
  apply(count, { policy, currentReplicas }) {
    const { maxScaleOutShare, maxScaleOutReplicas, maxScaleInShare, maxScaleInReplicas } = policy.behavior;
    const most = currentReplicas + Math.max(maxScaleOutReplicas, Math.floor(maxScaleOutShare * currentReplicas));
    const least = currentReplicas - Math.max(maxScaleInReplicas, Math.floor(maxScaleInShare * currentReplicas));
    const limited = Math.max(least, Math.min(most, count));
    return limited === count ? unchanged(count) : { count: limited, text: "the largest change allowed in one step" };
  },
};
