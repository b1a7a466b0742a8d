import type { Policy } from "../../model/policy.ts";
import { Hpa, HPA_DEFAULTS } from "../../replay/baselines/hpa.ts";
import { advanceCluster, BENCHMARK_CLUSTER, readCluster, setDesired, startCluster, type ClusterState } from "../../twin/cluster.ts";

/** What operators set most: the default of 80 % leaves no room for the start time. */
const USUAL_TARGET = 0.7;

/** What is known of the target at one tick. */
export interface BaselineInput {
  readonly timeSeconds: number;
  readonly demand: number | undefined;
  readonly requestsPerSecondPerReplica: number | undefined;
  readonly leadTimeSeconds: number;
  /** What runs when the shadow begins: the HPA takes over the same replicas; left out, it begins with what its target calls for. */
  readonly runningReplicas?: number | undefined;
  /** Measured: the use of so many ready replicas. The HPA's follow from it; left out, from the load and the capacity. */
  readonly measured?: { readonly utilization: number; readonly readyReplicas: number } | undefined;
}

/**
 * What the HPA would have run on the same load: the replay's HPA, with replicas of its own in a cluster of the twin and the
 * same start time. Its target is 70 % (or the policy's own utilization target); its down window is 300 s, or the policy's own
 * where that is shorter (a demo's day is ten minutes).
 */
export class ShadowBaseline {
  readonly #policy: Policy;
  readonly #hpa: Hpa;
  readonly #target: number;
  #cluster: ClusterState | undefined;
  #counts: { readonly readyReplicas: number; readonly totalReplicas: number } | undefined;

  constructor(policy: Policy) {
    this.#policy = policy;
    this.#target = policy.scaling.by === "utilization" ? policy.scaling.target : USUAL_TARGET;
    this.#hpa = new Hpa({ ...HPA_DEFAULTS, target: this.#target, downStabilizationSeconds: Math.min(HPA_DEFAULTS.downStabilizationSeconds, policy.behavior.scaleInStabilizationSeconds) });
  }

  /** Replicas that are ready now; undefined until load and capacity are known. A tick without load changes nothing. */
  tick({ timeSeconds, demand, requestsPerSecondPerReplica: rate, leadTimeSeconds, runningReplicas, measured }: BaselineInput): number | undefined {
    if (demand === undefined || rate === undefined || !(rate > 0)) return this.#cluster && readCluster(this.#cluster).readyReplicas;
    const spec = BENCHMARK_CLUSTER(leadTimeSeconds);
    const cluster = this.#cluster === undefined ? startCluster(timeSeconds, this.#bounded(runningReplicas ?? Math.ceil(demand / (rate * this.#target))), 1) : advanceCluster(this.#cluster, spec, timeSeconds);
    const { readyReplicas, pendingReplicas } = readCluster(cluster);
    const inUse = measured === undefined ? demand / rate : measured.utilization * measured.readyReplicas;
    const utilization = readyReplicas > 0 ? inUse / readyReplicas : 1;
    // As the controller does: what runs when it begins is its first recommendation.
    if (this.#counts === undefined) this.#hpa.decide({ timeSeconds, load: NaN, utilization: NaN, missRatio: NaN, readyReplicas, pendingReplicas });
    const wanted = this.#hpa.decide({ timeSeconds, load: demand, utilization, missRatio: NaN, readyReplicas, pendingReplicas });
    this.#counts = { readyReplicas, totalReplicas: readyReplicas + pendingReplicas };
    this.#cluster = setDesired(cluster, spec, this.#bounded(wanted)).state;
    return readyReplicas;
  }

  /** Ready, and ready and ordered, at the last tick; undefined until load and capacity are known. */
  get counts(): { readonly readyReplicas: number; readonly totalReplicas: number } | undefined {
    return this.#counts;
  }

  #bounded(replicas: number): number {
    return Math.max(this.#policy.replicas.min, Math.min(this.#policy.replicas.max, replicas));
  }
}
