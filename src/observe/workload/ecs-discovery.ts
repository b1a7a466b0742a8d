import type { ECSClient, ListServicesCommand, Service } from "@aws-sdk/client-ecs";
import { z } from "zod";
import { failure, success, type Result } from "../../model/result.ts";
import { awsDiscoveryFields, type DiscoveryProvider, type FoundTarget, MOST_PAGES, policyName } from "./discovery.ts";

const config = z.strictObject({ ...awsDiscoveryFields, cluster: z.string().min(1).describe("The cluster whose services are looked through.") });
type Config = z.infer<typeof config>;

// DescribeServices takes ten at most.
const SERVICES_A_CALL = 10;

/** ECS services of a cluster by tag (ListServices, then DescribeServices with TAGS; ECS itself filters by no tag). */
export const ecsDiscovery: DiscoveryProvider<Config> = { type: "aws-ecs", config, discover };

async function discover(settings: Config): Promise<Result<readonly FoundTarget[]>> {
  const { region, endpoint, cluster, tags } = settings;
  const sdk = await import("@aws-sdk/client-ecs");
  const client = new sdk.ECSClient({ region, ...(endpoint === undefined ? {} : { endpoint }) });
  try {
    const arns = await listServices(client, sdk.ListServicesCommand, cluster);
    if (arns === undefined) return failure("permanent", `more than ${String(MOST_PAGES)} pages of services in ${cluster}`);
    const found: FoundTarget[] = [];
    for (let start = 0; start < arns.length; start += SERVICES_A_CALL) {
      const answer = await client.send(new sdk.DescribeServicesCommand({ cluster, services: arns.slice(start, start + SERVICES_A_CALL), include: ["TAGS"] }));
      for (const service of answer.services ?? []) found.push(...targetOf(service, settings).filter((target) => Object.entries(tags).every(([key, value]) => target.labels[key] === value)));
    }
    return success(found.sort((a, b) => (a.name < b.name ? -1 : 1)));
  } catch (error) {
    return failure("transient", `services of ${cluster} in ${region}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    client.destroy();
  }
}

async function listServices(client: ECSClient, ListServices: typeof ListServicesCommand, cluster: string): Promise<readonly string[] | undefined> {
  const arns: string[] = [];
  let token: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const answer = await client.send(new ListServices({ cluster, maxResults: 100, nextToken: token }));
    arns.push(...(answer.serviceArns ?? []));
    token = answer.nextToken;
    if (token === undefined) return arns;
  }
  return undefined;
}

function targetOf(service: Service, { region, endpoint, cluster }: Config): readonly FoundTarget[] {
  if (service.serviceName === undefined || service.status !== "ACTIVE") return [];
  const labels = Object.fromEntries((service.tags ?? []).flatMap((tag) => (tag.key === undefined ? [] : [[tag.key, tag.value ?? ""]])));
  return [{ name: policyName(service.serviceName), labels, target: { "aws-ecs": { cluster, service: service.serviceName, region, ...(endpoint === undefined ? {} : { endpoint }) } } }];
}
