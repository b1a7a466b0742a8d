import type { ChangeMemory, Rule } from "./rule.ts";
import { unchanged } from "./rule.ts";

/** What a change is taken to cost. The leave-one-out scoreboard tries others; nothing else sets them. */
export const CHANGE_COST: ChangeCost = { spareShare: 0.0225, smallShortage: 0.0225, shortageWaitSeconds: 75, smallSurplus: 0.085, surplusWaitSeconds: 600 };

export interface ChangeCost {
  /** An order brings so much more than is needed, so that a rise takes fewer of them. */
  readonly spareShare: number;
  /** A shortage of less than this share waits so many seconds. */
  readonly smallShortage: number;
  readonly shortageWaitSeconds: number;
  /** A surplus of less than this share waits so many seconds. */
  readonly smallSurplus: number;
  readonly surplusWaitSeconds: number;
}

/**
 * A change costs: a start is paid before it serves, and someone watches. Small differences wait, large ones do not; what is
 * ordered is a little more than what is needed. For targets that are scaled by an objective; a classic target has a tolerance.
 */
export const changeCost: Rule = {
  code: "change-cost",
  apply(count, { policy, currentReplicas, timeSeconds, changes, wantedReplicas }) {
    if (policy.scaling.by !== "objective") return unchanged(count);
    if (count === currentReplicas) return { count, text: undefined, memory: NOTHING_WAITS };
    return count > currentReplicas
      ? shortage(count, { currentReplicas, timeSeconds, changes, wantedReplicas })
      : surplus(count, { currentReplicas, timeSeconds, changes, wantedReplicas });
  },
};

const NOTHING_WAITS: ChangeMemory = { shortageSinceSeconds: undefined, surplusSinceSeconds: undefined };

interface Change {
  readonly currentReplicas: number;
  readonly timeSeconds: number;
  readonly changes: ChangeMemory;
  readonly wantedReplicas: number;
}

function shortage(count: number, { currentReplicas, timeSeconds, changes, wantedReplicas }: Change): ReturnType<Rule["apply"]> {
  const since = changes.shortageSinceSeconds ?? timeSeconds;
  const share = (Math.max(wantedReplicas, count - 1) - currentReplicas) / currentReplicas;
  if (share < CHANGE_COST.smallShortage && timeSeconds - since < CHANGE_COST.shortageWaitSeconds) {
    return { count: currentReplicas, text: "a small shortage waits", memory: { shortageSinceSeconds: since, surplusSinceSeconds: undefined } };
  }
  const ordered = Math.max(count, Math.ceil(wantedReplicas * (1 + CHANGE_COST.spareShare) - 1e-9));
  return { count: ordered, text: ordered > count ? "ordered with a little to spare: a change costs" : undefined, memory: NOTHING_WAITS };
}

function surplus(count: number, { currentReplicas, timeSeconds, changes }: Change): ReturnType<Rule["apply"]> {
  const since = changes.surplusSinceSeconds ?? timeSeconds;
  if (currentReplicas - count < CHANGE_COST.smallSurplus * currentReplicas && timeSeconds - since < CHANGE_COST.surplusWaitSeconds) {
    return { count: currentReplicas, text: "a small surplus waits", memory: { shortageSinceSeconds: undefined, surplusSinceSeconds: since } };
  }
  return { count, text: undefined, memory: NOTHING_WAITS };
}
