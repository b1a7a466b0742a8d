import type { InstancesDistribution, MixedInstancesPolicy } from "@aws-sdk/client-auto-scaling";
import { parseOfferingId, type Allocation } from "../../model/offering.ts";
import { refused, type WriteFailure } from "../actuator.ts";

/** How a group splits its capacity: so many units on demand first, and so many percent of the rest. */
export type Distribution = Required<Pick<InstancesDistribution, "OnDemandBaseCapacity" | "OnDemandPercentageAboveBaseCapacity">>;

/**
 * The distribution that buys an allocation's split of on-demand and spot at `desiredUnits`. Committed capacity is bought
 * on demand. The split is exact: all on-demand units are the base, and above it there is spot alone (or on demand alone,
 * where no spot is wanted). Refused: an offering whose id, instance type or zone the group does not have.
 */
export function distributionFor(
  allocation: Allocation,
  policy: MixedInstancesPolicy,
  { zones, desiredUnits }: { readonly zones: readonly string[]; readonly desiredUnits: number },
): { readonly ok: true; readonly value: Distribution } | WriteFailure {
  const weights = weightsOf(policy);
  let onDemandUnits = 0;
  let spotUnits = 0;
  for (const [id, count] of Object.entries(allocation.instances)) {
    if (count === 0) continue;
    const offering = parseOfferingId(id);
    if (offering === undefined) return refused("permanent", "unknown-offering", `${id} is not zone/type/capacity-type`);
    if (!zones.includes(offering.zone)) return refused("permanent", "unknown-offering", `${id}: the group has no zone ${offering.zone}`);
    const weight = weights.get(offering.instanceType);
    if (weight === undefined) return refused("permanent", "unknown-offering", `${id}: the group has no override for ${offering.instanceType}`);
    if (offering.capacityType === "spot") spotUnits += count * weight;
    else onDemandUnits += count * weight;
  }
  return {
    ok: true,
    value: { OnDemandBaseCapacity: Math.min(onDemandUnits, desiredUnits), OnDemandPercentageAboveBaseCapacity: spotUnits > 0 ? 0 : 100 },
  };
}

/** Units of each instance type that the group may launch; AWS sends a weight as a string, and none means 1. */
function weightsOf(policy: MixedInstancesPolicy): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const { InstanceType, WeightedCapacity } of policy.LaunchTemplate?.Overrides ?? []) {
    if (InstanceType !== undefined) weights.set(InstanceType, WeightedCapacity === undefined ? 1 : Number(WeightedCapacity));
  }
  return weights;
}

/** Where the group states none, AWS's defaults are 0 and 100. */
export function sameDistribution(wanted: Distribution, current: InstancesDistribution | undefined): boolean {
  return wanted.OnDemandBaseCapacity === (current?.OnDemandBaseCapacity ?? 0)
    && wanted.OnDemandPercentageAboveBaseCapacity === (current?.OnDemandPercentageAboveBaseCapacity ?? 100);
}
