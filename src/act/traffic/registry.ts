import type { z } from "zod";
import { failure, type Result } from "../../model/result.ts";
import { iamPolicy, type IamPolicy } from "../aws/permissions.ts";
import { route53 } from "./route53.ts";
import { simulatedSplit } from "./simulated-split.ts";
import type { SwitchContext, SwitchDefinition, TrafficSwitch } from "./traffic-switch.ts";
import { webhookSplit } from "./webhook-split.ts";

export interface RegisteredSwitch {
  readonly type: string;
  readonly config: z.ZodType;
  create(config: unknown, context: SwitchContext): Promise<Result<TrafficSwitch>>;
  /** The least IAM policy; undefined where no AWS service is called. */
  iamPolicy(config: unknown, options: { readonly writes: boolean }): IamPolicy | undefined;
}

/** Every switch that foretide.yaml can name; to add one, write its file and add it here. */
export const SWITCHES: readonly RegisteredSwitch[] = [register(simulatedSplit), register(route53), register(webhookSplit)];

/** Makes the switch that one key names, its value the configuration. */
export async function createSwitch(provider: Readonly<Record<string, unknown>>, context: SwitchContext): Promise<Result<TrafficSwitch>> {
  const [type = "", settings] = Object.entries(provider)[0] ?? [];
  const found = SWITCHES.find((one) => one.type === type);
  if (found === undefined) return failure("permanent", `traffic.${context.split}.switch: there is no switch ${type}; there are ${SWITCHES.map((one) => one.type).join(", ")}`);
  return await found.create(settings ?? {}, context);
}

function register<Config>(definition: SwitchDefinition<Config>): RegisteredSwitch {
  const { type, config: schema } = definition;
  return {
    type,
    config: schema,
    async create(config, context) {
      const parsed = schema.safeParse(config);
      if (!parsed.success) return failure("permanent", parsed.error.issues.map(({ path, message }) => `traffic.${context.split}.switch.${[type, ...path].join(".")}: ${message}`).join("; "));
      return await definition.create(parsed.data, context);
    },
    iamPolicy(config, options) {
      const parsed = schema.safeParse(config);
      const permissions = parsed.success ? definition.permissions?.(parsed.data) : undefined;
      return permissions === undefined ? undefined : iamPolicy(permissions, options);
    },
  };
}
