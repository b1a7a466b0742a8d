/** Work that waits, by when it must be done. Oldest first; the unit is the backlog's own (items). */
export interface Cohort {
  readonly deadlineSeconds: number;
  readonly items: number;
}

/** Cohorts within so long of each other are one: what is kept stays small, and the earlier deadline holds for both. */
const COHORT_SECONDS = 900;

export interface QueueSight {
  readonly timeSeconds: number;
  /** Items that wait now. */
  readonly backlog: number;
  /** Items that have come since the last sight; 0 where not known. */
  readonly arrived: number;
  /** From when an item began to wait. */
  readonly deadlineSeconds: number;
}

/**
 * Which of the items that wait must be done by when: new ones join at the end, what is gone was the oldest. Where more wait than
 * were known to have come, the difference is new.
 */
export function watchQueue(cohorts: readonly Cohort[], sight: QueueSight): readonly Cohort[] {
  const known = cohorts.reduce((sum, { items }) => sum + items, 0);
  const arrived = Math.max(sight.arrived, sight.backlog - known, 0);
  const joined = arrived > 0 ? join(cohorts, { deadlineSeconds: sight.timeSeconds + sight.deadlineSeconds, items: arrived }) : cohorts;
  let done = known + arrived - sight.backlog;
  return joined.flatMap((cohort): Cohort[] => {
    const taken = Math.min(done, cohort.items);
    done -= taken;
    return cohort.items - taken > 1e-9 ? [{ ...cohort, items: cohort.items - taken }] : [];
  });
}

function join(cohorts: readonly Cohort[], fresh: Cohort): readonly Cohort[] {
  const last = cohorts.at(-1);
  if (last === undefined || fresh.deadlineSeconds - last.deadlineSeconds >= COHORT_SECONDS) return [...cohorts, fresh];
  return [...cohorts.slice(0, -1), { deadlineSeconds: last.deadlineSeconds, items: last.items + fresh.items }];
}
