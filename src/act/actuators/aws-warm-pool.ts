import type { DescribeWarmPoolCommandOutput } from "@aws-sdk/client-auto-scaling";
import { z } from "zod";
import { failure, success, type Result } from "../../model/result.ts";
import type { Workload } from "../../model/workload.ts";
import { alreadyThere, refused, type Actuator, type ActuatorContext, type ActuatorDefinition, type WriteAnswer } from "../actuator.ts";
import { awsConnectionFields, clientOptions, requestOptions } from "../aws/connection.ts";
import { notSent, readCall, writeCall } from "../aws/errors.ts";
import { arn, declareActions, type AwsPermission } from "../aws/permissions.ts";

const config = z.strictObject({
  group: z.string().min(1).describe("Name of the Auto Scaling group, which has a warm pool."),
  ...awsConnectionFields,
});

type Config = z.infer<typeof config>;

/**
 * The warm pool of an Auto Scaling group: instances that have started once and wait stopped, so that a scale-out takes
 * seconds. The desired count is the pool's minimum size; ready are those that have warmed up. Its state and reuse stay as they are.
 */
export const awsWarmPool: ActuatorDefinition<Config> = { type: "aws-warm-pool", config, permissions, create };

function permissions({ group, region }: Config): readonly AwsPermission[] {
  return [
    { action: "autoscaling:DescribeWarmPool", resource: "*", write: false },
    { action: "autoscaling:DescribeAutoScalingGroups", resource: "*", write: false },
    { action: "autoscaling:PutWarmPool", resource: arn("autoscaling", region, `autoScalingGroup:*:autoScalingGroupName/${group}`), write: true },
  ];
}

type Pool = Required<Pick<DescribeWarmPoolCommandOutput, "WarmPoolConfiguration">> & Pick<DescribeWarmPoolCommandOutput, "Instances">;

async function create(settings: Config, context: ActuatorContext): Promise<Result<Actuator>> {
  const sdk = await import("@aws-sdk/client-auto-scaling");
  const declared = permissions(settings);
  const reads = declareActions(new sdk.AutoScalingClient(clientOptions(settings, "read")), "autoscaling", declared);
  const writes = declareActions(new sdk.AutoScalingClient(clientOptions(settings, "write")), "autoscaling", declared);
  const { group } = settings;

  const describe = async (): Promise<Result<Pool>> => {
    const answer = await readCall(() => reads.send(new sdk.DescribeWarmPoolCommand({ AutoScalingGroupName: group }), requestOptions(settings)));
    if (!answer.ok) return answer;
    const { WarmPoolConfiguration, Instances } = answer.value;
    if (WarmPoolConfiguration === undefined) return failure("missing", `${group} has no warm pool`);
    return success({ WarmPoolConfiguration, Instances });
  };
  /** The group's maximum: above it no instance would be kept, unless the pool has a limit of its own. */
  const limit = async (pool: Pool): Promise<Result<number>> => {
    const own = pool.WarmPoolConfiguration?.MaxGroupPreparedCapacity;
    if (own !== undefined && own >= 0) return success(own);
    const answer = await readCall(() => reads.send(new sdk.DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] }), requestOptions(settings)));
    return answer.ok ? success(answer.value.AutoScalingGroups?.[0]?.MaxSize ?? 0) : answer;
  };
  return success({
    type: "aws-warm-pool",
    async read() {
      const pool = await describe();
      return pool.ok ? success(workloadOf(pool.value, context.now())) : pool;
    },
    async write({ desiredReplicas, expectedReplicas }): Promise<WriteAnswer> {
      const pool = await describe();
      if (!pool.ok) return notSent(pool);
      const { MinSize: current = 0, MaxGroupPreparedCapacity: prepared, Status: status } = pool.value.WarmPoolConfiguration ?? {};
      if (status === "PendingDelete") return refused("missing", "being-deleted", `the warm pool of ${group} is being deleted`);
      if (current === desiredReplicas) return alreadyThere(`the warm pool of ${group} already keeps ${current}`);
      const max = await limit(pool.value);
      if (!max.ok) return notSent(max);
      if (desiredReplicas > max.value) return refused("permanent", "out-of-bounds", `${desiredReplicas} is above the ${max.value} that may be prepared`);
      if (current !== expectedReplicas) return refused("permanent", "foreign-write", `decided against ${expectedReplicas}, but the warm pool now keeps ${current}`);
      // PutWarmPool gives a default to what is left out: the rest goes as it was read.
      const { PoolState, InstanceReusePolicy } = pool.value.WarmPoolConfiguration ?? {};
      return await writeCall(`warm pool of ${group}: at least ${desiredReplicas}`, () => writes.send(new sdk.PutWarmPoolCommand({
        AutoScalingGroupName: group, MinSize: desiredReplicas, MaxGroupPreparedCapacity: prepared, PoolState, InstanceReusePolicy,
      }), requestOptions(settings)));
    },
    close() {
      reads.destroy();
      writes.destroy();
      return Promise.resolve();
    },
  });
}

function workloadOf({ WarmPoolConfiguration, Instances = [] }: Pool, timeSeconds: number): Workload {
  const inState = (pending: boolean): number => Instances.filter(({ LifecycleState = "" }) => LifecycleState.startsWith("Warmed:") && LifecycleState.startsWith("Warmed:Pending") === pending).length;
  return { kind: "value", timeSeconds, desiredReplicas: WarmPoolConfiguration?.MinSize ?? 0, readyReplicas: inState(false), pendingReplicas: inState(true) };
}
