import { rowsForUse, useThen } from "../learn/inferred-misses.ts";
import type { UseRow } from "../learn/inferred-misses.ts";
import { valueOf } from "../model/observation.ts";
import type { Policy } from "../model/policy.ts";
import type { TargetSnapshot } from "../model/snapshot.ts";
import { windowAgeRows } from "../plan/lead-horizons.ts";
import { ASSUMED_WORKERS, missShare } from "../plan/queue-tail.ts";

/** What the price learns from at a tick, and the rows that are kept for the next while the misses are not measured. */
export interface SeenMisses {
  readonly rows: readonly UseRow[];
  readonly demandPerSecond: number;
  /** NaN where nothing is known of it. */
  readonly missRatio: number;
}

interface MissesInput {
  readonly seen: TargetSnapshot;
  readonly policy: Policy;
  readonly requestsPerSecondPerReplica: number;
}

/**
 * The misses that were measured, else those that the queue's tail gives for the use that there was. A measurement begins the rows anew, and
 * so does a gap in the demand or the count; after a time that nobody watched, `before` is empty.
 */
export function missesOf(before: readonly UseRow[], { seen, policy, requestsPerSecondPerReplica }: MissesInput): SeenMisses {
  const demandPerSecond = valueOf(seen.demand) ?? NaN;
  const measured = valueOf(seen.missRatio);
  if (measured !== undefined || !(demandPerSecond >= 0) || seen.workload.kind === "absent" || !(requestsPerSecondPerReplica > 0)) return { rows: NO_ROWS, demandPerSecond, missRatio: measured ?? NaN };
  const ageRows = windowAgeRows(policy);
  const row: UseRow = { demandPerSecond, utilization: valueOf(seen.utilization) ?? -1, readyReplicas: seen.workload.readyReplicas };
  const rows = [...before, row].slice(-rowsForUse(ageRows));
  const then = useThen(rows, ageRows, requestsPerSecondPerReplica);
  const tail = { workers: ASSUMED_WORKERS, requestsPerSecondPerReplica, objectiveSeconds: policy.objective.latencySeconds };
  return then === undefined ? { rows, demandPerSecond, missRatio: NaN } : { rows, demandPerSecond: then.demandPerSecond, missRatio: missShare(tail, then.use) };
}

const NO_ROWS: readonly UseRow[] = [];
