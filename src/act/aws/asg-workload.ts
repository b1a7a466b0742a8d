import type { AutoScalingGroup, Instance } from "@aws-sdk/client-auto-scaling";
import { offeringId, type CapacityType } from "../../model/offering.ts";
import type { Workload } from "../../model/workload.ts";

export interface WorkloadUnits {
  /** Replicas that one unit of the group's capacity carries (an instance, or a unit of weight). */
  readonly replicasPerUnit: number;
  readonly timeSeconds: number;
  /** Market of an instance where it is known; AWS tells it in EC2, not in the group. */
  marketOf(instanceId: string): CapacityType | undefined;
}

/**
 * What a group's description says of its size, in replicas. Ready: in service and healthy. Pending: launched and not yet in
 * service; what is desired and not launched yet is neither. Offerings are left out as soon as one instance's market is unknown.
 */
export function workloadOf(group: AutoScalingGroup, units: WorkloadUnits): Workload {
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
    const market = units.marketOf(instance.InstanceId ?? "");
    if (market === undefined) {
      told = false;
    } else {
      const id = offeringId(instance.AvailabilityZone ?? "", instance.InstanceType ?? "", market);
      const counts = isReady ? running : starting;
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
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
