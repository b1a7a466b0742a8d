import type { FleetData, Instance } from "@aws-sdk/client-ec2";
import { z } from "zod";
import type { Intent } from "../../model/intent.ts";
import { offeringId, parseOfferingId } from "../../model/offering.ts";
import { failure, success, type Result } from "../../model/result.ts";
import type { Workload } from "../../model/workload.ts";
import { alreadyThere, refused, type Actuator, type ActuatorContext, type ActuatorDefinition, type WriteAnswer, type WriteFailure } from "../actuator.ts";
import { awsConnectionFields, clientOptions, requestOptions } from "../aws/connection.ts";
import { notSent, readCall, writeCall } from "../aws/errors.ts";
import { arn, declareActions, type AwsPermission } from "../aws/permissions.ts";
import { emptyRecord } from "../../model/record.ts";

const config = z.strictObject({
  fleetId: z.string().regex(/^fleet-[0-9a-f-]+$/).describe("Id of an EC2 Fleet of type maintain."),
  ...awsConnectionFields,
  replicasPerUnit: z.int().positive().default(1).describe("Replicas that one unit of the fleet's target capacity carries."),
  maxUnits: z.int().positive().max(10_000).default(10_000).describe("No target capacity above this is asked for; 10,000 is EC2's own quota."),
});

type Config = z.infer<typeof config>;

/** An EC2 Fleet of type maintain: its total target capacity, and how much of it is on demand and spot. */
export const awsEc2Fleet: ActuatorDefinition<Config> = { type: "aws-ec2-fleet", config, permissions, create };

function permissions({ fleetId, region }: Config): readonly AwsPermission[] {
  return [
    { action: "ec2:DescribeFleets", resource: "*", write: false },
    { action: "ec2:DescribeInstances", resource: "*", write: false },
    { action: "ec2:ModifyFleet", resource: arn("ec2", region, `fleet/${fleetId}`), write: true },
  ];
}

async function create(settings: Config, context: ActuatorContext): Promise<Result<Actuator>> {
  const sdk = await import("@aws-sdk/client-ec2");
  const declared = permissions(settings);
  const reads = declareActions(new sdk.EC2Client(clientOptions(settings, "read")), "ec2", declared);
  const writes = declareActions(new sdk.EC2Client(clientOptions(settings, "write")), "ec2", declared);
  const { fleetId } = settings;
  let offerings: ReadonlyMap<string, string> = new Map();

  const describe = async (): Promise<Result<FleetData>> => {
    const answer = await readCall(() => reads.send(new sdk.DescribeFleetsCommand({ FleetIds: [fleetId] }), requestOptions(settings)));
    if (!answer.ok) return answer;
    const fleet = answer.value.Fleets?.[0];
    const isGone = fleet?.FleetState?.startsWith("deleted") ?? true;
    return fleet === undefined || isGone ? failure("missing", `there is no fleet ${fleetId}`) : success(fleet);
  };
  const instances = async (): Promise<Result<readonly Instance[]>> => {
    const filters = [{ Name: "tag:aws:ec2:fleet-id", Values: [fleetId] }, { Name: "instance-state-name", Values: ["pending", "running"] }];
    const found: Instance[] = [];
    let token: string | undefined;
    do {
      const page = await readCall(() => reads.send(new sdk.DescribeInstancesCommand({ Filters: filters, NextToken: token }), requestOptions(settings)));
      if (!page.ok) return page;
      found.push(...(page.value.Reservations ?? []).flatMap(({ Instances }) => Instances ?? []));
      token = page.value.NextToken;
    } while (token !== undefined && token !== "");
    return success(found);
  };
  return success({
    type: "aws-ec2-fleet",
    async read() {
      const fleet = await describe();
      if (!fleet.ok) return fleet;
      const running = await instances();
      if (!running.ok) return running;
      offerings = new Map(running.value.map((instance) => [instance.InstanceId ?? "", offeringOf(instance)]));
      return success(workloadOf(fleet.value, running.value, { ...settings, timeSeconds: context.now() }));
    },
    offeringOf: (instanceId) => offerings.get(instanceId),
    async write(intent): Promise<WriteAnswer> {
      const fleet = await describe();
      if (!fleet.ok) return notSent(fleet);
      const target = targetFor(intent, fleet.value, settings);
      if (!target.ok) return target;
      const policy = intent.drain === undefined ? {} : { ExcessCapacityTerminationPolicy: "no-termination" as const };
      if (target.value === undefined) return alreadyThere(`${fleetId} already has ${intent.desiredReplicas} replicas in that mix`);
      const { TotalTargetCapacity: total, OnDemandTargetCapacity: onDemand } = target.value;
      const done = intent.drain === undefined ? "" : `; the place of ${intent.drain.instanceId} is given up, EC2 takes the machine itself`;
      return await writeCall(`${fleetId}: ${total} units, ${onDemand} of them on demand${done}`, () =>
        writes.send(new sdk.ModifyFleetCommand({ FleetId: fleetId, TargetCapacitySpecification: target.value, ...policy }), requestOptions(settings)));
    },
    close() {
      reads.destroy();
      writes.destroy();
      return Promise.resolve();
    },
  });
}

