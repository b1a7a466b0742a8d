import type { Company, DomainMemory } from "./purchase-request.ts";

/** Losses in one region within so long count as one: the second comes before the first is replaced. */
const TOGETHER_SECONDS = 180;
/** Before anything is seen one loss in ten has company; that is worth ten losses. */
const PRIOR_LOSSES = 10;
const PRIOR_TOGETHER = 1;

/** The count of losses with company after a call; `regionOf` names the region of each domain of spot. A domain without a neighbour that could be lost too says nothing. */
export function watchCompany(before: Company, domains: ReadonlyMap<string, DomainMemory>, regionOf: ReadonlyMap<string, string>, nowSeconds: number): Company {
  let { losses, together } = before;
  for (const [domain, { lastLossSeconds }] of domains) {
    if (lastLossSeconds !== nowSeconds) continue;
    let beside = false;
    let lostToo = false;
    for (const [other, { up, lastLossSeconds: otherLoss }] of domains) {
      if (other === domain || regionOf.get(other) !== regionOf.get(domain)) continue;
      const justLost = otherLoss > 0 && nowSeconds - otherLoss <= TOGETHER_SECONDS;
      lostToo ||= justLost;
      beside ||= up || justLost;
    }
    if (beside) losses += 1;
    if (lostToo) together += 1;
  }
  return { losses, together };
}

/** The share of losses that take another domain of their region along. */
export function companyShare({ losses, together }: Company): number {
  return (together + PRIOR_TOGETHER) / (losses + PRIOR_LOSSES);
}

/**
 * Prices of exposure split between a domain that is lost alone and a whole region that is lost at once, at the rate of its
 * shakiest domain. A region with one domain of spot has no price of its own.
 */
export function splitByRegion(lossPrice: readonly number[], regionOf: readonly number[], share: number): { readonly alone: readonly number[]; readonly byRegion: readonly number[] } {
  const highest: number[] = [];
  const domains: number[] = [];
  lossPrice.forEach((price, at) => {
    const region = regionOf[at] ?? 0;
    highest[region] = Math.max(highest[region] ?? 0, price);
    domains[region] = (domains[region] ?? 0) + (price > 0 ? 1 : 0);
  });
  const byRegion = Array.from(highest, (price, region) => ((domains[region] ?? 0) > 1 ? share * price : 0));
  return { alone: lossPrice.map((price, at) => ((byRegion[regionOf[at] ?? 0] ?? 0) > 0 ? (1 - share) * price : price)), byRegion };
}
