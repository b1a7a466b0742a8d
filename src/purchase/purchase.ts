import type { Reason } from "../model/decision.ts";
import type { PurchaseSpec } from "../model/policy.ts";
import { applyBudgets } from "./budget-clause.ts";
import { applyCarbon } from "./carbon-clause.ts";
import { applyCost, hourlyLimit } from "./cost-clause.ts";
import { billOf, gramsOf, plan } from "./limits.ts";
import type { Market } from "./limits.ts";
import { see } from "./memory.ts";
import type { Sight } from "./memory.ts";
import type { MixTerms } from "./mix.ts";
import { quoteOfferings, SHORTFALL_FACTOR } from "./pools.ts";
import type { PricedPools, Quote } from "./pools.ts";
import type { PoolMemory, PurchaseRequest, PurchaseResult, PurchaseState } from "./purchase-request.ts";
import { marketReasons } from "./reasons.ts";
import { watchStorm } from "./storm.ts";
import { makeBeforeBreak } from "./transition.ts";
import { emptyRecord } from "../model/record.ts";

/** Where the policy has no purchase clause and the observation names offerings: all may be spot, half in one zone. */
const FREE_CHOICE: Pick<PurchaseSpec, "onDemandBase" | "spotShare" | "maxDomainShare" | "surviveShare"> = { onDemandBase: 0, spotShare: 1, maxDomainShare: 0.5 };

/**
 * Chooses which offerings supply the replicas that are needed: least cost plus risk, under the policy's clauses.
 * Deterministic; reads only its request. Replicas of the allocation sum to `desiredReplicas` or more while the offerings can
 * supply them; doomed instances are left out. An unknown price is bought last, an unknown grid never counts as clean.
 */
export function purchase(request: PurchaseRequest): PurchaseResult {
  const sight = see(request);
  const storm = watchStorm(request.state?.storm, sight, request.timeSeconds);
  if (request.offerings.length === 0) {
    return { allocation: undefined, desiredReplicas: request.neededReplicas, reasons: [], limit: undefined, nextState: remember(request, sight, storm, [], []) };
  }
  const quotes = quoteOfferings(request, sight);
  const market: Market = {
    quotes, memory: sight.domains, loss: sight, nowSeconds: request.timeSeconds, shortfallFactor: request.purchase?.shortfallFactor ?? SHORTFALL_FACTOR,
    terms: (needed, priced, spares) => termsOf(request, { quotes, priced, spares, spotCeilingShare: storm?.ceilingShare ?? 1 }, needed),
  };
  const least = plan(market, request.neededReplicas, { usdPerGram: gramPrice(request), risk: true });
  const carbon = applyCarbon(request, market, least);
  const cost = applyCost(request, market, { mix: carbon.mix, desiredReplicas: request.neededReplicas }, hourlyLimit(request));
  const budgets = applyBudgets(request, market, cost);
  const { instances, keptReplicas } = makeBeforeBreak(quotes, budgets.mix.instances, budgets.desiredReplicas + budgets.mix.spare);
  const reasons: Reason[] = [
    ...marketReasons({ request, sight, storm, quotes, mix: least, keptReplicas }),
    ...carbon.reasons,
    ...cost.reasons,
    ...budgets.reasons,
  ];
  const replicas = quotes.reduce((sum, quote, at) => sum + quote.offering.replicas * (instances[at] ?? 0), 0);
  return {
    allocation: { instances: named(quotes, instances), replicas, costPerHourUsd: billOf(quotes, instances), carbonGramsPerHour: gramsOf(quotes, instances) },
    desiredReplicas: budgets.desiredReplicas,
    reasons,
    limit: budgets.limit ?? cost.limit ?? carbon.limit,
    nextState: remember(request, sight, storm, quotes, instances),
  };
}

function gramPrice(request: PurchaseRequest): number {
  return request.carbonSpec.mode === "price" ? request.carbonSpec.pricePerKgUsd / 1000 : 0;
}

function termsOf(request: PurchaseRequest, market: { readonly quotes: readonly Quote[]; readonly priced: PricedPools; readonly spares: boolean; readonly spotCeilingShare: number }, needed: number): MixTerms {
  const spec = request.purchase ?? FREE_CHOICE;
  const above = Math.max(0, needed - spec.onDemandBase);
  let spotReplicas = Math.floor(above * spec.spotShare + 1e-9);
  if (market.spotCeilingShare < 1) {
    // What is on spot already stays: a storm is a reason not to buy more, not to give up what still runs.
    const onSpot = market.quotes.reduce((sum, quote) => sum + (quote.offering.capacityType === "spot" ? quote.healthy * quote.offering.replicas : 0), 0);
    spotReplicas = Math.min(spotReplicas, Math.max(onSpot, Math.floor(needed * market.spotCeilingShare)));
  }
  const surge = Math.max(1, Math.floor((request.maxReplicas ?? Infinity) / 10));
  const room = (request.maxReplicas ?? Infinity) + surge - needed;
  const { onDemandUsd, pools } = market.priced;
  let cheapestSpot = onDemandUsd;
  for (const pool of pools) if (pool.spot) cheapestSpot = Math.min(cheapestSpot, pool.newPrice / pool.replicas);
  return {
    neededReplicas: needed,
    spotReplicas,
    crowdedShare: spec.maxDomainShare,
    // Half way to on-demand: other domains are taken first, and before on-demand the share yields.
    crowdPrice: Math.max(0, (onDemandUsd - cheapestSpot) / 2),
    surviveReplicas: Math.ceil((spec.surviveShare ?? 0) * needed),
    lossPrice: market.priced.lossPrice, regionOf: market.priced.regionOf, regionLossPrice: market.priced.regionLossPrice,
    ...(request.needChance !== undefined && { needChance: request.needChance }),
    maxSpare: market.spares ? Math.max(0, Math.min(room, needed)) : 0,
  };
}

function named(quotes: readonly Quote[], instances: readonly number[]): Record<string, number> {
  const counts = emptyRecord<number>();
  quotes.forEach(({ offering }, at) => {
    const count = instances[at] ?? 0;
    if (count > 0) counts[offering.id] = (counts[offering.id] ?? 0) + count;
  });
  return counts;
}

function remember(request: PurchaseRequest, sight: Sight, storm: PurchaseState["storm"], quotes: readonly Quote[], instances: readonly number[]): PurchaseState {
  const pools = Object.assign(emptyRecord<PoolMemory>(), sight.pools);
  quotes.forEach(({ offering: { id } }, at) => {
    const before = pools[id];
    const asked = instances[at] ?? 0;
    if (before !== undefined && before.asked !== asked) pools[id] = { ...before, asked, askedSinceSeconds: request.timeSeconds, inFlight: Math.max(0, asked - before.healthy) };
  });
  return {
    timeSeconds: request.timeSeconds,
    domains: Object.fromEntries(sight.domains),
    pools,
    notices: sight.notices.known,
    noticeLeadSeconds: sight.noticeLeadSeconds,
    announcedShare: sight.announcedShare,
    losses: sight.losses,
    company: sight.company,
    storm,
  };
}

