import type { Rule } from "./rule.ts";
import { unchanged } from "./rule.ts";

/** A replica that will be needed again before it could be had back is kept: its start would cost as much as its stay. */
export const lookAheadHold: Rule = {
  code: "look-ahead-hold",
  apply(count, { plan, currentReplicas }) {
    if (plan === undefined || count >= currentReplicas) return unchanged(count);
    const kept = Math.min(currentReplicas, Math.max(count, plan.hold));
    return kept === count ? unchanged(count) : { count: kept, text: "needed again before it could be had back" };
  },
};
