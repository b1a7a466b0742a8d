import type { Rule } from "./rule.ts";
import { unchanged } from "./rule.ts";

/** A scale-in is not trusted far past the load that one replica has been seen to carry without misses. */
export const provenLoad: Rule = {
  code: "proven-load",
  apply(count, { currentReplicas, provenReplicas }) {
    const kept = Math.min(currentReplicas, Math.max(count, provenReplicas));
    if (count >= currentReplicas || kept === count) return unchanged(count);
    return { count: kept, text: "no replica has been seen to carry more" };
  },
};
