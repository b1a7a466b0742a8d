import type { Policy } from "../model/policy.ts";
import { advanceCluster, BENCHMARK_CLUSTER, readCluster, setDesired, startCluster, type ClusterState } from "../twin/cluster.ts";

/** The HPA's defaults: Kubernetes 1.33, pkg/apis/autoscaling/v2/defaults.go and pkg/controller/podautoscaler. */
const HPA_TARGET_UTILIZATION = 0.7;
const HPA_TOLERANCE = 0.1;
const HPA_DOWN_STABILIZATION_SECONDS = 300;
const HPA_FASTEST_OUT = { factor: 2, replicas: 4 };

/** What is known of the target at one tick. */
export interface BaselineInput {
  readonly timeSeconds: number;
  readonly demand: number | undefined;
  readonly requestsPerSecondPerReplica: number | undefined;
  readonly leadTimeSeconds: number;
}

/**
 * What the HPA would have run, on the same load: its own replicas, with the same start time, in a cluster of the twin. Its
 * stabilization window is five minutes, or the policy's own where that is shorter (a demo's day is ten minutes).
 */
export class ShadowBaseline {
  readonly #policy: Policy;
  #cluster: ClusterState | undefined;
  #recommendations: { readonly timeSeconds: number; readonly replicas: number }[] = [];

  constructor(policy: Policy) {
    this.#policy = policy;
  }

  /** Replicas that are ready now; undefined until load and capacity are known. */
  tick({ timeSeconds, demand, requestsPerSecondPerReplica, leadTimeSeconds }: BaselineInput): number | undefined {
    if (demand === undefined || requestsPerSecondPerReplica === undefined || !(requestsPerSecondPerReplica > 0)) return this.#cluster && readCluster(this.#cluster).readyReplicas;
    const { min, max } = this.#policy.replicas;
    const spec = BENCHMARK_CLUSTER(leadTimeSeconds);
    const start = Math.max(min, Math.min(max, Math.ceil(demand / (requestsPerSecondPerReplica * HPA_TARGET_UTILIZATION))));
    const cluster = this.#cluster === undefined ? startCluster(timeSeconds, start, 1) : advanceCluster(this.#cluster, spec, timeSeconds);
    const { readyReplicas, desiredReplicas } = readCluster(cluster);
    const utilization = readyReplicas > 0 ? Math.min(1, demand / (readyReplicas * requestsPerSecondPerReplica)) : 1;
    const ratio = utilization / HPA_TARGET_UTILIZATION;
    const wanted = Math.abs(ratio - 1) <= HPA_TOLERANCE ? desiredReplicas : Math.ceil(readyReplicas * ratio);
    const bounded = Math.max(min, Math.min(max, Math.min(this.#stabilized(timeSeconds, wanted), Math.max(desiredReplicas * HPA_FASTEST_OUT.factor, desiredReplicas + HPA_FASTEST_OUT.replicas))));
    this.#cluster = setDesired(cluster, spec, bounded).state;
    return readyReplicas;
  }

  #stabilized(timeSeconds: number, wanted: number): number {
    const window = Math.min(HPA_DOWN_STABILIZATION_SECONDS, this.#policy.behavior.scaleInStabilizationSeconds);
    this.#recommendations = [...this.#recommendations.filter((one) => one.timeSeconds >= timeSeconds - window), { timeSeconds, replicas: wanted }];
    return Math.max(...this.#recommendations.map((one) => one.replicas));
  }
}
