import type { AutoScalingClient, AutoScalingGroup, InstancesDistribution, UpdateAutoScalingGroupCommandInput } from "@aws-sdk/client-auto-scaling";
import { z } from "zod";
import type { Drain, Intent } from "../../model/intent.ts";
import { offeringId } from "../../model/offering.ts";
import { failure, success, type Result } from "../../model/result.ts";
import { alreadyThere, refused, type Actuator, type ActuatorContext, type ActuatorDefinition, type WriteAnswer, type WriteFailure } from "../actuator.ts";
import { asgForeignHands, asgRivals } from "../aws/asg-writers.ts";
import { offeringsOf, workloadOf } from "../aws/asg-workload.ts";
import { awsConnectionFields, clientOptions, requestOptions } from "../aws/connection.ts";
import { notSent, readCall, writeCall } from "../aws/errors.ts";
import { createInstanceMarkets, DESCRIBE_INSTANCES } from "../aws/instance-markets.ts";
import { distributionFor, sameDistribution } from "../aws/mixed-instances.ts";
import { arn, declareActions, type AwsPermission } from "../aws/permissions.ts";

const config = z.strictObject({
  group: z.string().min(1).describe("Name of the Auto Scaling group."),
  ...awsConnectionFields,
  replicasPerUnit: z.int().positive().default(1).describe("Replicas that one unit of the group's capacity carries: an instance, or a unit of weight."),
  honorCooldown: z.boolean().default(false).describe("Let the group's own cooldown refuse a change of the count."),
  mix: z.enum(["auto", "required", "ignore"]).default("auto")
    .describe("Set on-demand base and spot percentage: where the group has a mixed instances policy; always, or fail; never."),
  offerings: z.enum(["auto", "never"]).default("auto")
    .describe("Tell which offerings run, which takes a question to EC2 about each new instance: where the group has a mixed instances policy; never."),
  interruptions: z.enum(["auto", "detach", "leave"]).default("auto")
    .describe("Replace an instance that has an interruption notice or a rebalance recommendation: order its replacement at once, end it through the group (load balancer, lifecycle hooks) when that is ready or half a minute before its end. auto: unless the group has CapacityRebalance, which does as much; detach: always; leave: never."),
});

type Config = z.infer<typeof config>;

/** An EC2 Auto Scaling group: desired capacity, and the split of on-demand and spot of its mixed instances policy. */
export const awsAsg: ActuatorDefinition<Config> = { type: "aws-asg", config, permissions, create };

/** Every action that this actuator calls; its clients refuse any other. */
function permissions({ group: name, region, mix, offerings, interruptions }: Config): readonly AwsPermission[] {
  const group = arn("autoscaling", region, `autoScalingGroup:*:autoScalingGroupName/${name}`);
  return [
    { action: "autoscaling:DescribeAutoScalingGroups", resource: "*", write: false },
    { action: "autoscaling:DescribeScalingActivities", resource: "*", write: false },
    { action: "autoscaling:DescribePolicies", resource: "*", write: false },
    { action: "autoscaling:DescribeScheduledActions", resource: "*", write: false },
    ...(offerings === "never" ? [] : [DESCRIBE_INSTANCES]),
    { action: "autoscaling:SetDesiredCapacity", resource: group, write: true },
    ...(mix === "ignore" ? [] : [{ action: "autoscaling:UpdateAutoScalingGroup", resource: group, write: true }]),
    ...(interruptions === "leave" ? [] : [
      { action: "autoscaling:TerminateInstanceInAutoScalingGroup", resource: group, write: true },
      { action: "autoscaling:DetachInstances", resource: group, write: true },
    ]),
  ];
}

