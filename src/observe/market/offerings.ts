import { DEFAULT_PUE, embodiedGramsPerHour, gridWatts } from "../../account/carbon.ts";
import type { Offering } from "../../model/offering.ts";
import type { CarbonSpec, PurchaseSpec } from "../../model/policy.ts";
import { instanceFacts, regionFacts } from "./catalog.ts";
import type { MarketFigure } from "./market-source.ts";

export interface OfferingTerms {
  readonly purchase: Pick<PurchaseSpec, "regions" | "instanceTypes" | "replicasPerInstance">;
  readonly carbon: Pick<CarbonSpec, "signal">;
  readonly figures: readonly MarketFigure[];
  /** Decision to ready; measured where it is. */
  readonly startSeconds: number;
  /** Zones of a region; three, named a to c, where not known. */
  readonly zones?: Readonly<Record<string, readonly string[]>>;
  /** Live intensity by region, of the policy's signal; the annual table's where absent. */
  readonly intensityGramsPerKwh?: Readonly<Record<string, number>>;
  /** CPU use at which power is reckoned. */
  readonly utilization?: number;
}

const USUAL_UTILIZATION = 0.6;

/**
 * Every instance type × zone × on-demand or spot that the policy may buy, with price, risk, power and grid intensity.
 * An offering whose price no source has is left out. The newest figure wins; a zone's own figure wins over its region's.
 */
export function offeringsFor(terms: OfferingTerms): readonly Offering[] {
  const offerings: Offering[] = [];
  for (const region of terms.purchase.regions) {
    const facts = regionFacts(region);
    const intensity = terms.intensityGramsPerKwh?.[region] ?? (terms.carbon.signal === "average" ? facts?.averageGramsPerKwh : facts?.marginalGramsPerKwh) ?? undefined;
    for (const zone of terms.zones?.[region] ?? ["a", "b", "c"].map((letter) => region + letter)) {
      for (const instanceType of terms.purchase.instanceTypes) {
        const machine = instanceFacts(instanceType);
        const embodied = machine === undefined ? undefined : embodiedGramsPerHour(machine);
        for (const capacityType of ["on-demand", "spot"] as const) {
          const find = (kind: MarketFigure["kind"]): MarketFigure | undefined => newest(terms.figures, { kind, capacityType, region, zone, instanceType });
          const price = find("price");
          if (price === undefined) continue;
          offerings.push({
            id: `${zone}/${instanceType}/${capacityType}`, region, zone, instanceType, capacityType,
            replicas: terms.purchase.replicasPerInstance, pricePerHourUsd: price.value,
            interruptionsPerHour: capacityType === "spot" ? (find("interruptions")?.value ?? NaN) : 0,
            launchable: true, startSeconds: terms.startSeconds, source: price.source, asOfSeconds: price.asOfSeconds,
            ...(intensity === undefined ? {} : { intensityGramsPerKwh: intensity }),
            ...(machine === undefined ? {} : { powerWatts: gridWatts(machine, terms.utilization ?? USUAL_UTILIZATION, facts?.pue ?? DEFAULT_PUE) }),
            ...(embodied === undefined ? {} : { embodiedGramsPerHour: embodied }),
          });
        }
      }
    }
  }
  return offerings;
}

function newest(figures: readonly MarketFigure[], wanted: Pick<MarketFigure, "kind" | "capacityType" | "region" | "instanceType"> & { readonly zone: string }): MarketFigure | undefined {
  let best: MarketFigure | undefined;
  for (const figure of figures) {
    if (figure.kind !== wanted.kind || figure.capacityType !== wanted.capacityType || figure.region !== wanted.region || figure.instanceType !== wanted.instanceType) continue;
    if (figure.zone !== undefined && figure.zone !== wanted.zone) continue;
    const closer = best === undefined || (figure.zone !== undefined && best.zone === undefined);
    const sameScope = best !== undefined && (figure.zone === undefined) === (best.zone === undefined);
    if (closer || (sameScope && figure.asOfSeconds > (best?.asOfSeconds ?? 0))) best = figure;
  }
  return best;
}
