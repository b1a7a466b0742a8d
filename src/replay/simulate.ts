import { advanceCluster, readCluster, readyShares, setDesired, startCluster, withSpread } from "../twin/cluster.ts";
import type { ClusterSpec, ClusterState } from "../twin/cluster.ts";
import { serveStep, serviceRate } from "../twin/service.ts";
import type { ServiceModel } from "../twin/service.ts";
import type { Controller, Sighting } from "./controller.ts";
import { seededNormal } from "./random.ts";
import type { ReplicaTerms } from "./replica-terms.ts";
import { Tally } from "./tally.ts";
import type { ReplayScore } from "./tally.ts";

/** A world to replay a trace in: section 1 of the scaling benchmark's specification, with its options. */
export interface ReplayWorld {
  /** Requests per second by step. */
  readonly load: Float64Array;
  readonly startSeconds: number;
  readonly stepSeconds: number;
  /** Steps before this one are simulated and observed, never scored. */
  readonly scoreFrom: number;
  readonly service: ServiceModel;
  readonly cluster: ClusterSpec;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly observation: ObservationSpec;
  /** Dollars and grams of a replica; the benchmark's price, and no grams, where absent. */
  readonly terms?: ReplicaTerms;
  /** Share of the dropped requests that come again in the next step, as clients that gave up retry. Absent: none. */
  readonly retryShare?: number;
}

export interface ObservationSpec {
  /** Steps between the end of the window and its sight. */
  readonly lagSteps: number;
  readonly windowSteps: number;
  /** Standard deviation of the relative noise. */
  readonly noise: number;
  /** Share of the sightings that are lost. */
  readonly lostShare: number;
  readonly seed: number;
}

export const BENCHMARK_OBSERVATION: ObservationSpec = { lagSteps: 1, windowSteps: 4, noise: 0.01, lostShare: 0, seed: 7 };

/** What happened in one step, for those who want to watch. */
export interface StepSeen {
  readonly index: number;
  readonly readyReplicas: number;
  readonly pendingReplicas: number;
  readonly desiredReplicas: number;
  readonly missed: number;
}

/** Runs a controller through the world and scores it. */
export function simulate(world: ReplayWorld, controller: Controller, watch?: (seen: StepSeen) => void): ReplayScore {
  const { load, stepSeconds, service } = world;
  const rate = serviceRate(service);
  const window = new ObservedWindow(world, rate);
  const { capacitySigma = 0 } = world.cluster;
  let cluster: ClusterState = withSpread(startCluster(world.startSeconds, Math.max(world.minReplicas, Math.ceil((load[0] ?? 0) / (0.7 * rate))), world.observation.seed), world.cluster);
  let backlog = 0;
  let retriesPerSecond = 0;
  const tally = new Tally(world);
  for (let index = 0; index < load.length; index += 1) {
    const now = world.startSeconds + index * stepSeconds;
    cluster = advanceCluster(cluster, world.cluster, now);
    const before = readCluster(cluster);
    const sighting: Sighting = { timeSeconds: now, ...window.at(index), readyReplicas: before.readyReplicas, pendingReplicas: before.pendingReplicas };
    const desired = Math.max(world.minReplicas, Math.min(world.maxReplicas, controller.decide(sighting)));
    const had = before.readyReplicas + before.pendingReplicas;
    const billedBefore = cluster.billedSeconds;
    if (desired !== had) cluster = setDesired(cluster, world.cluster, desired).state;
    const after = readCluster(cluster);
    const shares = capacitySigma > 0 ? readyShares(cluster) : undefined;
    const arrivalsPerSecond = (load[index] ?? 0) + retriesPerSecond;
    const served = serveStep(service, { backlog, arrivalsPerSecond, readyReplicas: after.readyReplicas, stepSeconds, ...(shares !== undefined && { capacityShares: shares }) });
    backlog = served.backlog;
    retriesPerSecond = ((world.retryShare ?? 0) * served.dropped) / stepSeconds;
    window.push(index, { ...served, arrivalsPerSecond }, (shares?.reduce((sum, share) => sum + share, 0) ?? after.readyReplicas) * rate * stepSeconds);
    tally.add({ index, change: desired - had, ready: after.readyReplicas, pending: after.pendingReplicas, served, extraBilledSeconds: cluster.billedSeconds - billedBefore });
    watch?.({ index, readyReplicas: after.readyReplicas, pendingReplicas: after.pendingReplicas, desiredReplicas: desired, missed: served.missed });
  }
  return tally.score();
}

/** What the steps of the observation window held; late, noisy, and sometimes lost. */
class ObservedWindow {
  private readonly world: ReplayWorld;
  private readonly normal: () => number;
  private readonly arrivalsByStep: Float64Array;
  private readonly servedByStep: Float64Array;
  private readonly couldByStep: Float64Array;
  private readonly missedByStep: Float64Array;

  constructor(world: ReplayWorld, rate: number) {
    this.world = world;
    this.normal = seededNormal(world.observation.seed);
    const first = (world.load[0] ?? 0) * world.stepSeconds;
    this.arrivalsByStep = Float64Array.from(world.load);
    this.servedByStep = new Float64Array(world.load.length).fill(first);
    this.couldByStep = new Float64Array(world.load.length).fill(Math.max(first / 0.7, rate * world.stepSeconds));
    this.missedByStep = new Float64Array(world.load.length);
  }

  push(index: number, step: { readonly served: number; readonly missed: number; readonly arrivalsPerSecond: number }, could: number): void {
    this.arrivalsByStep[index] = step.arrivalsPerSecond;
    this.servedByStep[index] = step.served;
    this.couldByStep[index] = could;
    this.missedByStep[index] = step.missed;
  }

  at(index: number): Pick<Sighting, "load" | "utilization" | "missRatio"> {
    const { stepSeconds } = this.world;
    const { lagSteps, windowSteps, noise, lostShare } = this.world.observation;
    const loadNoise = 1 + noise * this.normal();
    const useNoise = 1 + noise * this.normal();
    const isLost = lostShare > 0 && 0.5 * (1 + Math.tanh(0.8 * this.normal())) < lostShare;
    const from = Math.max(0, index - lagSteps - windowSteps);
    const to = Math.max(from + 1, index - lagSteps);
    let arrived = 0;
    let served = 0;
    let could = 0;
    let missed = 0;
    for (let k = from; k < to; k += 1) {
      arrived += this.arrivalsByStep[k] ?? 0;
      served += this.servedByStep[k] ?? 0;
      could += this.couldByStep[k] ?? 0;
      missed += this.missedByStep[k] ?? 0;
    }
    if (isLost) return { load: NaN, utilization: NaN, missRatio: NaN };
    const requests = arrived * stepSeconds;
    return {
      load: Math.max(0, (arrived / (to - from)) * loadNoise),
      utilization: could > 0 ? Math.min(1, Math.max(0, (served / could) * useNoise)) : 1,
      missRatio: requests > 0 ? Math.min(1, missed / requests) : 0,
    };
  }
}
