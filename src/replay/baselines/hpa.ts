import type { Controller, Sighting } from "../controller.ts";

/** What the HPA's replica calculation is given for a resource metric. Percentages are whole, as upstream. */
export interface ReplicaCalculation {
  /** Replicas of the scale target: what "no change" means. */
  readonly currentReplicas: number;
  /** Use of each ready pod that has a metric, in the unit of `request`. */
  readonly readyUse: readonly number[];
  /** Pods that are not ready yet: their metric is not trusted. */
  readonly unreadyPods: number;
  /** Pods without a metric. */
  readonly missingPods: number;
  readonly request: number;
  readonly targetPercent: number;
  readonly tolerance: number;
}

/**
 * Replicas by average utilization. Source, read for its logic and written anew: kubernetes v1.33
 * pkg/controller/podautoscaler/replica_calculator.go, GetResourceReplicas, and metrics/utilization.go.
 */
export function replicasByUtilization(calculation: ReplicaCalculation): number {
  const { currentReplicas, readyUse, unreadyPods, missingPods, request, targetPercent } = calculation;
  if (readyUse.length === 0) return currentReplicas;
  const ratioOf = (uses: readonly number[]): number => Math.trunc((100 * uses.reduce((sum, use) => sum + use, 0)) / (request * uses.length)) / targetPercent;
  const ratio = ratioOf(readyUse);
  const scaleUpWithUnready = unreadyPods > 0 && ratio > 1;
  if (!scaleUpWithUnready && missingPods === 0) {
    return withinTolerance(ratio, calculation.tolerance) ? currentReplicas : Math.ceil(ratio * readyUse.length);
  }
  const uses = [...readyUse];
  // A missing pod is taken to use all of its request on the way down (or the target, where that is more), and nothing on the way up.
  if (missingPods > 0 && ratio < 1) for (let i = 0; i < missingPods; i += 1) uses.push((request * Math.max(100, targetPercent)) / 100);
  if (missingPods > 0 && ratio > 1) for (let i = 0; i < missingPods; i += 1) uses.push(0);
  if (scaleUpWithUnready) for (let i = 0; i < unreadyPods; i += 1) uses.push(0);
  const careful = ratioOf(uses);
  if (withinTolerance(careful, calculation.tolerance) || (ratio < 1 && careful > 1) || (ratio > 1 && careful < 1)) return currentReplicas;
  const replicas = Math.ceil(careful * uses.length);
  return (careful < 1 && replicas > currentReplicas) || (careful > 1 && replicas < currentReplicas) ? currentReplicas : replicas;
}

/** Replicas for an external metric's average value: ceil(total / target) outside the tolerance (GetExternalPerPodMetricReplicas). */
export function replicasByAverageValue(total: number, target: number, current: { readonly replicas: number; readonly tolerance: number }): number {
  const ratio = total / (target * current.replicas);
  return withinTolerance(ratio, current.tolerance) ? current.replicas : Math.ceil(total / target);
}

function withinTolerance(ratio: number, tolerance: number): boolean {
  return Math.abs(1 - ratio) <= tolerance + 1e-12;
}

export interface HpaOptions {
  /** Target use of the CPU as a share, or load per replica for the average-value form. */
  readonly target: number;
  readonly tolerance: number;
  readonly downStabilizationSeconds: number;
  readonly by: "utilization" | "average-value";
}

/** autoscaling/v2 defaults.go and kube-controller-manager's flags. */
export const HPA_DEFAULTS: HpaOptions = { target: 0.8, tolerance: 0.1, downStabilizationSeconds: 300, by: "utilization" };

/** KEDA with a Prometheus trigger is the HPA on an external metric's average value, read every 15 s. */
export const KEDA_DEFAULTS: HpaOptions = { target: 70, tolerance: 0.1, downStabilizationSeconds: 300, by: "average-value" };

/** A sync every tick: the calculation, the highest recommendation of the down window, then the default behaviour's limits. */
export class Hpa implements Controller {
  private readonly options: HpaOptions;
  private readonly times: number[] = [];
  private readonly recommendations: number[] = [];

  constructor(options: HpaOptions = HPA_DEFAULTS) {
    this.options = options;
  }

  decide(sighting: Sighting): number {
    const current = sighting.readyReplicas + sighting.pendingReplicas;
    const wanted = this.recommend(sighting, current);
    const stabilized = this.stabilize(sighting.timeSeconds, wanted, current);
    // Scale-up: the larger of 4 pods and 100 % in 15 s; scale-down: 100 %.
    return Math.min(stabilized, Math.max(current + 4, 2 * current));
  }

  private recommend({ load, utilization, readyReplicas, pendingReplicas }: Sighting, current: number): number {
    const { by, target, tolerance } = this.options;
    if (by === "average-value") return Number.isNaN(load) ? current : replicasByAverageValue(load, target, { replicas: current, tolerance });
    if (Number.isNaN(utilization) || readyReplicas === 0) return current;
    return replicasByUtilization({
      currentReplicas: current, readyUse: new Array<number>(readyReplicas).fill(1000 * Math.min(1, utilization)), unreadyPods: pendingReplicas, missingPods: 0,
      request: 1000, targetPercent: Math.round(100 * target), tolerance,
    });
  }

  /** stabilizeRecommendationWithBehaviors: down to the highest recommendation of the window, never past the current count. */
  private stabilize(now: number, wanted: number, current: number): number {
    this.times.push(now);
    this.recommendations.push(wanted);
    while ((this.times[0] ?? now) < now - this.options.downStabilizationSeconds) {
      this.times.shift();
      this.recommendations.shift();
    }
    if (wanted >= current) return wanted;
    return Math.min(current, this.recommendations.reduce((most, one) => Math.max(most, one), wanted));
  }
}