interface Target {
  readonly TotalTargetCapacity: number;
  readonly OnDemandTargetCapacity: number;
  readonly SpotTargetCapacity: number;
}

/** Checks every limit against the fleet as it is now. Undefined: nothing is to be changed. Without an allocation the on-demand units stay. */
function targetFor(intent: Intent, fleet: FleetData, settings: Config): { readonly ok: true; readonly value: Target | undefined } | WriteFailure {
  const { TotalTargetCapacity: current = 0, OnDemandTargetCapacity: currentOnDemand = 0 } = fleet.TargetCapacitySpecification ?? {};
  const units = Math.ceil(intent.desiredReplicas / settings.replicasPerUnit);
  if (fleet.Type !== "maintain") return refused("permanent", "fleet-type", `${settings.fleetId} is of type ${fleet.Type ?? "unknown"}: only maintain can be changed`);
  if (fleet.FleetState === "modifying") return refused("transient", "scaling-activity-in-progress", `${settings.fleetId} is being modified`);
  if (fleet.FleetState !== "active") return refused("permanent", "fleet-state", `${settings.fleetId} is ${fleet.FleetState ?? "unknown"}`);
  if (units > settings.maxUnits) return refused("permanent", "out-of-bounds", `${units} units are above ${settings.maxUnits}`);
  if (current !== units && current * settings.replicasPerUnit !== intent.expectedReplicas) {
    return refused("permanent", "foreign-write", `decided against ${intent.expectedReplicas} replicas, but the fleet now has ${current} units`);
  }
  const onDemand = Math.min(units, intent.allocation === undefined ? currentOnDemand : onDemandUnits(intent.allocation.instances, fleet));
  if (units === current && onDemand === currentOnDemand) return { ok: true, value: undefined };
  return { ok: true, value: { TotalTargetCapacity: units, OnDemandTargetCapacity: onDemand, SpotTargetCapacity: units - onDemand } };
}

function onDemandUnits(instances: Readonly<Record<string, number>>, fleet: FleetData): number {
  let units = 0;
  for (const [id, count] of Object.entries(instances)) {
    const offering = parseOfferingId(id);
    if (offering !== undefined && offering.capacityType !== "spot") units += count * weightOf(fleet, offering.instanceType);
  }
  return Math.ceil(units);
}

function weightOf(fleet: FleetData, instanceType: string): number {
  const overrides = fleet.LaunchTemplateConfigs?.flatMap(({ Overrides }) => Overrides ?? []) ?? [];
  return overrides.find(({ InstanceType }) => InstanceType === instanceType)?.WeightedCapacity ?? 1;
}

/** Where instances have weights, or the fleet rebalances by itself, a stand-in of one unit is not their equal. */
function isPlain(fleet: FleetData): boolean {
  const overrides = fleet.LaunchTemplateConfigs?.flatMap(({ Overrides }) => Overrides ?? []) ?? [];
  return overrides.every(({ WeightedCapacity }) => WeightedCapacity === undefined) && fleet.SpotOptions?.MaintenanceStrategies?.CapacityRebalance === undefined;
}

function offeringOf({ Placement, InstanceType, InstanceLifecycle }: Instance): string {
  return offeringId(Placement?.AvailabilityZone ?? "", InstanceType ?? "", InstanceLifecycle === "spot" ? "spot" : "on-demand");
}

function workloadOf(fleet: FleetData, instances: readonly Instance[], { replicasPerUnit, timeSeconds }: { readonly replicasPerUnit: number; readonly timeSeconds: number }): Workload {
  let ready = 0;
  let pending = 0;
  const running = emptyRecord<number>();
  const starting = emptyRecord<number>();
  for (const instance of instances) {
    const isReady = instance.State?.Name === "running";
    const replicas = weightOf(fleet, instance.InstanceType ?? "") * replicasPerUnit;
    if (isReady) ready += replicas;
    else pending += replicas;
    const id = offeringOf(instance);
    const counts = isReady ? running : starting;
    counts[id] = (counts[id] ?? 0) + 1;
  }
  return {
    kind: "value", timeSeconds, desiredReplicas: (fleet.TargetCapacitySpecification?.TotalTargetCapacity ?? 0) * replicasPerUnit,
    readyReplicas: ready, pendingReplicas: pending, runningByOffering: running, pendingByOffering: starting,
    ...(isPlain(fleet) && { replacement: { by: "count", replicasPerMachine: replicasPerUnit, onRebalance: false } }),
  };
}
