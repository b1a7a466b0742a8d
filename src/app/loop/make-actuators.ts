import type { Actuator } from "../../act/actuator.ts";
import { createActuator } from "../../act/registry.ts";
import type { Policy } from "../../model/policy.ts";
import { success, type Result } from "../../model/result.ts";

/** The actuators, by target, that are new or otherwise configured than under the policy of before. Where one cannot be made, those that were are closed again. */
export async function makeActuators(policies: readonly Policy[], before: (target: string) => Policy | undefined, now: () => number): Promise<Result<ReadonlyMap<string, Actuator>>> {
  const made = new Map<string, Actuator>();
  for (const policy of policies) {
    const known = before(policy.name);
    if (known !== undefined && sameActuator(known, policy)) continue;
    const actuator = await createActuator(policy.actuator.type, policy.actuator.config, { target: policy.name, now });
    if (!actuator.ok) {
      await Promise.all([...made.values()].map((one) => one.close()));
      return actuator;
    }
    made.set(policy.name, actuator.value);
  }
  return success(made);
}

function sameActuator(before: Policy, after: Policy): boolean {
  return JSON.stringify(before.actuator) === JSON.stringify(after.actuator);
}
