import type { z } from "zod";
import { failure, type Result } from "../../model/result.ts";
import { asgDiscovery } from "./asg-discovery.ts";
import type { DiscoveryProvider, FoundTarget } from "./discovery.ts";
import { ecsDiscovery } from "./ecs-discovery.ts";

export interface RegisteredDiscovery {
  readonly type: string;
  readonly config: z.ZodType;
  discover(config: unknown): Promise<Result<readonly FoundTarget[]>>;
}

/** Every way that targets are found; to add one, write its file and add it here. */
export const DISCOVERY: readonly RegisteredDiscovery[] = [
  register(asgDiscovery),
  register(ecsDiscovery),
];

function register<Config>(provider: DiscoveryProvider<Config>): RegisteredDiscovery {
  const { type, config: schema } = provider;
  return {
    type,
    config: schema,
    discover: async (config) => {
      const parsed = schema.safeParse(config);
      return parsed.success ? await provider.discover(parsed.data) : failure("permanent", parsed.error.issues.map(({ path, message }) => `${[type, ...path].join(".")}: ${message}`).join("; "));
    },
  };
}
