import { z } from "zod";
import { failure, success, type Result } from "../../model/result.ts";
import { alreadyThere, refused, type Actuator, type ActuatorContext, type ActuatorDefinition, type WriteAnswer } from "../actuator.ts";
import { clientOptions, requestOptions } from "../aws/connection.ts";
import { createEcsReader, ecsServiceFields } from "../aws/ecs-service.ts";
import { notSent, writeCall } from "../aws/errors.ts";
import { arn, declareActions, type AwsPermission } from "../aws/permissions.ts";

const config = z.strictObject(ecsServiceFields);

type Config = z.infer<typeof config>;

/**
 * The floor of an ECS service's scalable target in Application Auto Scaling. It lives with a target tracking policy: that one
 * reacts above the floor, and the forecast moves the floor ahead of the load. The desired count here is the floor.
 */
export const awsEcsFloor: ActuatorDefinition<Config> = { type: "aws-ecs-floor", config, permissions, create };

function permissions({ cluster, service, region }: Config): readonly AwsPermission[] {
  return [
    { action: "ecs:DescribeServices", resource: arn("ecs", region, `service/${cluster}/${service}`), write: false },
    { action: "application-autoscaling:DescribeScalableTargets", resource: "*", write: false },
    { action: "application-autoscaling:DescribeScheduledActions", resource: "*", write: false },
    { action: "application-autoscaling:RegisterScalableTarget", resource: arn("application-autoscaling", region, "scalable-target/*"), write: true },
  ];
}

async function create(settings: Config, context: ActuatorContext): Promise<Result<Actuator>> {
  const sdk = await import("@aws-sdk/client-application-auto-scaling");
  const declared = permissions(settings);
  const reader = await createEcsReader(settings, declared);
  const writes = declareActions(new sdk.ApplicationAutoScalingClient(clientOptions(settings, "write")), "application-autoscaling", declared);
  const name = settings.service;

  const bounds = async (): Promise<Result<{ readonly floor: number; readonly max: number }>> => {
    const target = await reader.scalableTarget();
    if (!target.ok) return target;
    if (target.value === undefined) return failure("missing", `${name} has no scalable target in Application Auto Scaling`);
    return success({ floor: target.value.MinCapacity ?? 0, max: target.value.MaxCapacity ?? Infinity });
  };
  return success({
    type: "aws-ecs-floor",
    async read() {
      const now = await bounds();
      if (!now.ok) return now;
      const service = await reader.service();
      if (!service.ok) return service;
      const { runningCount = 0, pendingCount = 0 } = service.value;
      return success({ kind: "value", timeSeconds: context.now(), desiredReplicas: now.value.floor, readyReplicas: runningCount, pendingReplicas: pendingCount });
    },
    async write({ desiredReplicas, expectedReplicas }): Promise<WriteAnswer> {
      const now = await bounds();
      if (!now.ok) return notSent(now);
      const { floor, max } = now.value;
      if (floor === desiredReplicas) return alreadyThere(`the floor of ${name} already is ${floor}`);
      if (desiredReplicas > max) return refused("permanent", "out-of-bounds", `${desiredReplicas} is above the scalable target's ${max}`);
      if (floor !== expectedReplicas) return refused("permanent", "foreign-write", `decided against a floor of ${expectedReplicas}, but ${name} now has ${floor}`);
      // Only the floor is named: the ceiling and the role stay as they are.
      return await writeCall(`${name}: floor ${desiredReplicas}`, () =>
        writes.send(new sdk.RegisterScalableTargetCommand({ ...reader.resource, MinCapacity: desiredReplicas }), requestOptions(settings)));
    },
    rivals: () => reader.scheduledActions(),
    close() {
      reader.close();
      writes.destroy();
      return Promise.resolve();
    },
  });
}
