import { join } from "node:path";
import { effectivePolicy } from "../../src/policy/effective-policy.ts";
import { loadPolicies } from "../../src/policy/load-configuration.ts";
import type { DriveObservation } from "../../src/replay/drive-line.ts";
import { DriveSession } from "../../src/replay/drive-session.ts";

/** What `foretide drive --policy config/policies/<name>.yaml` answers with, in this process; with another price of a shortfall where one is given. */
export function driveSession(name: string, { history = [], shortfallFactor }: { readonly history?: readonly DriveObservation[]; readonly shortfallFactor?: number | undefined } = {}): DriveSession {
  const path = join(import.meta.dirname, "..", "..", "config", "policies", `${name}.yaml`);
  const loaded = loadPolicies([path]);
  const policy = loaded.ok ? loaded.policies[0] : undefined;
  if (policy === undefined) throw new Error(`${path} cannot be read`);
  const purchase = policy.purchase !== undefined && shortfallFactor !== undefined ? { ...policy.purchase, shortfallFactor } : policy.purchase;
  return new DriveSession({ policy: { ...policy, purchase }, history, effective: effectivePolicy });
}
