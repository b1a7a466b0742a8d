import type { ChangeMemory, Rule } from "./rule.ts";
import { unchanged } from "./rule.ts";

/** An order brings so much more than is needed, so that a rise takes fewer of them. */
const SPARE_SHARE = 0.0225;
/** A shortage of less than this share waits so many seconds. */
const SMALL_SHORTAGE = 0.0225;
const SHORTAGE_WAIT_SECONDS = 75;
/** A surplus of less than this share waits so many seconds. */
const SMALL_SURPLUS = 0.085;
const SURPLUS_WAIT_SECONDS = 600;

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
  if (share < SMALL_SHORTAGE && timeSeconds - since < SHORTAGE_WAIT_SECONDS) {
    return { count: currentReplicas, text: "a small shortage waits", memory: { shortageSinceSeconds: since, surplusSinceSeconds: undefined } };
  }
  const ordered = Math.max(count, Math.ceil(wantedReplicas * (1 + SPARE_SHARE) - 1e-9));
  return { count: ordered, text: ordered > count ? "ordered with a little to spare: a change costs" : undefined, memory: NOTHING_WAITS };
}

function surplus(count: number, { currentReplicas, timeSeconds, changes }: Change): ReturnType<Rule["apply"]> {
  const since = changes.surplusSinceSeconds ?? timeSeconds;
  if (currentReplicas - count < SMALL_SURPLUS * currentReplicas && timeSeconds - since < SURPLUS_WAIT_SECONDS) {
    return { count: currentReplicas, text: "a small surplus waits", memory: { shortageSinceSeconds: undefined, surplusSinceSeconds: since } };
  }
  return { count, text: undefined, memory: NOTHING_WAITS };
}
