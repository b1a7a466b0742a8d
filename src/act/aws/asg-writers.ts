import type { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import { success, type Result } from "../../model/result.ts";
import type { ForeignHand, Writer } from "../foreign-hand.ts";
import { handOfActivity } from "./activity-cause.ts";
import { requestOptions, type AwsConnection } from "./connection.ts";
import { readFailure } from "./errors.ts";

interface GroupSettings extends AwsConnection {
  readonly group: string;
  readonly replicasPerUnit: number;
}

/** Changes of the desired capacity that the group's activities tell of, ours among them; oldest first, in replicas. */
export async function asgForeignHands(client: AutoScalingClient, settings: GroupSettings, sinceSeconds: number): Promise<Result<readonly ForeignHand[]>> {
  const sdk = await import("@aws-sdk/client-auto-scaling");
  try {
    const answer = await client.send(new sdk.DescribeScalingActivitiesCommand({ AutoScalingGroupName: settings.group, MaxRecords: 50 }), requestOptions(settings));
    const hands = new Map<string, ForeignHand>();
    for (const { Cause = "", StartTime, Description } of answer.Activities ?? []) {
      const hand = handOfActivity(Cause, (StartTime?.getTime() ?? 0) / 1_000, Description);
      if (hand !== undefined && hand.timeSeconds >= sinceSeconds) hands.set(`${hand.timeSeconds} ${hand.toReplicas ?? ""}`, inReplicas(hand, settings.replicasPerUnit));
    }
    return success([...hands.values()].sort((a, b) => a.timeSeconds - b.timeSeconds));
  } catch (error) {
    return readFailure(error);
  }
}

function inReplicas(hand: ForeignHand, replicasPerUnit: number): ForeignHand {
  const times = (units: number | undefined): number | undefined => units === undefined ? undefined : units * replicasPerUnit;
  return { ...hand, fromReplicas: times(hand.fromReplicas), toReplicas: times(hand.toReplicas) };
}

/** Scaling policies and scheduled actions that are set up to change the group. */
export async function asgRivals(client: AutoScalingClient, settings: GroupSettings): Promise<Result<readonly Writer[]>> {
  const sdk = await import("@aws-sdk/client-auto-scaling");
  const of = { AutoScalingGroupName: settings.group };
  try {
    const policies = await client.send(new sdk.DescribePoliciesCommand(of), requestOptions(settings));
    const actions = await client.send(new sdk.DescribeScheduledActionsCommand(of), requestOptions(settings));
    const kinds: Readonly<Record<string, Writer["kind"]>> = { TargetTrackingScaling: "target-tracking", PredictiveScaling: "predictive" };
    return success([
      ...(policies.ScalingPolicies ?? [])
        .filter((policy) => policy.Enabled !== false && policy.PredictiveScalingConfiguration?.Mode !== "ForecastOnly")
        .map((policy): Writer => ({ kind: kinds[policy.PolicyType ?? ""] ?? "step-scaling", name: policy.PolicyName ?? "" })),
      ...(actions.ScheduledUpdateGroupActions ?? []).map((action): Writer => ({ kind: "scheduled", name: action.ScheduledActionName ?? "" })),
    ]);
  } catch (error) {
    return readFailure(error);
  }
}
