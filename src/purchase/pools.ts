import { instanceGramsPerHour } from "../account/instance-carbon.ts";
import type { Offering } from "../model/offering.ts";
import { companyShare, splitByRegion } from "./company.ts";
import { lossesPerHour, poolRisk } from "./domain-risk.ts";
import type { Pool } from "./mix.ts";
import type { Sight } from "./memory.ts";
import type { Company, DomainMemory, PurchaseRequest } from "./purchase-request.ts";
import { ownValue } from "../model/record.ts";

/** A replica-hour short of the need is priced at so many on-demand replica-hours when a spare is weighed (decision 0502). */
export const SHORTFALL_FACTOR = 36;
/** Seconds from the sight of a loss to the order that replaces it. */
export const DECISION_DELAY_SECONDS = 10;

/** Each further instance of one order in one spot pool costs so much of on-demand more: a pool may hold but one. */
const DEPTH_SHARE = 0.03;

/** After a loss nothing more is bought in its domain for so long; then its learned hazard speaks. */
export const DISTRUST_SECONDS = 120;

/** What the market says of one offering now, with unknown figures filled in. */
export interface Quote {
  readonly offering: Offering;
  readonly domain: string;
  readonly healthy: number;
  readonly pending: number;
  readonly priceUsd: number;
  readonly priceKnown: boolean;
  readonly grams: number | undefined;
  readonly most: number;
  readonly resting: boolean;
  readonly distrusted: boolean;
}

export function domainOf(offering: Offering): string {
  return offering.zone.startsWith(offering.region) ? offering.zone : `${offering.region}/${offering.zone}`;
}

/** One quote an offering. An unknown price is that of the dearest known offering, so that it is bought last. */
export function quoteOfferings(request: PurchaseRequest, sight: Sight): readonly Quote[] {
  const { healthy: healthyOf, pools: memory, domains } = sight;
  const leaving = new Set<string>();
  if (sight.notices.known.length > 0) for (const offering of request.offerings) if (sight.notices.known.some((notice) => notice.offering === offering.id)) leaving.add(domainOf(offering));
  let dearest = 0;
  for (const { pricePerHourUsd } of request.offerings) if (pricePerHourUsd > dearest) dearest = pricePerHourUsd;
  const fallbackGrams = request.carbon !== undefined && request.carbon.signal === request.carbonSpec.signal ? request.carbon.intensityGramsPerKwh : undefined;
  return request.offerings.map((offering) => {
    const healthy = healthyOf.get(offering.id) ?? 0;
    const pending = sight.pending.get(offering.id) ?? 0;
    const resting = (ownValue(memory, offering.id)?.restUntilSeconds ?? 0) > request.timeSeconds;
    const priceKnown = Number.isFinite(offering.pricePerHourUsd) && offering.pricePerHourUsd >= 0;
    const domain = domainOf(offering);
    const distrusted = offering.capacityType === "spot" && (leaving.has(domain) || request.timeSeconds - (domains.get(domain)?.lastLossSeconds ?? -Infinity) < DISTRUST_SECONDS);
    return {
      offering, domain, healthy, pending, priceKnown, resting, distrusted,
      priceUsd: (priceKnown ? offering.pricePerHourUsd : 1.001 * dearest || 1) + (offering.egressPerHourUsd ?? 0),
      grams: instanceGramsPerHour(offering, fallbackGrams),
      most: Math.min(offering.launchable && !resting && !distrusted ? (ownValue(memory, offering.id)?.depth ?? Infinity) : healthy + pending, offering.maxInstances ?? Infinity),
    };
  });
}

/** How far a notice covers the start of a replacement. */
export interface LossTerms {
  readonly noticeLeadSeconds: number;
  readonly announcedShare: number;
  readonly company: Company;
}

export interface PricedPools {
  readonly pools: readonly Pool[];
  readonly domains: readonly string[];
  readonly hazards: readonly number[];
  readonly lossPrice: readonly number[];
  /** The region of each domain, and the price of what a whole region would take along. */
  readonly regionOf: readonly number[];
  readonly regionLossPrice: readonly number[];
  readonly onDemandUsd: number;
  /** Expected hours that a lost replica is missing. */
  readonly gapHours: number;
}

/**
 * Effective prices: the bill, the expected cost of replacing what is lost (both machines are paid while one starts), grams at
 * `usdPerGram`, and the worth of keeping what runs. `riskWeight` 0 leaves risk out.
 */
export function pricePools(quotes: readonly Quote[], memory: ReadonlyMap<string, DomainMemory>, terms: LossTerms & { readonly nowSeconds: number; readonly usdPerGram: number; readonly riskWeight: number; readonly shortfallFactor: number }): PricedPools {
  const pooled = poolRisk(memory.values());
  const domains: string[] = [];
  const hazards: number[] = [];
  const regions: string[] = [];
  const regionOf: number[] = [];
  let onDemandUsd = 0;
  let startSeconds = Infinity;
  for (const { offering, priceUsd } of quotes) {
    const perReplica = priceUsd / offering.replicas;
    if (offering.capacityType === "on-demand" && (onDemandUsd === 0 || perReplica < onDemandUsd)) onDemandUsd = perReplica;
    if (offering.launchable && offering.startSeconds < startSeconds) startSeconds = offering.startSeconds;
  }
  if (onDemandUsd === 0) for (const { offering, priceUsd } of quotes) onDemandUsd = Math.max(onDemandUsd, priceUsd / offering.replicas);
  if (!Number.isFinite(startSeconds)) startSeconds = 120;
  const orderToReady = startSeconds + DECISION_DELAY_SECONDS;
  const gapHours = (terms.announcedShare * Math.max(0, orderToReady - terms.noticeLeadSeconds) + (1 - terms.announcedShare) * orderToReady) / 3600;
  const overlapUsd = (onDemandUsd * startSeconds) / 3600;
  const keepUsd = Math.max(0.02 * onDemandUsd, 2 * overlapUsd);
  const pools = quotes.map(({ offering, domain, healthy, pending, priceUsd, grams, most }): Pool => {
    let index = domains.indexOf(domain);
    if (index < 0) {
      index = domains.length;
      domains.push(domain);
      hazards.push(0);
      if (!regions.includes(offering.region)) regions.push(offering.region);
      regionOf.push(regions.indexOf(offering.region));
    }
    const spot = offering.capacityType === "spot";
    let price = offering.capacityType === "committed" ? 0 : priceUsd;
    if (spot) {
      const seen = memory.get(domain);
      const hazard = seen === undefined ? 0 : lossesPerHour(seen, pooled, offering.interruptionsPerHour, terms.nowSeconds);
      hazards[index] = Math.max(hazards[index] ?? 0, hazard);
      price += terms.riskWeight * hazard * overlapUsd * offering.replicas;
    }
    if (grams !== undefined) price += terms.usdPerGram * grams;
    // A millionth for the cleaner one, so that among equals the cleaner is bought.
    if (grams !== undefined) price += 1e-9 * grams;
    return { id: offering.id, domain: index, spot, replicas: offering.replicas, have: healthy + pending, most, keepPrice: price - keepUsd * offering.replicas, newPrice: price, furtherPrice: spot ? price + DEPTH_SHARE * onDemandUsd * offering.replicas : price };
  });
  const { alone, byRegion } = splitByRegion(hazards.map((hazard) => terms.riskWeight * hazard * gapHours * terms.shortfallFactor * onDemandUsd), regionOf, companyShare(terms.company));
  return { pools, domains, hazards, lossPrice: alone, regionOf, regionLossPrice: byRegion, onDemandUsd, gapHours };
}
