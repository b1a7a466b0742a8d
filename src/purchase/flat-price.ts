import type { BudgetReading } from "../model/budget.ts";
import type { Reason } from "../model/decision.ts";
import type { CostSpec } from "../model/policy.ts";
import { breachReason } from "./budget-clause.ts";
import { money } from "./carbon-clause.ts";
import { hourlyLimit, lowestReplicas } from "./cost-clause.ts";
import type { CostLimit } from "./cost-clause.ts";

/** A target whose offerings are not known, only what a replica costs. */
export interface FlatPriceRequest {
  readonly neededReplicas: number;
  readonly floorReplicas: number;
  readonly minReplicas: number;
  readonly replicaPerHourUsd: number;
  readonly cost: CostSpec;
  readonly allowanceUsdPerHour?: number;
  readonly budgets: readonly BudgetReading[];
}

/** The limits in dollars where every replica costs the same and there is no mix to change: the count, as far as the policy lets it go. */
export function limitFlatPrice(request: FlatPriceRequest): { readonly desiredReplicas: number; readonly reasons: readonly Reason[] } {
  const { replicaPerHourUsd: price, budgets } = request;
  let count = request.neededReplicas;
  const reasons: Reason[] = [];
  const apply = (limit: CostLimit): void => {
    count = cut(request, count, limit, reasons);
  };
  apply(hourlyLimit(request));
  for (const budget of budgets) {
    reasons.push(breachReason(budget, count));
    if (budget.unit !== "usd" || budget.onLimit === "alert") continue;
    const usdPerHour = count * price * budget.affordableShare;
    apply({ code: "budget-limit", name: `what budget ${budget.name} affords, ${money(usdPerHour)}`, usdPerHour, onLimit: budget.onLimit });
  }
  return { desiredReplicas: count, reasons };
}

function cut(request: FlatPriceRequest, needed: number, { code, name, usdPerHour, onLimit }: CostLimit, reasons: Reason[]): number {
  const price = request.replicaPerHourUsd;
  const wanted = needed * price;
  if (!(wanted > usdPerHour)) return needed;
  const lowest = Math.min(needed, lowestReplicas(request, onLimit));
  const count = onLimit === "alert" ? needed : Math.max(lowest, Math.floor(usdPerHour / price + 1e-9));
  const what = onLimit === "cut-headroom" ? "headroom" : "capacity";
  if (count < needed) reasons.push({ code, text: `${money(wanted)} per hour would pass ${name}: ${what} is cut`, before: needed, after: count });
  if (count * price > usdPerHour + 1e-9) {
    const why = onLimit === "alert" ? "the policy only alerts" : `${String(lowest)} replicas are kept`;
    reasons.push({ code: `${code}-exceeded`, text: `${money(count * price)} per hour is above ${name}: ${why}`, before: count, after: count });
  }
  return count;
}
