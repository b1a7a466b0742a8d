import { shareLimits } from "./step/arbitrate.ts";
import { withFloors } from "./step/floors.ts";
import { propose } from "./step/propose.ts";
import { readSignals } from "./step/readings.ts";
import { settle } from "./step/settle.ts";
import { initialTargetState } from "./step/state.ts";
import type { GroupState, TargetState } from "./step/state.ts";
import type { Decision } from "./model/decision.ts";
import type { Intent } from "./model/intent.ts";
import type { Policy } from "./model/policy.ts";
import type { Snapshot } from "./model/snapshot.ts";
import { emptyRecord } from "./model/record.ts";

export { fitInput, fitRequests } from "./step/fits.ts";
export type { FitRequest } from "./step/fits.ts";
export { groupStateAnew, initialGroupState, reconcileGroupState, restoreGroupState, saveGroupState, withDemandLearned } from "./step/state.ts";
export type { GroupState } from "./step/state.ts";

/** What one step came to. `nextState` is the only state to go on with: the one that was given is used up. */
export interface StepResult {
  /** One a target, in the order of the policies. */
  readonly decisions: readonly Decision[];
  readonly intents: readonly Intent[];
  readonly nextState: GroupState;
}

/**
 * The heart: from what is known at one time to what is decided for each target of a group. It reads nothing but its
 * arguments: the same state, snapshot and policies give the same result, byte for byte. The state that is given is used up
 * (its memory is reused): go on with `nextState`, and keep a copy by `saveGroupState`.
 */
export function step(state: GroupState, given: Snapshot, stated: readonly Policy[]): StepResult {
  const policies = withFloors(stated, given);
  const { before, snapshot } = readSignals(state, given, policies);
  const decisions: Decision[] = [];
  const intents: Intent[] = [];
  const targets = emptyRecord<TargetState>();
  const proposals = policies.map((policy, i) => propose(before[i] ?? initialTargetState(policy), snapshot, policy));
  const grants = shareLimits(proposals);
  for (const [i, proposal] of proposals.entries()) {
    const result = settle(proposal, grants[i] ?? { replicas: proposal.verdict.desiredReplicas, reasons: [] }, snapshot);
    targets[proposal.policy.name] = result.nextState;
    decisions.push(result.decision);
    intents.push(...result.intents);
  }
  return { decisions, intents, nextState: { group: state.group, timeSeconds: snapshot.timeSeconds, targets } };
}
