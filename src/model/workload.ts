import type { AbsenceCause } from "./observation.ts";

/** What runs of a target, read from its cloud. Counts are replicas. */
export interface Workload {
  readonly kind: "value";
  readonly timeSeconds: number;
  /** The count that the cloud has been asked for. */
  readonly desiredReplicas: number;
  readonly readyReplicas: number;
  readonly pendingReplicas: number;
  /** Per offering id, all that run, doomed ones included; absent where the cloud does not tell. */
  readonly runningByOffering?: Readonly<Record<string, number>>;
  readonly pendingByOffering?: Readonly<Record<string, number>>;
  /** How a machine that leaves is replaced; absent where the actuator leaves that to the cloud, or cannot drain. */
  readonly replacement?: Replacement;
}

/**
 * `count`: a higher desired count orders the replacement while the machine still serves; draining takes the machine and its place.
 * `drain`: draining a machine makes the cloud replace what ran on it; the desired count stays.
 */
export interface Replacement {
  readonly by: "count" | "drain";
  readonly replicasPerMachine: number;
  /** Whether advice to leave (a rebalance recommendation) is followed too. */
  readonly onRebalance: boolean;
}

export type WorkloadObservation = Workload | { readonly kind: "absent"; readonly cause: AbsenceCause; readonly detail: string };
