import type { z } from "zod";
import { failure, type Result } from "../model/result.ts";
import type { Actuator, ActuatorContext, ActuatorDefinition } from "./actuator.ts";
import { awsAsg } from "./actuators/aws-asg.ts";
import { awsEc2Fleet } from "./actuators/aws-ec2-fleet.ts";
import { awsEcs } from "./actuators/aws-ecs.ts";
import { awsEcsFloor } from "./actuators/aws-ecs-floor.ts";
import { awsWarmPool } from "./actuators/aws-warm-pool.ts";
import { dryRun } from "./actuators/dry-run.ts";
import { kubernetesScale } from "./actuators/kubernetes-scale.ts";
import { simulated } from "./actuators/simulated.ts";
import { webhook } from "./actuators/webhook.ts";
import { iamPolicy, type IamPolicy } from "./aws/permissions.ts";

/** An actuator as the rest of the program knows it: its configuration is checked here, so its type is needed nowhere else. */
export interface RegisteredActuator {
  readonly type: string;
  readonly config: z.ZodType;
  create(config: unknown, context: ActuatorContext): Promise<Result<Actuator>>;
  /** The least IAM policy; undefined where no AWS service is called. Without `writes`: for the modes observe and recommend. */
  iamPolicy(config: unknown, options: { readonly writes: boolean }): Result<IamPolicy | undefined>;
}

/** Every actuator that a policy can name; to add one, write its file and add it here. */
export const ACTUATORS: readonly RegisteredActuator[] = [
  register(dryRun),
  register(simulated),
  register(awsAsg),
  register(awsEc2Fleet),
  register(awsEcs),
  register(awsEcsFloor),
  register(awsWarmPool),
  register(kubernetesScale),
  register(webhook),
];

/** Makes the actuator of a type. An unknown type, or a configuration that its schema refuses, is a permanent failure that names every fault. */
export async function createActuator(type: string, config: unknown, context: ActuatorContext): Promise<Result<Actuator>> {
  const actuator = ACTUATORS.find((one) => one.type === type);
  if (actuator === undefined) return failure("permanent", `there is no actuator ${type}; there are ${ACTUATORS.map((one) => one.type).join(", ")}`);
  return await actuator.create(config, context);
}

function register<Config>(definition: ActuatorDefinition<Config>): RegisteredActuator {
  const { type, config: schema } = definition;
  const withConfig = <T>(config: unknown, use: (parsed: Config) => T): T | ReturnType<typeof failure> => {
    const parsed = schema.safeParse(config);
    if (parsed.success) return use(parsed.data);
    return failure("permanent", parsed.error.issues.map(({ path, message }) => `${[type, ...path].join(".")}: ${message}`).join("; "));
  };
  return {
    type,
    config: schema,
    create: async (config, context) => await withConfig(config, (parsed) => definition.create(parsed, context)),
    iamPolicy: (config, options) => withConfig(config, (parsed) => {
      const permissions = definition.permissions?.(parsed);
      return { ok: true, value: permissions === undefined ? undefined : iamPolicy(permissions, options) };
    }),
  };
}
