/** The load that one replica has been seen to carry without misses beyond the budget, requests per second. Plain data. */
export interface BreakingPoint {
  /** NaN before the first sample. */
  readonly carriedPerReplica: number;
  /** The least load at which the objective was missed; NaN where that has not been seen. */
  readonly brokeAtPerReplica: number;
}

export const NOTHING_CARRIED: BreakingPoint = { carriedPerReplica: NaN, brokeAtPerReplica: NaN };

/** Misses of so many times the budget are a break, not the tail that the budget is for. */
const BREAK_FACTOR = 20;
/** What was carried is forgotten by a factor e in two weeks: deploys change it. */
const FORGET_SECONDS = 14 * 86_400;
/** A plan goes so far past what was seen: little enough to be seen in time, enough to learn more. */
const PAST_WHAT_WAS_SEEN = 1.25;

export interface CarriedSample {
  readonly perReplica: number;
  readonly missRatio: number;
  readonly errorBudget: number;
  readonly seconds: number;
}

/** The record after one more reading of a fleet that did not change within it. */
export function learnBreakingPoint(before: BreakingPoint, { perReplica, missRatio, errorBudget, seconds }: CarriedSample): BreakingPoint {
  if (!(perReplica > 0) || !(missRatio >= 0)) return before;
  const kept = Math.exp(-seconds / FORGET_SECONDS);
  const carried = before.carriedPerReplica * kept;
  if (missRatio > BREAK_FACTOR * errorBudget) {
    const broke = Math.min(perReplica, Number.isNaN(before.brokeAtPerReplica) ? Infinity : before.brokeAtPerReplica / kept);
    return { carriedPerReplica: Math.min(carried, perReplica) || carried, brokeAtPerReplica: broke };
  }
  const highest = Math.max(perReplica, Number.isNaN(carried) ? 0 : carried);
  return { carriedPerReplica: highest, brokeAtPerReplica: before.brokeAtPerReplica <= highest ? NaN : before.brokeAtPerReplica };
}

/** The most that a plan may ask of one replica; Infinity before anything was seen. */
export function mostPerReplica({ carriedPerReplica }: BreakingPoint): number {
  return Number.isNaN(carriedPerReplica) ? Infinity : PAST_WHAT_WAS_SEEN * carriedPerReplica;
}
