import { z } from "zod";
import type { Result } from "../../model/result.ts";

/** A target found in a cloud by its tags: the configuration that its actuator takes, and the tags as labels. */
export interface FoundTarget {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** As in a policy: `{ aws-asg: { group: …, region: … } }`. */
  readonly target: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** How targets of one kind are found: its type in the YAML, what it is told, and how it asks. Reads only. */
export interface DiscoveryProvider<Config> {
  readonly type: string;
  readonly config: z.ZodType<Config>;
  /** All that match, in the order of their names. A failure means that nothing is known, never that there is nothing. */
  discover(config: Config): Promise<Result<readonly FoundTarget[]>>;
}

export const awsDiscoveryFields = {
  region: z.string().min(1).describe("The region to look in."),
  endpoint: z.url().optional().describe("Another address of the service, for a private endpoint or a test server."),
  // An empty selection would mean everything: outages have begun that way.
  tags: z.record(z.string(), z.string().min(1)).refine((tags) => Object.keys(tags).length > 0, "name one tag or more").describe("Tags that a target must carry, all of them."),
};

export const MOST_PAGES = 200;

/** A name as policies want it: what a cloud allows beyond that becomes a dash. */
export function policyName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9.-]+/g, "-").replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, "");
}
