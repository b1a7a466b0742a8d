import type { ScalableTarget } from "@aws-sdk/client-application-auto-scaling";
import type { Service } from "@aws-sdk/client-ecs";
import { z } from "zod";
import { failure, success, type Result } from "../../model/result.ts";
import type { ForeignHand, Writer } from "../foreign-hand.ts";
import { handsOf } from "./activity-cause.ts";
import { awsConnectionFields, clientOptions, requestOptions, type AwsConnection } from "./connection.ts";
import { readCall } from "./errors.ts";
import { declareActions, type AwsPermission } from "./permissions.ts";

/** Which ECS service, and how it is reached. */
export const ecsServiceFields = {
  cluster: z.string().min(1).describe("Name of the ECS cluster."),
  service: z.string().min(1).describe("Name of the ECS service."),
  ...awsConnectionFields,
};

export interface EcsServiceSettings extends AwsConnection {
  readonly cluster: string;
  readonly service: string;
}

const DIMENSION = { ServiceNamespace: "ecs", ScalableDimension: "ecs:service:DesiredCount" } as const;

/** What is asked of one ECS service and of its scalable target in Application Auto Scaling, by both actuators on ECS. */
export interface EcsReader {
  readonly resource: { readonly ServiceNamespace: "ecs"; readonly ScalableDimension: "ecs:service:DesiredCount"; readonly ResourceId: string };
  service(): Promise<Result<Service>>;
  /** Undefined where the service is not registered there. */
  scalableTarget(): Promise<Result<ScalableTarget | undefined>>;
  foreignHands(sinceSeconds: number): Promise<Result<readonly ForeignHand[]>>;
  scalingPolicies(): Promise<Result<readonly Writer[]>>;
  scheduledActions(): Promise<Result<readonly Writer[]>>;
  close(): void;
}

export async function createEcsReader(settings: EcsServiceSettings, permissions: readonly AwsPermission[]): Promise<EcsReader> {
  const ecsSdk = await import("@aws-sdk/client-ecs");
  const scalingSdk = await import("@aws-sdk/client-application-auto-scaling");
  const ecs = declareActions(new ecsSdk.ECSClient(clientOptions(settings, "read")), "ecs", permissions);
  const scaling = declareActions(new scalingSdk.ApplicationAutoScalingClient(clientOptions(settings, "read")), "application-autoscaling", permissions);
  const resource = { ...DIMENSION, ResourceId: `service/${settings.cluster}/${settings.service}` };
  const options = () => requestOptions(settings);
  return {
    resource,
    async service() {
      const answer = await readCall(() => ecs.send(new ecsSdk.DescribeServicesCommand({ cluster: settings.cluster, services: [settings.service] }), options()));
      if (!answer.ok) return answer;
      const service = answer.value.services?.[0];
      if (service === undefined || service.status === "INACTIVE") return failure("missing", `there is no ECS service ${settings.service} in ${settings.cluster}`);
      return success(service);
    },
    async scalableTarget() {
      const answer = await readCall(() => scaling.send(new scalingSdk.DescribeScalableTargetsCommand({ ServiceNamespace: "ecs", ScalableDimension: DIMENSION.ScalableDimension, ResourceIds: [resource.ResourceId] }), options()));
      return answer.ok ? success(answer.value.ScalableTargets?.[0]) : answer;
    },
    async foreignHands(sinceSeconds) {
      const answer = await readCall(() => scaling.send(new scalingSdk.DescribeScalingActivitiesCommand({ ...resource, MaxResults: 50 }), options()));
      return answer.ok ? success(handsOf(answer.value.ScalingActivities ?? [], sinceSeconds)) : answer;
    },
    async scalingPolicies() {
      const answer = await readCall(() => scaling.send(new scalingSdk.DescribeScalingPoliciesCommand(resource), options()));
      if (!answer.ok) return answer;
      return success((answer.value.ScalingPolicies ?? []).map(({ PolicyName, PolicyType }): Writer => ({
        kind: PolicyType === "TargetTrackingScaling" ? "target-tracking" : PolicyType === "PredictiveScaling" ? "predictive" : "step-scaling", name: PolicyName ?? "",
      })));
    },
    async scheduledActions() {
      const answer = await readCall(() => scaling.send(new scalingSdk.DescribeScheduledActionsCommand(resource), options()));
      return answer.ok ? success((answer.value.ScheduledActions ?? []).map(({ ScheduledActionName }): Writer => ({ kind: "scheduled", name: ScheduledActionName ?? "" }))) : answer;
    },
    close() {
      ecs.destroy();
      scaling.destroy();
    },
  };
}
