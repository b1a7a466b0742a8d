import { z } from "zod";
import type { Drain } from "../../model/intent.ts";
import { success, type Result } from "../../model/result.ts";
import type { Workload } from "../../model/workload.ts";
import { alreadyThere, refused, type Actuator, type ActuatorContext, type ActuatorDefinition, type WriteAnswer } from "../actuator.ts";
import { clientOptions, requestOptions } from "../aws/connection.ts";
import { createContainerInstances } from "../aws/container-instances.ts";
import { createEcsReader, ecsServiceFields } from "../aws/ecs-service.ts";
import { notSent, writeCall } from "../aws/errors.ts";
import { arn, declareActions, type AwsPermission } from "../aws/permissions.ts";

const config = z.strictObject({
  ...ecsServiceFields,
  scalableTarget: z.boolean().default(true)
    .describe("Keep within the bounds of the service's scalable target in Application Auto Scaling, where it has one: outside them it would be set back."),
  drainMachines: z.boolean().default(false)
    .describe("Where the tasks run on EC2 instances: set one that has an interruption notice or a rebalance recommendation to DRAINING, so that ECS starts its tasks elsewhere and ends them there."),
});

type Config = z.infer<typeof config>;

/** A machine that is newer than this may not be known yet when its notice comes: the notice is then left to ECS. */
const MACHINES_KEPT_SECONDS = 30;

/** An ECS service: its desired count. A task is a replica. */
export const awsEcs: ActuatorDefinition<Config> = { type: "aws-ecs", config, permissions, create };

function permissions({ cluster, service, region, scalableTarget, drainMachines }: Config): readonly AwsPermission[] {
  const resource = arn("ecs", region, `service/${cluster}/${service}`);
  return [
    { action: "ecs:DescribeServices", resource, write: false },
    ...(scalableTarget ? [{ action: "application-autoscaling:DescribeScalableTargets", resource: "*", write: false }] : []),
    { action: "application-autoscaling:DescribeScalingActivities", resource: "*", write: false },
    { action: "application-autoscaling:DescribeScalingPolicies", resource: "*", write: false },
    { action: "application-autoscaling:DescribeScheduledActions", resource: "*", write: false },
    ...(drainMachines ? [
      { action: "ecs:ListContainerInstances", resource: arn("ecs", region, `cluster/${cluster}`), write: false },
      { action: "ecs:DescribeContainerInstances", resource: arn("ecs", region, `container-instance/${cluster}/*`), write: false },
      { action: "ecs:UpdateContainerInstancesState", resource: arn("ecs", region, `container-instance/${cluster}/*`), write: true },
    ] : []),
    { action: "ecs:UpdateService", resource, write: true },
  ];
}

async function create(settings: Config, context: ActuatorContext): Promise<Result<Actuator>> {
  const sdk = await import("@aws-sdk/client-ecs");
  const declared = permissions(settings);
  const reader = await createEcsReader(settings, declared);
  const writes = declareActions(new sdk.ECSClient(clientOptions(settings, "write")), "ecs", declared);
  const { cluster, service: name } = settings;
  const machines = createContainerInstances(declareActions(new sdk.ECSClient(clientOptions(settings, "read")), "ecs", declared), settings, context.now);
  const drain = async ({ instanceId }: Drain): Promise<WriteAnswer> => {
    const known = await machines.refresh(0);
    if (!known.ok) return notSent(known);
    const machine = machines.machine(instanceId);
    if (machine?.status !== "ACTIVE") return alreadyThere(`${instanceId} is ${machine?.status ?? "not in the cluster any more"}`);
    // A machine that has gone meanwhile is told among the answer's failures: its tasks are replaced anyway.
    return await writeCall(`${cluster}: ${instanceId} is set to DRAINING`, () =>
      writes.send(new sdk.UpdateContainerInstancesStateCommand({ cluster, containerInstances: [machine.arn], status: "DRAINING" }), requestOptions(settings)));
  };

  return success({
    type: "aws-ecs",
    async read() {
      const service = await reader.service();
      if (!service.ok) return service;
      const { desiredCount = 0, runningCount = 0, pendingCount = 0 } = service.value;
      const workload: Workload = { kind: "value", timeSeconds: context.now(), desiredReplicas: desiredCount, readyReplicas: runningCount, pendingReplicas: pendingCount };
      if (!settings.drainMachines || !(await machines.refresh(MACHINES_KEPT_SECONDS)).ok) return success(workload);
      return success({ ...workload, replacement: { by: "drain", replicasPerMachine: 1, onRebalance: true } });
    },
    offeringOf: (instanceId) => machines.machine(instanceId)?.offering,
    async write({ desiredReplicas, expectedReplicas, drain: machine }): Promise<WriteAnswer> {
      if (machine !== undefined) return await drain(machine);
      const service = await reader.service();
      if (!service.ok) return notSent(service);
      const { desiredCount = 0, schedulingStrategy, status } = service.value;
      if (status === "DRAINING") return refused("missing", "being-deleted", `${name} is draining`);
      if (schedulingStrategy === "DAEMON") return refused("permanent", "daemon", `${name} runs one task on each instance: it has no desired count`);
      if (desiredCount === desiredReplicas) return alreadyThere(`${name} already has ${desiredCount}`);
      if (settings.scalableTarget) {
        const target = await reader.scalableTarget();
        if (!target.ok) return notSent(target);
        const { MinCapacity: min = 0, MaxCapacity: max = Infinity } = target.value ?? {};
        if (desiredReplicas < min || desiredReplicas > max) return refused("permanent", "out-of-bounds", `${desiredReplicas} is outside the scalable target's ${min} to ${max}`);
      }
      if (desiredCount !== expectedReplicas) return refused("permanent", "foreign-write", `decided against ${expectedReplicas} replicas, but ${name} now has ${desiredCount}`);
      return await writeCall(`${name}: desired count ${desiredReplicas}`, () =>
        writes.send(new sdk.UpdateServiceCommand({ cluster, service: name, desiredCount: desiredReplicas }), requestOptions(settings)));
    },
    foreignHands: (sinceSeconds) => reader.foreignHands(sinceSeconds),
    async rivals() {
      const policies = await reader.scalingPolicies();
      const actions = await reader.scheduledActions();
      return !policies.ok ? policies : !actions.ok ? actions : success([...policies.value, ...actions.value]);
    },
    close() {
      reader.close();
      machines.close();
      writes.destroy();
      return Promise.resolve();
    },
  });
}
