import type { Decision, Reason } from "../model/decision.ts";
import type { Intent } from "../model/intent.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { effectsOf } from "./effects.ts";
import { decisionOf } from "./explain.ts";
import { departures } from "./leaving.ts";
import { judge } from "./propose.ts";
import type { Proposal } from "./propose.ts";
import { purchaseFor } from "./purchase.ts";
import type { TargetState } from "./state.ts";

export interface TargetDecision {
  readonly decision: Decision;
  /** In the order in which they are to be carried out. */
  readonly intents: readonly Intent[];
  readonly nextState: TargetState;
}

/** What a target may have of what its group shares: its count, and why it is not the one that was proposed. */
export interface Grant {
  readonly replicas: number;
  readonly reasons: readonly Reason[];
}

/** Purchase, the guard once more where a count was cut, then the decision and its effects. */
export function settle(proposal: Proposal, grant: Grant, snapshot: Snapshot): TargetDecision {
  const { policy, seen, leaving, state, planned, plan, current, counts, decided, verdict } = proposal;
  const wish = { snapshot, seen, policy, plan, desiredReplicas: grant.replicas };
  const first = purchaseFor(state, wish);
  // A limit in dollars or grams may cut the count, but never below what the guard allows: then as many are bought.
  const cut = first.desiredReplicas === verdict.desiredReplicas ? undefined : judge(proposal, first.desiredReplicas);
  const desired = cut?.desiredReplicas ?? verdict.desiredReplicas;
  const purchased = desired > first.desiredReplicas ? purchaseFor(state, { ...wish, desiredReplicas: desired, leastReplicas: desired }) : first;
  const departure = departures(leaving, seen, { nowSeconds: snapshot.timeSeconds, intervalSeconds: policy.evaluationIntervalSeconds, desiredReplicas: desired });
  const reasons = [...(plan?.reasons ?? []), ...decided.reasons, ...verdict.reasons, ...grant.reasons, ...first.reasons, ...(cut?.reasons ?? []), ...(purchased === first ? [] : purchased.reasons), ...departure.reasons];
  const decision = decisionOf({ ...proposal, snapshot, desired, reasons, purchased, departure });
  const isOpen = snapshot.timeSeconds < state.breaker.openUntilSeconds;
  const effects = isOpen ? { intents: [], leaving } : effectsOf(decision, { snapshot, seen, policy, purchased, leaving, departure });
  const { deferral: _, ...kept } = planned;
  const nextState: TargetState = {
    ...kept, ...(proposal.deferral !== undefined && { deferral: proposal.deferral }), leaving: effects.leaving, counts, changes: decided.changes, guard: (cut ?? verdict).nextState, lastDesired: desired,
    lastScaleIn: desired < current ? { timeSeconds: snapshot.timeSeconds, from: current } : state.lastScaleIn, purchase: purchased.memory,
  };
  return { decision: isOpen ? deferred(decision) : decision, intents: effects.intents, nextState };
}

/** While the breaker is open nothing is sent: what was decided stands in the reasons. */
function deferred(decision: Decision): Decision {
  if (decision.kind === "hold" || decision.kind === "defer") return decision;
  const reason: Reason = { code: "breaker-open", text: "three writes in a row had no effect: nothing is sent for a while", before: decision.desiredReplicas, after: decision.currentReplicas };
  return { ...decision, kind: "defer", desiredReplicas: decision.currentReplicas, reasons: [...decision.reasons, reason] };
}