async function create(settings: Config, context: ActuatorContext): Promise<Result<Actuator>> {
  const sdk = await import("@aws-sdk/client-auto-scaling");
  const declared = permissions(settings);
  const client = (kind: "read" | "write"): AutoScalingClient => declareActions(new sdk.AutoScalingClient(clientOptions(settings, kind)), "autoscaling", declared);
  const reads = client("read");
  const writes = client("write");
  const markets = createInstanceMarkets(settings, context.now);
  const marketOf = (instanceId: string): ReturnType<typeof markets.marketOf> => markets.marketOf(instanceId);
  const name = settings.group;
  let offerings: ReadonlyMap<string, string> = new Map();
  let members: ReadonlyMap<string, string> = new Map();

  const describe = async (): Promise<Result<AutoScalingGroup>> => {
    const answer = await readCall(() => reads.send(new sdk.DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }), requestOptions(settings)));
    if (!answer.ok) return answer;
    const group = answer.value.AutoScalingGroups?.find((one) => one.AutoScalingGroupName === name);
    return group === undefined ? failure("missing", `there is no Auto Scaling group ${name}`) : success(group);
  };
  const send = (order: Order): Promise<WriteAnswer> => writeCall({ detail: `${name}: ${describeOrder(order)}`, ...(order.detach.length > 0 && { code: "detached" }) }, () => {
    const { units, distribution, detach } = order;
    if (detach.length > 0) return writes.send(new sdk.DetachInstancesCommand({ AutoScalingGroupName: name, InstanceIds: [...detach], ShouldDecrementDesiredCapacity: false }), requestOptions(settings));
    if (distribution !== undefined) return writes.send(new sdk.UpdateAutoScalingGroupCommand(updateInput(name, units, distribution)), requestOptions(settings));
    return writes.send(new sdk.SetDesiredCapacityCommand({ AutoScalingGroupName: name, DesiredCapacity: units, HonorCooldown: settings.honorCooldown }), requestOptions(settings));
  });
  const drain = ({ instanceId }: Drain): Promise<WriteAnswer> => writeCall({ detail: `${name}: ${instanceId} is ended, and its place given up` }, () =>
    writes.send(new sdk.TerminateInstanceInAutoScalingGroupCommand({ InstanceId: instanceId, ShouldDecrementDesiredCapacity: true }), requestOptions(settings)));
  return success({
    type: "aws-asg",
    async read() {
      const group = await describe();
      if (!group.ok) return group;
      if (group.value.MixedInstancesPolicy !== undefined && settings.offerings === "auto") {
        await markets.learn((group.value.Instances ?? []).flatMap(({ InstanceId }) => InstanceId ?? []));
      }
      offerings = offeringsOf(group.value, marketOf);
      members = new Map((group.value.Instances ?? []).map(({ InstanceId = "", InstanceType = "", AvailabilityZone = "" }) => [InstanceId, offeringId(AvailabilityZone, InstanceType, "spot")]));
      const workload = workloadOf(group.value, { replicasPerUnit: settings.replicasPerUnit, timeSeconds: context.now(), marketOf });
      return success(replacesByCount(group.value, settings) ? { ...workload, replacement: { by: "count", replicasPerMachine: settings.replicasPerUnit, onRebalance: true } } : workload);
    },
    async write(intent) {
      const group = await describe();
      if (!group.ok) return notSent(group);
      if (intent.drain !== undefined) return drainRefusal(intent, group.value, settings) ?? await drain(intent.drain);
      const order = orderFor(intent, group.value, settings);
      if (!order.ok) return order;
      if (order.value === undefined) return alreadyThere(`${name} already has ${intent.desiredReplicas} replicas in that mix`);
      return await send(order.value);
    },
    // Whose market was not asked for is spot where a notice names it: no other instance gets one.
    offeringOf: (instanceId) => offerings.get(instanceId) ?? members.get(instanceId),
    foreignHands: (sinceSeconds) => asgForeignHands(reads, settings, sinceSeconds),
    rivals: () => asgRivals(reads, settings),
    close() {
      reads.destroy();
      writes.destroy();
      markets.close();
      return Promise.resolve();
    },
  });
}

/** One write: the units, and the distribution where that changes too; or the instances to detach, whose ids make it absolute. */
interface Order {
  readonly detach: readonly string[];
  readonly units: number;
  readonly distribution: InstancesDistribution | undefined;
  /** Why the mix is left as it is although one was wanted. */
  readonly note: string;
}

/** Checks every limit against the group as it is now. Undefined: nothing is to be changed. */
function orderFor(intent: Intent, group: AutoScalingGroup, settings: Config): { readonly ok: true; readonly value: Order | undefined } | WriteFailure {
  const units = Math.ceil(intent.desiredReplicas / settings.replicasPerUnit);
  const { MinSize: min = 0, MaxSize: max = 0, DesiredCapacity: desired = 0 } = group;
  if (group.Status !== undefined) return refused("missing", "being-deleted", `${settings.group}: ${group.Status}`);
  const standIns = Math.ceil((intent.standIns ?? 0) / settings.replicasPerUnit);
  if (units < min || units - standIns > max) return refused("permanent", "out-of-bounds", `${units} units are outside the group's ${min} to ${max}`);
  if (desired !== units && desired * settings.replicasPerUnit !== intent.expectedReplicas) {
    return refused("permanent", "foreign-write", `decided against ${intent.expectedReplicas} replicas, but the group now has ${desired} units`);
  }
  const stopped = group.SuspendedProcesses?.find(({ ProcessName }) => ProcessName === (units > desired ? "Launch" : "Terminate"));
  if (units !== desired && stopped !== undefined) return refused("permanent", "suspended", `the group's ${stopped.ProcessName} process is suspended: ${stopped.SuspensionReason ?? ""}`);
  // Without room for a stand-in the group launches one only in place of a detached instance. What else has changed the next step decides.
  const detach = standIns === 0 || units > max ? leavingOf(intent, group, settings) : [];
  if (detach.length > 0) return { ok: true, value: { detach, units, distribution: undefined, note: "" } };
  const distribution = wantedDistribution(intent, group, { settings, units });
  if (!distribution.ok) return distribution;
  if (units === desired && distribution.value === undefined) return { ok: true, value: undefined };
  return { ok: true, value: { detach, units, distribution: distribution.value, note: distribution.note } };
}

