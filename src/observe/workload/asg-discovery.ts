import { z } from "zod";
import { failure, success, type Result } from "../../model/result.ts";
import { awsDiscoveryFields, type DiscoveryProvider, type FoundTarget, MOST_PAGES, policyName } from "./discovery.ts";

const config = z.strictObject(awsDiscoveryFields);
type Config = z.infer<typeof config>;

/** EC2 Auto Scaling groups by tag (DescribeAutoScalingGroups with `tag:KEY` filters, all pages). */
export const asgDiscovery: DiscoveryProvider<Config> = { type: "aws-asg", config, discover };

async function discover({ region, endpoint, tags }: Config): Promise<Result<readonly FoundTarget[]>> {
  const { AutoScalingClient, DescribeAutoScalingGroupsCommand } = await import("@aws-sdk/client-auto-scaling");
  const client = new AutoScalingClient({ region, ...(endpoint === undefined ? {} : { endpoint }) });
  const found: FoundTarget[] = [];
  let token: string | undefined;
  try {
    for (let page = 0; page < MOST_PAGES; page++) {
      const answer = await client.send(new DescribeAutoScalingGroupsCommand({ Filters: Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] })), NextToken: token, MaxRecords: 100 }));
      for (const group of answer.AutoScalingGroups ?? []) {
        // A group that is being deleted has a status; one that lives has none.
        if (group.AutoScalingGroupName === undefined || group.Status !== undefined) continue;
        const labels = Object.fromEntries((group.Tags ?? []).flatMap((tag) => (tag.Key === undefined ? [] : [[tag.Key, tag.Value ?? ""]])));
        found.push({ name: policyName(group.AutoScalingGroupName), labels, target: { "aws-asg": { group: group.AutoScalingGroupName, region, ...(endpoint === undefined ? {} : { endpoint }) } } });
      }
      token = answer.NextToken;
      if (token === undefined) return success(found.sort((a, b) => (a.name < b.name ? -1 : 1)));
    }
    return failure("permanent", `more than ${String(MOST_PAGES)} pages of Auto Scaling groups carry these tags`);
  } catch (error) {
    return failure("transient", `DescribeAutoScalingGroups in ${region}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    client.destroy();
  }
}
