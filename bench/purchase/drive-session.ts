import { join } from "node:path";
import { effectivePolicy } from "../../src/policy/effective-policy.ts";
import { loadPolicies } from "../../src/policy/load-configuration.ts";
import { DriveSession } from "../../src/replay/drive-session.ts";

/** What `foretide drive --policy config/policies/<name>.yaml` answers with, in this process. */
export function driveSession(name: string): DriveSession {
  const path = join(import.meta.dirname, "..", "..", "config", "policies", `${name}.yaml`);
  const loaded = loadPolicies([path]);
  const policy = loaded.ok ? loaded.policies[0] : undefined;
  if (policy === undefined) throw new Error(`${path} cannot be read`);
  return new DriveSession({ policy, history: [], effective: effectivePolicy });
}
