/** What one batch job may do in the next tick. */
export type BatchChoice = "spot" | "on-demand" | "idle";

export interface BatchJob {
  /** Compute still to be done, and time left until the deadline, seconds. */
  readonly remainingSeconds: number;
  readonly leftSeconds: number;
  /** Time lost by each change of machine, seconds. */
  readonly changeoverSeconds: number;
  readonly running: BatchChoice;
  /** Spot could be had now (or is still held). */
  readonly spotAvailable: boolean;
  /** How often spot has come up lately; the market's or the job's own count. */
  readonly spotArrivalsPerHour: number;
  readonly tickSeconds: number;
}

/** Arrivals of spot that slack is kept for beyond those expected while the work that is left is done. */
const SPARE_ARRIVALS = 4;

/**
 * Spot when it is there and can still be afforded; idle while slack is plenty; on-demand once only the reserve is left, so that
 * spot can be taken up again; on-demand to the end at the latest safe moment. No deadline is missed while on-demand launches.
 * The reserve is two changeovers for each arrival of spot that the work left will see: slack is worth more as the fare of a later
 * change to spot (it saves the price difference over a whole episode) than as idle time now.
 */
export function chooseBatch(job: BatchJob): BatchChoice {
  const { remainingSeconds, changeoverSeconds, tickSeconds, running } = job;
  if (remainingSeconds <= 0) return "idle";
  const slack = job.leftSeconds - remainingSeconds - tickSeconds;
  // A switch to spot costs a changeover now and, should spot go, another one back.
  const toSpot = running === "spot" ? 0 : changeoverSeconds;
  if (job.spotAvailable && slack - toSpot - changeoverSeconds >= 0) return "spot";
  const arrivals = SPARE_ARRIVALS + (job.spotArrivalsPerHour * remainingSeconds) / 3600;
  const toOnDemand = running === "on-demand" ? 0 : changeoverSeconds;
  return slack - toOnDemand < 2 * changeoverSeconds * arrivals ? "on-demand" : "idle";
}
