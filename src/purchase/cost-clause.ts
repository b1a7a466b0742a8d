import type { Reason } from "../model/decision.ts";
import { money } from "./carbon-clause.ts";
import type { CarbonChoice } from "./carbon-clause.ts";
import { mostReplicas, plan } from "./limits.ts";
import type { Market, PlannedMix } from "./limits.ts";
import type { LimitReport, PurchaseRequest } from "./purchase-request.ts";

export interface CostChoice {
  readonly mix: PlannedMix;
  readonly desiredReplicas: number;
  readonly reasons: readonly Reason[];
  readonly limit: LimitReport | undefined;
}

/**
 * Keeps the bill under the policy's limit: first by a cheaper mix (no spare, bare prices), then by what the policy lets go:
 * nothing (`alert`), what stands above the objective's capacity (`cut-headroom`), or that too, down to the minimum
 * (`cut-capacity`).
 */
export function applyCost(request: PurchaseRequest, market: Market, carbon: CarbonChoice): CostChoice {
  const needed = request.neededReplicas;
  const limit = Math.min(request.cost.maxPerHourUsd ?? Infinity, request.allowanceUsdPerHour ?? Infinity);
  const wanted = carbon.mix.billUsd;
  if (!(wanted > limit)) return { mix: carbon.mix, desiredReplicas: needed, reasons: [], limit: undefined };
  const bare = (replicas: number): PlannedMix => plan(market, replicas, { usdPerGram: 0, risk: false });
  const cheapest = bare(needed);
  const report = (got: number): LimitReport => ({ code: "cost-limit", limit, wanted, got });
  if (cheapest.billUsd <= limit) {
    const text = `${money(wanted)} per hour would pass the limit of ${money(limit)}: bought without spare and risk premium for ${money(cheapest.billUsd)}`;
    return { mix: cheapest, desiredReplicas: needed, reasons: [{ code: "cost-limit-mix", text, before: carbon.mix.replicas, after: cheapest.replicas }], limit: report(cheapest.billUsd) };
  }
  const lowest = lowestReplicas(request);
  const affordable = request.cost.onLimit === "alert" ? undefined : mostReplicas(Math.min(lowest, needed), needed, (replicas) => bare(replicas).billUsd <= limit);
  const desiredReplicas = request.cost.onLimit === "alert" ? needed : (affordable ?? Math.min(lowest, needed));
  // Nothing left to give up: the alert is raised and the purchase stays as it was wanted.
  const mix = desiredReplicas === needed ? carbon.mix : bare(desiredReplicas);
  const reasons: Reason[] = [];
  if (desiredReplicas < needed) {
    const what = request.cost.onLimit === "cut-headroom" ? "headroom" : "capacity";
    reasons.push({ code: "cost-limit", text: `${money(wanted)} per hour would pass the limit of ${money(limit)}: ${what} is cut`, before: needed, after: desiredReplicas });
  }
  if (mix.billUsd > limit) {
    const why = request.cost.onLimit === "alert" ? "the policy only alerts" : `${lowest} replicas are kept`;
    reasons.push({ code: "cost-limit-exceeded", text: `${money(mix.billUsd)} per hour is above the limit of ${money(limit)}: ${why}`, before: desiredReplicas, after: desiredReplicas });
  }
  return { mix, desiredReplicas, reasons, limit: report(mix.billUsd) };
}

function lowestReplicas(request: PurchaseRequest): number {
  return request.cost.onLimit === "cut-capacity" ? request.minReplicas : Math.max(request.minReplicas, request.floorReplicas);
}
