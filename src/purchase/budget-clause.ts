import type { BudgetReading } from "../model/budget.ts";
import type { Reason } from "../model/decision.ts";
import { grams, money, percent } from "./carbon-clause.ts";
import { applyCost, lowestReplicas } from "./cost-clause.ts";
import type { CostChoice } from "./cost-clause.ts";
import { cheapestUnderCap, cleanestWithin, mostReplicas } from "./limits.ts";
import type { Market } from "./limits.ts";
import type { PurchaseRequest } from "./purchase-request.ts";

/**
 * Budgets that will not hold at what is planned, one after the other: each says so, and where the policy lets something go, what
 * is bought now is brought to the share that the rest of the budget affords.
 */
export function applyBudgets(request: PurchaseRequest, market: Market, before: CostChoice): CostChoice {
  let choice: CostChoice = { ...before, reasons: [], limit: undefined };
  for (const budget of request.budgets ?? []) {
    const next = budget.unit === "usd" ? dollars(request, market, choice, budget) : gramsOfDay(request, market, choice, budget);
    const told = breachReason(budget, choice.desiredReplicas);
    choice = { ...next, reasons: [...choice.reasons, told, ...next.reasons], limit: next.limit ?? choice.limit };
  }
  return choice;
}

/** What a budget that will not hold says in every decision, whether it cuts or not. */
export function breachReason(budget: BudgetReading, replicas: number): Reason {
  const amount = budget.unit === "usd" ? money : (value: number) => `${value.toPrecision(3)} gCO2e`;
  const when = budget.breachSeconds === undefined ? "" : `, passed at ${new Date(budget.breachSeconds * 1000).toISOString().replace(/:\d\d\.\d+Z$/u, "Z")}`;
  const chance = budget.breachProbability === undefined ? "" : ` (chance ${percent(Math.round(budget.breachProbability * 100) / 100)})`;
  const text = `budget ${budget.name}: ${amount(budget.spent)} spent, ${amount(budget.forecast)} of ${amount(budget.limit)} expected this ${budget.period}${when}${chance}`;
  return { code: "budget-breach-forecast", text, before: replicas, after: replicas };
}

function dollars(request: PurchaseRequest, market: Market, before: CostChoice, budget: BudgetReading): CostChoice {
  if (budget.onLimit === "alert") return { ...before, reasons: [], limit: undefined };
  const usdPerHour = before.mix.billUsd * budget.affordableShare;
  return applyCost(request, market, before, { code: "budget-limit", name: `what budget ${budget.name} affords, ${money(usdPerHour)}`, usdPerHour, onLimit: budget.onLimit });
}

/** Grams: the mix gives way first, the count only where the policy says so. */
function gramsOfDay(request: PurchaseRequest, market: Market, before: CostChoice, budget: BudgetReading): CostChoice {
  const { mix, desiredReplicas: needed } = before;
  if (mix.grams === undefined) {
    const text = `budget ${budget.name}: the grid intensity of an offering is not known, nothing is changed for it`;
    return { ...before, reasons: [{ code: "carbon-unknown", text, before: needed, after: needed }], limit: undefined };
  }
  const cap = mix.grams * budget.affordableShare;
  const limit = (got: number) => ({ code: "budget" as const, limit: cap, wanted: mix.grams ?? 0, got });
  const capped = cheapestUnderCap(market, needed, cap);
  if (capped !== undefined) {
    const text = `budget ${budget.name} affords ${grams(cap)}: a cleaner mix of ${grams(capped.grams ?? 0)}, ${money(mix.billUsd)} → ${money(capped.billUsd)} per hour`;
    return { mix: capped, desiredReplicas: needed, reasons: [{ code: "budget-limit-mix", text, before: needed, after: needed }], limit: limit(capped.grams ?? 0) };
  }
  const lowest = Math.min(needed, lowestReplicas(request, budget.onLimit));
  const affordable = budget.onLimit === "alert" ? needed : (mostReplicas(lowest, needed, (replicas) => cheapestUnderCap(market, replicas, cap) !== undefined) ?? lowest);
  const cleanest = cheapestUnderCap(market, affordable, cap) ?? cleanestWithin(market, affordable, mix, Infinity);
  const reasons: Reason[] = [];
  const what = budget.onLimit === "cut-headroom" ? "headroom" : "capacity";
  if (affordable < needed) reasons.push({ code: "budget-limit", text: `budget ${budget.name} affords ${grams(cap)}: ${what} is cut`, before: needed, after: affordable });
  if ((cleanest.grams ?? 0) > cap) {
    const why = budget.onLimit === "alert" ? "the policy only alerts" : `${String(lowest)} replicas are kept`;
    reasons.push({ code: "budget-limit-exceeded", text: `budget ${budget.name} affords ${grams(cap)}, the cleanest mix emits ${grams(cleanest.grams ?? 0)}: ${why}`, before: affordable, after: affordable });
  }
  return { mix: cleanest, desiredReplicas: affordable, reasons, limit: limit(cleanest.grams ?? 0) };
}
