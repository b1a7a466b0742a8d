import type { Rule } from "./rule.ts";
import { unchanged } from "./rule.ts";

/** What has just started stays for its minimum run time; the newest are taken to be those that would go. */
export const minimumRunTime: Rule = {
  code: "minimum-run-time",
  apply(count, { policy, currentReplicas, youngestLevel }) {
    const { minimumRunSeconds } = policy.behavior;
    const kept = Math.min(currentReplicas, Math.max(count, youngestLevel));
    if (minimumRunSeconds === undefined || count >= currentReplicas || kept === count) return unchanged(count);
    return { count: kept, text: `started less than ${String(minimumRunSeconds)} s ago` };
  },
};
