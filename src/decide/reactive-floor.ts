import type { Rule } from "./rule.ts";
import { unchanged } from "./rule.ts";

/** Never below what the newest data need by themselves. */
export const reactiveFloor: Rule = {
  code: "reactive-floor",
  apply(count, { plan }) {
    if (plan === undefined || plan.reactive <= count) return unchanged(count);
    return { count: plan.reactive, text: "the newest load needs more than the forecast" };
  },
};
