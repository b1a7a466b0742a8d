import type { ContainerInstance, ECSClient } from "@aws-sdk/client-ecs";
import { offeringId } from "../../model/offering.ts";
import { success, type Result } from "../../model/result.ts";
import { requestOptions, type AwsConnection } from "./connection.ts";
import { readCall } from "./errors.ts";

/** One machine of an ECS cluster. */
export interface ContainerMachine {
  readonly arn: string;
  readonly status: string;
  readonly offering: string;
}

/** The machines of a cluster by their EC2 ids. */
export interface ContainerInstances {
  /** Asks for the list anew where the last one is older than the given age. A question that fails leaves what was known. */
  refresh(maxAgeSeconds: number): Promise<Result<void>>;
  machine(instanceId: string): ContainerMachine | undefined;
  close(): void;
}

/** DescribeContainerInstances takes at most so many. */
const MOST_DESCRIBED = 100;

export function createContainerInstances(client: ECSClient, settings: AwsConnection & { readonly cluster: string }, now: () => number): ContainerInstances {
  let machines: ReadonlyMap<string, ContainerMachine> = new Map();
  let askedSeconds = -Infinity;
  const list = async (): Promise<Result<readonly string[]>> => {
    const sdk = await import("@aws-sdk/client-ecs");
    const arns: string[] = [];
    let token: string | undefined;
    do {
      const page = await readCall(() => client.send(new sdk.ListContainerInstancesCommand({ cluster: settings.cluster, nextToken: token }), requestOptions(settings)));
      if (!page.ok) return page;
      arns.push(...(page.value.containerInstanceArns ?? []));
      token = page.value.nextToken;
    } while (token !== undefined && token !== "");
    return success(arns);
  };
  return {
    async refresh(maxAgeSeconds) {
      if (now() - askedSeconds < maxAgeSeconds) return success(undefined);
      const arns = await list();
      if (!arns.ok) return arns;
      const sdk = await import("@aws-sdk/client-ecs");
      const found = new Map<string, ContainerMachine>();
      for (let from = 0; from < arns.value.length; from += MOST_DESCRIBED) {
        const answer = await readCall(() => client.send(new sdk.DescribeContainerInstancesCommand({ cluster: settings.cluster, containerInstances: arns.value.slice(from, from + MOST_DESCRIBED) }), requestOptions(settings)));
        if (!answer.ok) return answer;
        for (const instance of answer.value.containerInstances ?? []) if (instance.ec2InstanceId !== undefined) found.set(instance.ec2InstanceId, machineOf(instance));
      }
      machines = found;
      askedSeconds = now();
      return success(undefined);
    },
    machine: (instanceId) => machines.get(instanceId),
    close: () => { client.destroy(); },
  };
}

function machineOf({ containerInstanceArn = "", status = "", attributes = [] }: ContainerInstance): ContainerMachine {
  const attribute = (name: string): string => attributes.find((one) => one.name === name)?.value ?? "unknown";
  return { arn: containerInstanceArn, status, offering: offeringId(attribute("ecs.availability-zone"), attribute("ecs.instance-type"), "spot") };
}
