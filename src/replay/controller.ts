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
  /** What was served, per second, in the same minute. */
  readonly servedPerSecond?: number;
  /** What waited at the end of that minute. */
  readonly backlog?: number;
  /** The other signals that the world holds, by name. */
  readonly signals?: Readonly<Record<string, number>>;
}

/** Something that sets a desired count: the production step, or a peer's algorithm. */
export interface Controller {
  decide(sighting: Sighting): number;
}

/** Sets the counts of several targets at once, by name: each is told what is seen of all. */
export interface GroupController {
  decide(sightings: Readonly<Record<string, Sighting>>): Readonly<Record<string, number>>;
}
