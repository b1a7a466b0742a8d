import type { OnLimit } from "../model/budget.ts";
import type { Reason } from "../model/decision.ts";
import { money } from "./carbon-clause.ts";
import { mostReplicas, plan } from "./limits.ts";
import type { Market, PlannedMix } from "./limits.ts";
import type { LimitReport, PurchaseRequest } from "./purchase-request.ts";

export interface CostChoice {
  readonly mix: PlannedMix;
  readonly desiredReplicas: number;
  readonly reasons: readonly Reason[];
  readonly limit: LimitReport | undefined;
}

/** One limit in dollars per hour, and what may give way to keep it. */
export interface CostLimit {
  readonly code: "cost-limit" | "budget-limit";
  /** In words, behind "would pass". */
  readonly name: string;
  readonly usdPerHour: number;
  readonly onLimit: OnLimit;
}

/** The policy's own limit and what other groups leave of a shared one. */
export function hourlyLimit({ cost, allowanceUsdPerHour = Infinity }: Pick<PurchaseRequest, "cost" | "allowanceUsdPerHour">): CostLimit {
  const usdPerHour = Math.min(cost.maxPerHourUsd ?? Infinity, allowanceUsdPerHour);
  return { code: "cost-limit", name: `the limit of ${money(usdPerHour)}`, usdPerHour, onLimit: cost.onLimit };
}

/**
 * Keeps the bill under a limit: first by a cheaper mix (no spare, bare prices), then by what the policy lets go:
 * nothing (`alert`), what stands above the objective's capacity (`cut-headroom`), or that too, down to the minimum
 * (`cut-capacity`).
 */
export function applyCost(request: PurchaseRequest, market: Market, before: Pick<CostChoice, "mix" | "desiredReplicas">, limit: CostLimit): CostChoice {
  const { code, name, usdPerHour, onLimit } = limit;
  const needed = before.desiredReplicas;
  const wanted = before.mix.billUsd;
  if (!(wanted > usdPerHour)) return { mix: before.mix, desiredReplicas: needed, reasons: [], limit: undefined };
  const bare = (replicas: number): PlannedMix => plan(market, replicas, { usdPerGram: 0, risk: false });
  const cheapest = bare(needed);
  const report = (got: number): LimitReport => ({ code: code === "cost-limit" ? code : "budget", limit: usdPerHour, wanted, got });
  if (cheapest.billUsd <= usdPerHour) {
    const text = `${money(wanted)} per hour would pass ${name}: bought without spare and risk premium for ${money(cheapest.billUsd)}`;
    return { mix: cheapest, desiredReplicas: needed, reasons: [{ code: `${code}-mix`, text, before: before.mix.replicas, after: cheapest.replicas }], limit: report(cheapest.billUsd) };
  }
  const lowest = lowestReplicas(request, onLimit);
  const affordable = onLimit === "alert" ? undefined : mostReplicas(Math.min(lowest, needed), needed, (replicas) => bare(replicas).billUsd <= usdPerHour);
  const desiredReplicas = onLimit === "alert" ? needed : (affordable ?? Math.min(lowest, needed));
  // Nothing left to give up: the alert is raised and the purchase stays as it was wanted.
  const mix = desiredReplicas === needed ? before.mix : bare(desiredReplicas);
  const reasons: Reason[] = [];
  if (desiredReplicas < needed) {
    const what = onLimit === "cut-headroom" ? "headroom" : "capacity";
    reasons.push({ code, text: `${money(wanted)} per hour would pass ${name}: ${what} is cut`, before: needed, after: desiredReplicas });
  }
  if (mix.billUsd > usdPerHour) {
    const why = onLimit === "alert" ? "the policy only alerts" : `${lowest} replicas are kept`;
    reasons.push({ code: `${code}-exceeded`, text: `${money(mix.billUsd)} per hour is above ${name}: ${why}`, before: desiredReplicas, after: desiredReplicas });
  }
  return { mix, desiredReplicas, reasons, limit: report(mix.billUsd) };
}

/** The fewest replicas that a limit may leave. */
export function lowestReplicas(request: Pick<PurchaseRequest, "minReplicas" | "floorReplicas">, onLimit: OnLimit): number {
  return onLimit === "cut-capacity" ? request.minReplicas : Math.max(request.minReplicas, request.floorReplicas);
}
