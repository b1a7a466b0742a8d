/** What an autoscaler sees at one tick of a replay. Rates per second; shares of 1. NaN: not measured. */
export interface Sighting {
  readonly timeSeconds: number;
  /** Mean load of the last minute, as it is known now: late and noisy. */
  readonly load: number;
  /** Served over what the ready replicas could have served, in the same minute. */
  readonly utilization: number;
  readonly missRatio: number;
  readonly readyReplicas: number;
  readonly pendingReplicas: number;
}

/** Something that sets a desired count: the production step, or a peer's algorithm. */
export interface Controller {
  decide(sighting: Sighting): number;
}
