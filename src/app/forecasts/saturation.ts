import { valueOf } from "../../model/observation.ts";
import type { Policy } from "../../model/policy.ts";
import type { TargetSnapshot } from "../../model/snapshot.ts";

/**
 * Why the load seen at a tick is only a lower bound: as many replicas ran as are allowed and the objective was missed all the
 * same, or the source says so. Undefined where it is a measurement.
 */
export function saturationOf(seen: TargetSnapshot, policy: Policy): string | undefined {
  if (seen.demand.kind === "value" && seen.demand.censored === true) return "the source says that more was asked for than was served";
  const missRatio = valueOf(seen.missRatio);
  const ready = seen.workload.kind === "value" ? seen.workload.readyReplicas : undefined;
  if (ready === undefined || missRatio === undefined || ready < policy.replicas.max || missRatio <= policy.objective.errorBudget) return undefined;
  return `all ${String(policy.replicas.max)} replicas ran and the objective was missed: more was asked for than was served`;
}
