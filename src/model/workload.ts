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
}

export type WorkloadObservation = Workload | { readonly kind: "absent"; readonly cause: AbsenceCause; readonly detail: string };
