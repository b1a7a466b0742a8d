import type { EC2Client } from "@aws-sdk/client-ec2";
import type { CapacityType } from "../../model/offering.ts";
import { clientOptions, requestOptions, type AwsConnection } from "./connection.ts";
import { declareActions, type AwsPermission } from "./permissions.ts";

/** Which market each instance was bought on. It never changes, so each instance is asked for once. */
export interface InstanceMarkets {
  /** Asks EC2 for those not known yet; where it does not answer they stay unknown, and it is asked again after a pause. */
  learn(instanceIds: readonly string[]): Promise<void>;
  marketOf(instanceId: string): CapacityType | undefined;
  close(): void;
}

export const DESCRIBE_INSTANCES: AwsPermission = { action: "ec2:DescribeInstances", resource: "*", write: false };

/** The largest number of values that EC2 takes in one filter. */
const FILTER_VALUES = 200;
const PAUSE_AFTER_FAILURE_SECONDS = 300;

/** EC2's client is loaded at the first question: it is large, and many groups need it never. */
export function createInstanceMarkets(connection: AwsConnection, now: () => number): InstanceMarkets {
  let known = new Map<string, CapacityType>();
  let client: EC2Client | undefined;
  let askAgainSeconds = -Infinity;

  return {
    async learn(instanceIds) {
      const wanted = new Set(instanceIds);
      known = new Map([...known].filter(([id]) => wanted.has(id)));
      const unknown = instanceIds.filter((id) => !known.has(id));
      if (unknown.length === 0 || now() < askAgainSeconds) return;
      const sdk = await import("@aws-sdk/client-ec2");
      client ??= declareActions(new sdk.EC2Client(clientOptions(connection, "read")), "ec2", [DESCRIBE_INSTANCES]);
      try {
        for (let from = 0; from < unknown.length; from += FILTER_VALUES) {
          // By filter and not by id: an instance that EC2 does not know yet must not fail the others.
          const filter = { Name: "instance-id", Values: unknown.slice(from, from + FILTER_VALUES) };
          const answer = await client.send(new sdk.DescribeInstancesCommand({ Filters: [filter] }), requestOptions(connection));
          for (const { InstanceId, InstanceLifecycle } of (answer.Reservations ?? []).flatMap(({ Instances }) => Instances ?? [])) {
            if (InstanceId !== undefined) known.set(InstanceId, InstanceLifecycle === "spot" ? "spot" : "on-demand");
          }
        }
      } catch {
        askAgainSeconds = now() + PAUSE_AFTER_FAILURE_SECONDS;
      }
    },
    marketOf: (instanceId) => known.get(instanceId),
    close: () => { client?.destroy(); },
  };
}
