import { extremeWithin, unbrokenSince } from "./recent-counts.ts";
import type { Rule } from "./rule.ts";
import { unchanged } from "./rule.ts";

/**
 * Scales in to the highest need of the look-back, and out to the lowest of its own; the current count is never crossed.
 * Source: kubernetes v1.33 pkg/controller/podautoscaler/horizontal.go, stabilizeRecommendationWithBehaviors.
 */
export const stabilization: Rule = {
  code: "stabilization",
  apply(count, { policy, recent, timeSeconds, currentReplicas, watchedSeconds, tickSeconds }) {
    const { scaleInStabilizationSeconds, scaleOutStabilizationSeconds } = policy.behavior;
    if (count < currentReplicas && watchedSeconds < scaleInStabilizationSeconds) return { count: currentReplicas, text: "watched for too short a time to scale in" };
    if (count < currentReplicas) {
      const since = unbrokenSince(recent, scaleInStabilizationSeconds, tickSeconds) ?? timeSeconds;
      // Where nothing was seen for a while, nobody knows the highest need of the window: one low reading is no evidence.
      if (since > timeSeconds - scaleInStabilizationSeconds) {
        return { count: currentReplicas, text: `data have come again for ${String(Math.round(timeSeconds - since))} s only: no scale-in before they fill the ${String(scaleInStabilizationSeconds)} s of the window` };
      }
      const highest = extremeWithin(recent, timeSeconds, scaleInStabilizationSeconds, Math.max) ?? count;
      const kept = Math.min(currentReplicas, Math.max(count, highest));
      return kept === count ? unchanged(count) : { count: kept, text: `the highest need of the last ${String(scaleInStabilizationSeconds)} s` };
    }
    if (count > currentReplicas && scaleOutStabilizationSeconds > 0) {
      const lowest = extremeWithin(recent, timeSeconds, scaleOutStabilizationSeconds, Math.min) ?? count;
      const kept = Math.max(currentReplicas, Math.min(count, lowest));
      return kept === count ? unchanged(count) : { count: kept, text: `the lowest need of the last ${String(scaleOutStabilizationSeconds)} s` };
    }
    return unchanged(count);
  },
};
