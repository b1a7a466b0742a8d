import { planMix } from "./mix.ts";
import type { Mix, MixTerms } from "./mix.ts";
import { pricePools } from "./pools.ts";
import type { LossTerms, PricedPools, Quote } from "./pools.ts";
import type { DomainMemory } from "./purchase-request.ts";

/** Grams are priced between these two ($0.10 and $100,000 a tonne) when a clause asks for less carbon at any price. */
const LOWEST_USD_PER_GRAM = 1e-7;
const HIGHEST_USD_PER_GRAM = 0.1;
const BISECTIONS = 14;

/** The market as one call sees it, and the terms that do not depend on the count. */
export interface Market {
  readonly quotes: readonly Quote[];
  readonly memory: ReadonlyMap<string, DomainMemory>;
  readonly loss: LossTerms;
  readonly nowSeconds: number;
  readonly shortfallFactor: number;
  readonly terms: (neededReplicas: number, priced: PricedPools, spares: boolean) => MixTerms;
}

export interface PlanOptions {
  readonly usdPerGram: number;
  /** False: bare prices and no spare, to see how cheap it can be. */
  readonly risk: boolean;
}

export interface PlannedMix extends Mix {
  readonly priced: PricedPools;
  readonly billUsd: number;
  readonly grams: number | undefined;
}

export function plan(market: Market, neededReplicas: number, { usdPerGram, risk }: PlanOptions): PlannedMix {
  const priced = pricePools(market.quotes, market.memory, { ...market.loss, nowSeconds: market.nowSeconds, usdPerGram, riskWeight: risk ? 1 : 0, shortfallFactor: market.shortfallFactor });
  const mix = planMix(priced.pools, market.terms(neededReplicas, priced, risk));
  return { ...mix, priced, billUsd: billOf(market.quotes, mix.instances), grams: gramsOf(market.quotes, mix.instances) };
}

export function billOf(quotes: readonly Quote[], instances: readonly number[]): number {
  let sum = 0;
  quotes.forEach((quote, at) => {
    const count = instances[at] ?? 0;
    if (count > 0) sum += count * (quote.priceKnown ? quote.priceUsd : NaN);
  });
  return sum;
}

/** Grams per hour; undefined where something is bought whose grid is not known. */
export function gramsOf(quotes: readonly Quote[], instances: readonly number[]): number | undefined {
  let sum = 0;
  for (const [at, quote] of quotes.entries()) {
    const count = instances[at] ?? 0;
    if (count === 0) continue;
    if (quote.grams === undefined) return undefined;
    sum += count * quote.grams;
  }
  return sum;
}

/**
 * The mix at the highest (or lowest) price of a gram that still passes `accepts`, by bisection on its logarithm, then moved
 * instance by instance towards the next mix that does not pass: prices alone only find the corners.
 */
function searchGramPrice(market: Market, neededReplicas: number, accepts: (mix: PlannedMix) => boolean, wants: "highest" | "lowest"): PlannedMix | undefined {
  let low = Math.log(LOWEST_USD_PER_GRAM);
  let high = Math.log(HIGHEST_USD_PER_GRAM);
  const at = (logarithm: number): PlannedMix => plan(market, neededReplicas, { usdPerGram: Math.exp(logarithm), risk: true });
  const extreme = at(wants === "highest" ? high : low);
  if (accepts(extreme)) return extreme;
  let rejected = extreme;
  const other = at(wants === "highest" ? low : high);
  let best = accepts(other) ? other : undefined;
  for (let round = 0; round < BISECTIONS; round += 1) {
    const middle = (low + high) / 2;
    const mix = at(middle);
    const accepted = accepts(mix);
    if (accepted) best = mix;
    else rejected = mix;
    if (accepted === (wants === "highest")) low = middle;
    else high = middle;
  }
  return best === undefined ? undefined : towards(market.quotes, best, rejected, accepts);
}

/** From a mix that passes, one exchange after another towards one that does not, as far as it still passes. */
function towards(quotes: readonly Quote[], from: PlannedMix, to: PlannedMix, accepts: (mix: PlannedMix) => boolean): PlannedMix {
  let mix = from;
  for (;;) {
    const instances = [...mix.instances];
    const gain = instances.findIndex((count, at) => count < (to.instances[at] ?? 0));
    const size = quotes[gain]?.offering.replicas;
    const lose = instances.findIndex((count, at) => count > (to.instances[at] ?? 0) && quotes[at]?.offering.replicas === size);
    if (gain < 0 || lose < 0) return mix;
    instances[gain] = (instances[gain] ?? 0) + 1;
    instances[lose] = (instances[lose] ?? 0) - 1;
    const next: PlannedMix = { ...mix, instances, billUsd: billOf(quotes, instances), grams: gramsOf(quotes, instances) };
    if (!accepts(next)) return mix;
    mix = next;
  }
}

/** The cleanest mix that costs at most `extraShare` more than `base`. */
export function cleanestWithin(market: Market, neededReplicas: number, base: PlannedMix, extraShare: number): PlannedMix {
  const most = base.billUsd * (1 + extraShare) + 1e-9;
  return searchGramPrice(market, neededReplicas, (mix) => mix.complete && mix.billUsd <= most, "highest") ?? base;
}

/** The cheapest mix of at most `maxGrams` per hour; undefined where no mix is that clean. */
export function cheapestUnderCap(market: Market, neededReplicas: number, maxGrams: number): PlannedMix | undefined {
  return searchGramPrice(market, neededReplicas, (mix) => mix.complete && (mix.grams ?? 0) <= maxGrams + 1e-9, "lowest");
}

/** The most replicas between `lowest` and `highest` whose plan passes, by halving; undefined where not even the lowest does. */
export function mostReplicas(lowest: number, highest: number, passes: (replicas: number) => boolean): number | undefined {
  if (!passes(lowest)) return undefined;
  let low = lowest;
  let high = highest;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (passes(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
