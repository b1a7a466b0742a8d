/** What the HPA's calculation looks at for one target at one time. */
export interface ClassicFacts {
  /** The count that "no change" means. */
  readonly currentReplicas: number;
  /** Replicas that are ready and measured, that are not ready yet, and that are ready without a measurement. */
  readonly readyReplicas: number;
  readonly unreadyReplicas: number;
  readonly missingReplicas: number;
  readonly tolerance: number;
}

/**
 * Replicas by the mean use of those that are ready: unready ones count as idle on the way up, unmeasured ones as busy on the way
 * down and as idle on the way up; within the tolerance nothing changes. Shares of 1. Source: kubernetes v1.33
 * pkg/controller/podautoscaler/replica_calculator.go, GetResourceReplicas; whole per cents as metrics/utilization.go has them.
 */
export function replicasByUse(use: number, target: number, facts: ClassicFacts): number {
  const { currentReplicas, readyReplicas, unreadyReplicas, missingReplicas, tolerance } = facts;
  if (readyReplicas <= 0) return currentReplicas;
  const targetPercent = Math.round(100 * target);
  const ratioOf = (busy: number, pods: number): number => wholePercent(busy / pods) / targetPercent;
  const busy = use * readyReplicas;
  const ratio = ratioOf(busy, readyReplicas);
  const countsUnready = unreadyReplicas > 0 && ratio > 1;
  if (!countsUnready && missingReplicas === 0) return isWithin(ratio, tolerance) ? currentReplicas : Math.ceil(ratio * readyReplicas);
  const pods = readyReplicas + (ratio === 1 ? 0 : missingReplicas) + (countsUnready ? unreadyReplicas : 0);
  const careful = ratioOf(busy + (ratio < 1 ? missingReplicas * Math.max(1, target) : 0), pods);
  const isTurned = (ratio < 1 && careful > 1) || (ratio > 1 && careful < 1);
  if (isWithin(careful, tolerance) || isTurned) return currentReplicas;
  const replicas = Math.ceil(careful * pods);
  return (careful < 1 && replicas > currentReplicas) || (careful > 1 && replicas < currentReplicas) ? currentReplicas : replicas;
}

/**
 * Replicas by a total that each carries `target` of; within the tolerance nothing changes.
 * Source: the same file, GetExternalPerPodMetricReplicas.
 */
export function replicasByTotal(total: number, target: number, { currentReplicas, tolerance }: Pick<ClassicFacts, "currentReplicas" | "tolerance">): number {
  if (currentReplicas > 0 && isWithin(total / (target * currentReplicas), tolerance)) return currentReplicas;
  return roundUp(total / target);
}

/** Upstream truncates the mean to whole per cents; what floating point adds must not cost one. */
function wholePercent(share: number): number {
  return Math.trunc(100 * share + 1e-9);
}

function isWithin(ratio: number, tolerance: number): boolean {
  return Math.abs(1 - ratio) <= tolerance + 1e-12;
}

function roundUp(replicas: number): number {
  return Math.max(0, Math.ceil(replicas - 1e-9));
}
