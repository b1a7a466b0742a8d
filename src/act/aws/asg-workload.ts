import type { AutoScalingGroup, Instance } from "@aws-sdk/client-auto-scaling";
import { offeringId, type CapacityType } from "../../model/offering.ts";
import type { Workload } from "../../model/workload.ts";

/** The offering of each instance whose market is known. */
export function offeringsOf(group: AutoScalingGroup, marketOf: WorkloadUnits["marketOf"]): ReadonlyMap<string, string> {
  const offerings = new Map<string, string>();
  for (const { InstanceId = "", InstanceType = "", AvailabilityZone = "" } of group.Instances ?? []) {
    const market = marketOf(InstanceId);
    if (market !== undefined) offerings.set(InstanceId, offeringId(AvailabilityZone, InstanceType, market));
  }
  return offerings;
}

export interface WorkloadUnits {
  /** Replicas that one unit of the group's capacity carries (an instance, or a unit of weight). */
  readonly replicasPerUnit: number;
  readonly timeSeconds: number;
  /** Market of an instance where it is known; AWS tells it in EC2, not in the group. */
  readonly marketOf: (instanceId: string) => CapacityType | undefined;
}

/**
 * What a group's description says of its size, in replicas. Ready: in service and healthy. Pending: launched and not yet in
 * service; what is desired and not launched yet is neither. Offerings are left out as soon as one instance's market is unknown.
 */
export function workloadOf(group: AutoScalingGroup, units: WorkloadUnits): Workload {
  const offerings = offeringsOf(group, units.marketOf);
  let ready = 0;
  let pending = 0;
  const running = new Map<string, number>();
  const starting = new Map<string, number>();
  let told = true;
  for (const instance of group.Instances ?? []) {
    const state = instance.LifecycleState ?? "";
    const isReady = state === "InService" && instance.HealthStatus === "Healthy";
    const isPending = state.startsWith("Pending");
    if (!isReady && !isPending) continue;
    const replicas = unitsOf(instance) * units.replicasPerUnit;
    if (isReady) ready += replicas;
    else pending += replicas;
    const offering = offerings.get(instance.InstanceId ?? "");
    const counts = isReady ? running : starting;
    if (offering === undefined) told = false;
    else counts.set(offering, (counts.get(offering) ?? 0) + 1);
  }
  return {
    kind: "value",
    timeSeconds: units.timeSeconds,
    desiredReplicas: (group.DesiredCapacity ?? 0) * units.replicasPerUnit,
    readyReplicas: ready,
    pendingReplicas: pending,
    ...(told ? { runningByOffering: Object.fromEntries(running), pendingByOffering: Object.fromEntries(starting) } : {}),
  };
}

function unitsOf(instance: Instance): number {
  return instance.WeightedCapacity === undefined ? 1 : Number(instance.WeightedCapacity);
}
