import type { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import { success, type Result } from "../../model/result.ts";
import type { ForeignHand, Writer } from "../foreign-hand.ts";
import { handsOf } from "./activity-cause.ts";
import { requestOptions, type AwsConnection } from "./connection.ts";
import { readCall } from "./errors.ts";

interface GroupSettings extends AwsConnection {
  readonly group: string;
  readonly replicasPerUnit: number;
}

/** Changes of the desired capacity that the group's activities tell of, ours among them; oldest first, in replicas. */
export async function asgForeignHands(client: AutoScalingClient, settings: GroupSettings, sinceSeconds: number): Promise<Result<readonly ForeignHand[]>> {
  const sdk = await import("@aws-sdk/client-auto-scaling");
  const answer = await readCall(() => client.send(new sdk.DescribeScalingActivitiesCommand({ AutoScalingGroupName: settings.group, MaxRecords: 50 }), requestOptions(settings)));
  if (!answer.ok) return answer;
  return success(handsOf(answer.value.Activities ?? [], sinceSeconds).map((hand) => inReplicas(hand, settings.replicasPerUnit)));
}

function inReplicas(hand: ForeignHand, replicasPerUnit: number): ForeignHand {
  const times = (units: number | undefined): number | undefined => units === undefined ? undefined : units * replicasPerUnit;
  return { ...hand, fromReplicas: times(hand.fromReplicas), toReplicas: times(hand.toReplicas) };
}

const KINDS: Readonly<Record<string, Writer["kind"]>> = { TargetTrackingScaling: "target-tracking", PredictiveScaling: "predictive" };

/** Scaling policies and scheduled actions that are set up to change the group. */
export async function asgRivals(client: AutoScalingClient, settings: GroupSettings): Promise<Result<readonly Writer[]>> {
  const sdk = await import("@aws-sdk/client-auto-scaling");
  const of = { AutoScalingGroupName: settings.group };
  const policies = await readCall(() => client.send(new sdk.DescribePoliciesCommand(of), requestOptions(settings)));
  if (!policies.ok) return policies;
  const actions = await readCall(() => client.send(new sdk.DescribeScheduledActionsCommand(of), requestOptions(settings)));
  if (!actions.ok) return actions;
  return success([
    ...(policies.value.ScalingPolicies ?? [])
      .filter((policy) => policy.Enabled !== false && policy.PredictiveScalingConfiguration?.Mode !== "ForecastOnly")
      .map((policy): Writer => ({ kind: KINDS[policy.PolicyType ?? ""] ?? "step-scaling", name: policy.PolicyName ?? "" })),
    ...(actions.value.ScheduledUpdateGroupActions ?? []).map((action): Writer => ({ kind: "scheduled", name: action.ScheduledActionName ?? "" })),
  ]);
}
