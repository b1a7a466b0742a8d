/** The queue that the planner assumes behind a target: M/M/k per replica. */
export interface QueueTail {
  readonly workers: number;
  readonly requestsPerSecondPerReplica: number;
  readonly objectiveSeconds: number;
}

/** Workers of a replica where nobody has said: the planner's prior, corrected by the realised misses. */
export const ASSUMED_WORKERS = 8;

/**
 * Share of requests that miss the objective at a use of `use` (load over capacity): the M/M/k tail P(wait > objective) below
 * saturation; above it a backlog grows within seconds, so that the share rises to one by the time that the use is 5 % over.
 * Source: Gross and Harris, Fundamentals of Queueing Theory, section 2.3.
 */
export function missShare(tail: QueueTail, use: number): number {
  if (use <= 0) return 0;
  const below = tailBelowSaturation(tail, Math.min(use, 0.995));
  return use <= 0.995 ? below : Math.min(1, below + (1 - below) * Math.min(1, (use - 0.995) / 0.055));
}

function tailBelowSaturation(tail: QueueTail, use: number): number {
  const offered = tail.workers * use;
  let blocking = 1;
  for (let j = 1; j <= tail.workers; j += 1) blocking = (offered * blocking) / (j + offered * blocking);
  const waits = blocking / (1 - use * (1 - blocking));
  return waits * Math.exp(-tail.requestsPerSecondPerReplica * (1 - use) * tail.objectiveSeconds);
}
