import type { Condition, Target } from "./wire-types.ts";

/** How much a target asks to be looked at, 0 (calm) to 100, and why in a few words. */
export interface Attention {
  readonly rank: number;
  readonly tone: "bad" | "warn" | "good";
  readonly why: string;
}

const CALM: Attention = { rank: 0, tone: "good", why: "" };

/** The gravest thing about a target: what is unseen before what is missed, what is missed before what is short. */
export function attentionOf(target: Target): Attention {
  const demand = target.signals["demand"]?.observation;
  if (demand?.kind === "absent") return { rank: 100, tone: "bad", why: `demand is ${demand.cause}` };
  const used = target.errorBudgetUsedShare ?? 0;
  if (used >= 1) return { rank: 90, tone: "bad", why: "error budget is used up" };
  const broken = failing(target, "AbleToScale") ?? failing(target, "ScalingActive");
  if (broken !== undefined) return { rank: 80, tone: "bad", why: broken.message };
  if (used >= 0.8) return { rank: 70, tone: "warn", why: `${(used * 100).toFixed(0)} % of the error budget` };
  if (!target.gate.open && target.gate.code === "second-writer") return { rank: 60, tone: "warn", why: "someone else writes its count" };
  const { ready, desired, max } = target.replicas;
  if (desired !== undefined && desired >= max) return { rank: 50, tone: "warn", why: `at its most, ${String(max)}` };
  if (ready !== undefined && desired !== undefined && ready < desired) return { rank: 40, tone: "warn", why: `${String(desired - ready)} not ready` };
  const blind = failing(target, "DataFresh") ?? failing(target, "ForecastHealthy");
  return blind === undefined ? CALM : { rank: 20, tone: "warn", why: blind.message };
}

function failing(target: Target, type: Condition["type"]): Condition | undefined {
  return target.conditions.find((condition) => condition.type === type && condition.status === "false");
}

export const ORDERS = ["attention", "name", "cost"] as const;
export type Order = (typeof ORDERS)[number];

export interface Listed {
  readonly target: Target;
  readonly attention: Attention;
}

/** The targets that a search finds (every word of it in name, group or a label), in an order; names decide between equals. */
export function listed(targets: readonly Target[], search: string, order: Order): readonly Listed[] {
  const sought = search.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const rows = targets
    .filter((target) => {
      const text = [target.target, target.group, ...Object.entries(target.labels).flatMap(([key, value]) => [`${key}=${value}`])].join(" ").toLowerCase();
      return sought.every((word) => text.includes(word));
    })
    .map((target) => ({ target, attention: attentionOf(target) }));
  const weight = ({ target, attention }: Listed): number => (order === "attention" ? attention.rank : order === "cost" ? (target.spend.costPerHourUsd ?? 0) : 0);
  return rows.sort((a, b) => weight(b) - weight(a) || (a.target.target < b.target.target ? -1 : 1));
}
