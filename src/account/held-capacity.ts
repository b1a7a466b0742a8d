import type { CarbonSignal, Offering } from "../model/offering.ts";
import type { CostSpec } from "../model/policy.ts";
import type { Workload } from "../model/workload.ts";
import { instanceGramsPerHour } from "./instance-carbon.ts";
import { ownValue } from "../model/record.ts";

/** Stands for the replicas of a target whose offerings are not known: what one costs is what the policy says. */
export const PLAIN_REPLICA = "replica";

/** What a target holds of one offering, and the rates at which it is charged, all per hour. */
export interface HeldOffering {
  readonly offering: Pick<Offering, "id" | "region" | "zone" | "instanceType" | "capacityType">;
  readonly instances: number;
  readonly usdPerHour: number;
  /** At the on-demand price of the same machine. */
  readonly listUsdPerHour: number;
  /** Undefined where the grid is not known: absent is never zero. */
  readonly gramsPerHour: number | undefined;
}

export interface HeldInput {
  readonly workload: Workload;
  /** Instances asked for, where the daemon itself buys. */
  readonly asked: Readonly<Record<string, number>> | undefined;
  readonly offerings: readonly Offering[];
  readonly carbon: CarbonSignal | undefined;
  readonly cost: CostSpec;
}

/**
 * What runs and is paid for: as the cloud tells by offering; else as it was asked for; else every replica at the policy's price,
 * or at the cheapest on-demand offering's. Empty where no price is known: nothing is charged that is not known.
 */
export function heldCapacity({ workload, asked, offerings, carbon, cost }: HeldInput): readonly HeldOffering[] {
  const counts = workload.runningByOffering ?? asked;
  if (counts !== undefined && offerings.length > 0) {
    const pending = workload.runningByOffering === undefined ? {} : (workload.pendingByOffering ?? {});
    return offerings.flatMap((offering): HeldOffering[] => {
      const instances = (ownValue(counts, offering.id) ?? 0) + (ownValue(pending, offering.id) ?? 0);
      if (instances === 0 || !Number.isFinite(offering.pricePerHourUsd)) return [];
      const grams = instanceGramsPerHour(offering, carbon?.intensityGramsPerKwh);
      return [{
        offering: identityOf(offering), instances, usdPerHour: instances * offering.pricePerHourUsd,
        listUsdPerHour: instances * listPrice(offering, offerings),
        gramsPerHour: grams === undefined ? undefined : instances * grams,
      }];
    });
  }
  const replicas = workload.readyReplicas + workload.pendingReplicas;
  const standIn = cheapestOnDemand(offerings);
  const price = cost.replicaPerHourUsd ?? (standIn === undefined ? undefined : standIn.pricePerHourUsd / standIn.replicas);
  if (price === undefined || replicas === 0) return [];
  const usdPerHour = replicas * price;
  const grams = standIn === undefined ? undefined : instanceGramsPerHour(standIn, carbon?.intensityGramsPerKwh);
  return [{
    offering: { id: PLAIN_REPLICA, region: standIn?.region ?? "", zone: "", instanceType: standIn?.instanceType ?? "", capacityType: "on-demand" },
    instances: replicas, usdPerHour, listUsdPerHour: usdPerHour,
    gramsPerHour: grams === undefined || standIn === undefined ? undefined : (replicas * grams) / standIn.replicas,
  }];
}

function identityOf({ id, region, zone, instanceType, capacityType }: Offering): HeldOffering["offering"] {
  return { id, region, zone, instanceType, capacityType };
}

function listPrice(offering: Offering, offerings: readonly Offering[]): number {
  const twin = offerings.find((other) => other.capacityType === "on-demand" && other.zone === offering.zone && other.instanceType === offering.instanceType && Number.isFinite(other.pricePerHourUsd));
  return twin?.pricePerHourUsd ?? offering.pricePerHourUsd;
}

function cheapestOnDemand(offerings: readonly Offering[]): Offering | undefined {
  let cheapest: Offering | undefined;
  for (const offering of offerings) {
    if (offering.capacityType !== "on-demand" || !Number.isFinite(offering.pricePerHourUsd)) continue;
    if (cheapest === undefined || offering.pricePerHourUsd / offering.replicas < cheapest.pricePerHourUsd / cheapest.replicas) cheapest = offering;
  }
  return cheapest;
}
