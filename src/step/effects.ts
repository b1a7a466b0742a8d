import type { Decision } from "../model/decision.ts";
import type { Intent } from "../model/intent.ts";
import type { Policy } from "../model/policy.ts";
import type { Snapshot, TargetSnapshot } from "../model/snapshot.ts";
import { drainIntents } from "./leaving.ts";
import type { Departure, Leaving } from "./leaving.ts";
import type { Purchased } from "./purchase.ts";

/** How long an intent may wait for its write, in evaluation intervals. */
const INTENT_LIFE_INTERVALS = 4;

export interface EffectParts {
  readonly snapshot: Snapshot;
  readonly seen: TargetSnapshot;
  readonly policy: Policy;
  readonly purchased: Purchased;
  readonly leaving: Leaving | undefined;
  readonly departure: Departure;
}

/** The order for the count and the mix, where one is needed, then a drain for each machine that is due. */
export function effectsOf(decision: Decision, parts: EffectParts): { readonly intents: readonly Intent[]; readonly leaving: Leaving | undefined } {
  const { seen, purchased, leaving, departure } = parts;
  if (seen.workload.kind === "absent" || decision.kind === "hold" || decision.kind === "defer") return { intents: [], leaving };
  const isOrder = decision.desiredReplicas !== decision.currentReplicas || purchased.changed || toldOnly(seen).length > 0 || departure.standIns !== (leaving?.standIns ?? 0);
  const base = intentOf(decision, parts);
  const { drains, leaving: next } = drainIntents(leaving, departure, { base, order: isOrder ? base : undefined });
  return { intents: [...(isOrder ? [base] : []), ...drains], leaving: next };
}

/** Counts of the cloud: those of the decision and the stand-ins for machines that leave. */
function intentOf(decision: Decision, { snapshot, seen, policy, leaving, departure }: EffectParts): Intent {
  const { allocation } = decision;
  const desired = decision.desiredReplicas + departure.standIns;
  const current = decision.currentReplicas + (leaving?.standIns ?? 0);
  const leavers = departure.standIns > 0 ? (leaving?.machines ?? []).map(({ instanceId }) => instanceId) : toldOnly(seen);
  return {
    target: decision.target,
    decisionId: decision.id,
    idempotencyKey: `${decision.id}#${String(desired)}`,
    direction: desired > current ? "out" : desired < current ? "in" : "rebalance",
    expectedReplicas: current,
    desiredReplicas: desired,
    ...(allocation !== undefined && { allocation }),
    ...(leavers.length > 0 && { leaving: leavers }),
    ...(departure.standIns > 0 && { standIns: departure.standIns }),
    expiresAtSeconds: snapshot.timeSeconds + INTENT_LIFE_INTERVALS * policy.evaluationIntervalSeconds,
    epoch: snapshot.epoch,
  };
}

/** Machines with an interruption notice that the actuator replaces by itself: it is only told of them. */
export function toldOnly({ notices, workload }: TargetSnapshot): readonly string[] {
  if (workload.kind === "value" && workload.replacement !== undefined) return [];
  return notices.flatMap((notice) => (notice.kind === "interruption" && notice.instanceId !== undefined ? [notice.instanceId] : []));
}