/** Where instances have weights, a stand-in of one unit is not their equal: those are detached. */
function replacesByCount(group: AutoScalingGroup, { interruptions }: Config): boolean {
  return handlesNotices(group, interruptions) && !(group.Instances ?? []).some(({ WeightedCapacity }) => WeightedCapacity !== undefined);
}

function handlesNotices(group: AutoScalingGroup, interruptions: Config["interruptions"]): boolean {
  return interruptions === "detach" || (interruptions === "auto" && group.CapacityRebalance !== true);
}

/** Why an instance is not drained; one that is not in service there any more is done with. */
function drainRefusal({ drain, desiredReplicas, expectedReplicas }: Intent, group: AutoScalingGroup, settings: Config): WriteAnswer | undefined {
  const { MinSize: min = 0, DesiredCapacity: desired = 0, Instances: instances = [] } = group;
  const state = instances.find(({ InstanceId }) => InstanceId === drain?.instanceId)?.LifecycleState;
  if (state !== "InService") return alreadyThere(`${drain?.instanceId ?? ""} is ${state ?? "not in the group any more"}`);
  if (desired * settings.replicasPerUnit !== expectedReplicas) return refused("permanent", "foreign-write", `decided against ${expectedReplicas} replicas, but the group now has ${desired} units`);
  if (desiredReplicas / settings.replicasPerUnit < min) return refused("permanent", "out-of-bounds", `${desired - 1} units are below the group's ${min}`);
  return undefined;
}

/** DetachInstances takes at most so many. */
const MOST_DETACHED = 20;

/** The leaving instances that serve in the group; one that has left it already is left out, so a repeat orders nothing twice. */
function leavingOf({ leaving = [] }: Intent, group: AutoScalingGroup, { interruptions }: Config): readonly string[] {
  if (!handlesNotices(group, interruptions)) return [];
  const serving = new Set((group.Instances ?? []).filter(({ LifecycleState }) => LifecycleState === "InService").map(({ InstanceId }) => InstanceId));
  return leaving.filter((id) => serving.has(id)).slice(0, MOST_DETACHED);
}

type Mix = { readonly ok: true; readonly value: InstancesDistribution | undefined; readonly note: string };

/** Undefined: the group's distribution stays, because it is the one wanted, or because it is not ours to set. */
function wantedDistribution(intent: Intent, group: AutoScalingGroup, { settings, units }: { readonly settings: Config; readonly units: number }): Mix | WriteFailure {
  const keep = (note: string): Mix => ({ ok: true, value: undefined, note });
  if (intent.allocation === undefined || settings.mix === "ignore") return keep("");
  const policy = group.MixedInstancesPolicy;
  const wanted = policy === undefined
    ? refused("permanent", "no-mixed-instances-policy", `${settings.group} has no mixed instances policy`)
    : distributionFor(intent.allocation, policy, { zones: group.AvailabilityZones ?? [], desiredUnits: units });
  if (!wanted.ok) return settings.mix === "required" ? wanted : keep(`; its mix is left as it is: ${wanted.message}`);
  const current = policy?.InstancesDistribution;
  return sameDistribution(wanted.value, current) ? keep("") : { ok: true, value: { ...current, ...wanted.value, DistributionSegments: undefined }, note: "" };
}

/**
 * The distribution goes whole, since AWS may give a default to what is left out of it; the launch template and its overrides do
 * not go, so that one changed by others meanwhile is not overwritten and the caller needs no right to run instances.
 */
function updateInput(name: string, units: number, distribution: InstancesDistribution): UpdateAutoScalingGroupCommandInput {
  return { AutoScalingGroupName: name, DesiredCapacity: units, MixedInstancesPolicy: { InstancesDistribution: distribution } };
}

function describeOrder({ detach, units, distribution, note }: Order): string {
  if (detach.length > 0) return `detached ${detach.join(", ")} for replacement`;
  if (distribution === undefined) return `desired capacity ${units}${note}`;
  return `desired capacity ${units}, on-demand base ${distribution.OnDemandBaseCapacity ?? 0} and ${distribution.OnDemandPercentageAboveBaseCapacity ?? 0} % above it`;
}
