import type { Rule } from "./rule.ts";
import { unchanged } from "./rule.ts";

/**
 * The last replica goes once the load has been known to be zero for long enough and none is foreseen, and one comes back with
 * the first load, or a lead time before the load that is foreseen. Unknown is not zero.
 */
export const scaleToZero: Rule = {
  code: "scale-to-zero",
  apply(count, { zero, policy, currentReplicas, youngestLevel }) {
    if (zero === undefined || policy.replicas.min > 0) return unchanged(count);
    const { idleSeconds, idleAfterSeconds, hasLoad, isQuietAhead } = zero;
    if (currentReplicas === 0) {
      if (!hasLoad && isQuietAhead) return count === 0 ? unchanged(0) : { count: 0, text: "no load is seen, and none foreseen: stays at zero" };
      return { count: Math.max(1, count), text: hasLoad ? "load: wakes" : "load is foreseen: wakes before it comes" };
    }
    if (idleSeconds >= idleAfterSeconds && isQuietAhead && youngestLevel === 0) return { count: 0, text: `no load for ${String(Math.round(idleSeconds))} s, and none foreseen` };
    if (count > 0) return unchanged(count);
    return { count: 1, text: idleSeconds > 0 ? `no load for ${String(Math.round(idleSeconds))} of ${String(idleAfterSeconds)} s: the last replica stays` : "the last replica stays while the load is not known to be zero" };
  },
};
