/** Work that waits, and what is there to do it. First in, first out; rates per second. */
export interface DrainRequest {
  readonly backlog: number;
  /** The part of the backlog that has waited longest, and when its time runs out. */
  readonly dueItems: number;
  readonly dueSeconds: number;
  /** What the rest may wait from when it becomes the oldest. */
  readonly drainSeconds: number;
  readonly nowSeconds: number;
  readonly leadTimeSeconds: number;
  readonly arrivalsPerSecond: number;
  /** What those that run, or are about to, work off. */
  readonly capacityPerSecond: number;
  /** The shortest time that a plan leaves itself: a missed deadline must not ask for everything at once. */
  readonly leastSeconds: number;
}

export interface DrainRates {
  /** Items per second to be worked off besides the arrivals: now, and from the lead time on, after what is worked off until then. */
  readonly nowPerSecond: number;
  readonly atLeadPerSecond: number;
}

/** Backlog over the time that is left for it: need = (arrivals + backlog / time left) / capacity of a replica. */
export function drainRates(request: DrainRequest): DrainRates {
  const { backlog, dueItems, dueSeconds, drainSeconds, nowSeconds, leadTimeSeconds, arrivalsPerSecond, capacityPerSecond, leastSeconds } = request;
  const secondsLeft = Math.max(leastSeconds, dueSeconds - nowSeconds);
  const leftAtLead = Math.max(leastSeconds, dueSeconds - nowSeconds - leadTimeSeconds);
  const backlogAtLead = Math.max(0, backlog + (arrivalsPerSecond - capacityPerSecond) * leadTimeSeconds);
  const dueAtLead = Math.min(backlogAtLead, Math.max(0, dueItems - capacityPerSecond * leadTimeSeconds));
  return {
    nowPerSecond: dueItems / secondsLeft + Math.max(0, backlog - dueItems) / drainSeconds,
    atLeadPerSecond: dueAtLead / leftAtLead + (backlogAtLead - dueAtLead) / drainSeconds,
  };
}
