import type { Rule } from "./rule.ts";
import { unchanged } from "./rule.ts";

/** Misses of so many times the budget soon after a scale-in count as its harm. */
const HARM_FACTOR = 20;

/** A scale-in after which the objective is missed is taken back. */
export const revertHarm: Rule = {
  code: "revert-harmful-scale-in",
  apply(count, { policy, lastScaleIn, missRatio, timeSeconds, plan }) {
    if (lastScaleIn === undefined || missRatio === undefined || count >= lastScaleIn.from) return unchanged(count);
    const within = 2 * (plan?.leadTimeSeconds ?? policy.evaluationIntervalSeconds);
    if (timeSeconds - lastScaleIn.timeSeconds > within || missRatio <= HARM_FACTOR * policy.objective.errorBudget) return unchanged(count);
    return { count: lastScaleIn.from, text: `the objective is missed since the scale-in from ${String(lastScaleIn.from)}: taken back` };
  },
};
