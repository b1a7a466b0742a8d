import type { CapacityPlan } from "../model/plan.ts";

/** The need that one signal gives. */
export interface NamedPlan {
  readonly name: string;
  readonly plan: CapacityPlan;
}

/**
 * The plan that meets every signal: the largest need of all, now, at the lead time and after it. The reason names the one that
 * binds. Undefined where no signal gives a plan. `demand` is undefined while nothing is known of the demand itself.
 */
export function largestPlan(demand: CapacityPlan | undefined, others: readonly NamedPlan[]): CapacityPlan | undefined {
  const all: readonly NamedPlan[] = [...(demand === undefined ? [] : [{ name: "demand", plan: demand }]), ...others];
  const [first] = all;
  if (first === undefined) return undefined;
  const most = (pick: (plan: CapacityPlan) => number): number => Math.max(...all.map(({ plan }) => pick(plan)));
  const binding = all.reduce((best, one) => (needOf(one.plan) > needOf(best.plan) ? one : best));
  const base = demand ?? first.plan;
  const before = demand === undefined ? 0 : needOf(demand);
  const rest = all.filter((one) => one !== binding).map((one) => `${one.name} ${String(needOf(one.plan))}`);
  const text = `${binding.name} needs ${String(needOf(binding.plan))}${rest.length === 0 ? "" : `, the most of all signals (${rest.join(", ")})`}`;
  return {
    ...base,
    neededReplicas: base.horizonsSeconds.map((_, i) => most((plan) => plan.neededReplicas[i] ?? 0)),
    atLeadTime: most((plan) => plan.atLeadTime),
    reactive: most((plan) => plan.reactive),
    wanted: most((plan) => plan.wanted),
    hold: most((plan) => plan.hold),
    besideDemand: Math.max(0, ...others.map(({ plan }) => needOf(plan))),
    reasons: [...all.flatMap(({ plan }) => plan.reasons), { code: "binding-signal", text, before, after: needOf(binding.plan) }],
  };
}

function needOf(plan: CapacityPlan): number {
  return Math.max(plan.atLeadTime, plan.reactive);
}
