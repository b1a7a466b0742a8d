import type { Rule } from "./rule.ts";
import { unchanged } from "./rule.ts";

/**
 * Without demand: hold what runs, then follow the forecast, then a static count. Never below what runs, and after the hold
 * never below the recent peak, until the data return.
 */
export const fallback: Rule = {
  code: "fallback",
  apply(count, { policy, demandMissingSeconds, currentReplicas, plan, recentPeak, zero }) {
    if (demandMissingSeconds === 0) return unchanged(count);
    const { holdSeconds, forecastSeconds, staticReplicas } = policy.fallback;
    // Where nothing runs, nothing is served and its rate has no series; what waits wakes the target all the same.
    const beside = Math.max(plan?.besideDemand ?? 0, zero?.hasLoad === true ? 1 : 0);
    if (demandMissingSeconds <= holdSeconds) return beside > currentReplicas ? { count: beside, text: "no demand: another signal needs more" } : { count: currentReplicas, text: "no demand: hold" };
    const floor = Math.max(currentReplicas, recentPeak, beside);
    if (plan !== undefined && demandMissingSeconds <= holdSeconds + forecastSeconds) {
      return { count: Math.max(floor, count), text: "no demand: the forecast stands in, not below the recent peak" };
    }
    return { count: Math.max(floor, staticReplicas ?? 0), text: "no demand and no forecast to trust: static, not below the recent peak" };
  },
};
