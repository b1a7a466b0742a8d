import type { Rule } from "./rule.ts";
import { unchanged } from "./rule.ts";

/** A sudden fall that was not foreseen holds for ten minutes: what looks like no load may be an outage in front of the service. */
export const unexplainedDrop: Rule = {
  code: "unexplained-drop",
  apply(count, { currentReplicas, dropIsUnexplained }) {
    if (!dropIsUnexplained || count >= currentReplicas) return unchanged(count);
    return { count: currentReplicas, text: "the load fell as no forecast foresaw: hold" };
  },
};
