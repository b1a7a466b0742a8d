/** The brakes of one target. Shares are of 1. */
export interface GuardLimits {
  /** A scale-in takes at most this share of the highest count of the last `scaleInWindowSeconds`. */
  readonly maxScaleInShare: number;
  readonly scaleInWindowSeconds: number;
  /** A scale-out goes at most to this multiple of the current count, or by `maxScaleOutReplicas` where that is more. */
  readonly maxScaleOutFactor: number;
  readonly maxScaleOutReplicas: number;
  /** Halt when such a share (and number) of the replicas goes unasked from one tick to the next, or is neither ready nor pending. */
  readonly inventoryDropShare: number;
  readonly inventoryDropReplicas: number;
  readonly unhealthyShare: number;
  readonly unhealthyReplicas: number;
  readonly haltSeconds: number;
}

/**
 * Cluster Autoscaler halts above 45 % (and 3) unready and waits ten minutes; a fifth of an inventory that vanishes is more
 * likely a broken reader than the truth (Reddit, 2016-08-11).
 */
export const GUARD_LIMITS: GuardLimits = {
  maxScaleInShare: 0.5,
  scaleInWindowSeconds: 600,
  maxScaleOutFactor: 4,
  maxScaleOutReplicas: 10,
  inventoryDropShare: 0.2,
  inventoryDropReplicas: 2,
  unhealthyShare: 0.45,
  unhealthyReplicas: 3,
  haltSeconds: 600,
};
