import type { Rule } from "./rule.ts";
import { unchanged } from "./rule.ts";

/** The need at the lead time: what must be ordered now to be ready then. */
export const forecastQuantile: Rule = {
  code: "forecast-quantile",
  apply(count, { plan }) {
    if (plan === undefined) return unchanged(count);
    return { count: plan.atLeadTime, text: `needed in ${plan.leadTimeSeconds.toFixed(0)} s` };
  },
};
