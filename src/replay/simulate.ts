import { advanceCluster, readCluster, readyShares, setDesired, startCluster, withSpread } from "../twin/cluster.ts";
import type { ClusterSpec, ClusterState } from "../twin/cluster.ts";
import { QueueAges, workOff } from "../twin/queue.ts";
import { serveStep, serviceRate } from "../twin/service.ts";
import type { ServiceLoad, ServiceModel, ServiceStep } from "../twin/service.ts";
import type { Controller, GroupController, Sighting } from "./controller.ts";
import { ObservedWindow } from "./observed-window.ts";
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
  /** What was recorded of other signals, by name. */
  readonly signals?: Readonly<Record<string, RecordedSignal>>;
  /** The load is work that waits until it is done; missed is what is done later than this after it arrived. */
  readonly queue?: { readonly deadlineSeconds: number };
}

/** A signal by step; NaN where it is not known. `load`: it comes as it came. `busy`: busy replicas, of which a use of those that are ready is made. */
export interface RecordedSignal {
  readonly kind: "load" | "busy";
  readonly values: Float64Array;
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
  const target = new SimulatedTarget(world);
  for (let index = 0; index < world.load.length; index += 1) {
    const seen = target.apply(index, controller.decide(target.see(index)));
    watch?.(seen);
  }
  return target.score();
}

/** Runs one controller through the worlds of several targets at once; they have equal steps, and as many. Scores are by name. */
export function simulateGroup(worlds: Readonly<Record<string, ReplayWorld>>, controller: GroupController, watch?: (name: string, seen: StepSeen) => void): Readonly<Record<string, ReplayScore>> {
  const targets = Object.entries(worlds).map(([name, world]) => ({ name, target: new SimulatedTarget(world) }));
  const steps = Math.min(...Object.values(worlds).map(({ load }) => load.length));
  for (let index = 0; index < steps; index += 1) {
    const counts = controller.decide(Object.fromEntries(targets.map(({ name, target }) => [name, target.see(index)])));
    for (const { name, target } of targets) {
      const seen = target.apply(index, counts[name]);
      watch?.(name, seen);
    }
  }
  return Object.fromEntries(targets.map(({ name, target }) => [name, target.score()]));
}

/** One service or queue on its cluster, step by step: first what is seen, then what is decided takes effect and the load is served. */
class SimulatedTarget {
  private readonly world: ReplayWorld;
  private readonly rate: number;
  private readonly window: ObservedWindow;
  private readonly tally: Tally;
  private readonly ages: QueueAges | undefined;
  private cluster: ClusterState;
  private backlog = 0;
  private retriesPerSecond = 0;

  constructor(world: ReplayWorld) {
    const { load, service, cluster, queue } = world;
    this.world = world;
    this.rate = serviceRate(service);
    this.window = new ObservedWindow(world, this.rate);
    this.tally = new Tally(world);
    this.ages = queue && new QueueAges(load.length, queue.deadlineSeconds / world.stepSeconds);
    this.cluster = withSpread(startCluster(world.startSeconds, Math.max(world.minReplicas, Math.ceil((load[0] ?? 0) / (0.7 * this.rate))), world.observation.seed), cluster);
  }

  see(index: number): Sighting {
    const timeSeconds = this.world.startSeconds + index * this.world.stepSeconds;
    this.cluster = advanceCluster(this.cluster, this.world.cluster, timeSeconds);
    const { readyReplicas, pendingReplicas } = readCluster(this.cluster);
    return { timeSeconds, ...this.window.at(index), readyReplicas, pendingReplicas };
  }

  /** Without a count what runs stays. */
  apply(index: number, decided: number | undefined): StepSeen {
    const { world, rate } = this;
    const { stepSeconds } = world;
    const before = readCluster(this.cluster);
    const had = before.readyReplicas + before.pendingReplicas;
    const desired = decided === undefined ? had : Math.max(world.minReplicas, Math.min(world.maxReplicas, decided));
    const billedBefore = this.cluster.billedSeconds;
    if (desired !== had) this.cluster = setDesired(this.cluster, world.cluster, desired).state;
    const after = readCluster(this.cluster);
    const shares = (world.cluster.capacitySigma ?? 0) > 0 ? readyShares(this.cluster) : undefined;
    const arrivalsPerSecond = (world.load[index] ?? 0) + this.retriesPerSecond;
    const served = this.serve(index, { backlog: this.backlog, arrivalsPerSecond, readyReplicas: after.readyReplicas, stepSeconds, ...(shares !== undefined && { capacityShares: shares }) });
    this.backlog = served.backlog;
    this.retriesPerSecond = ((world.retryShare ?? 0) * served.dropped) / stepSeconds;
    this.window.push(index, { ...served, arrivalsPerSecond }, (shares?.reduce((sum, share) => sum + share, 0) ?? after.readyReplicas) * rate * stepSeconds);
    this.tally.add({ index, change: desired - had, ready: after.readyReplicas, pending: after.pendingReplicas, served, extraBilledSeconds: this.cluster.billedSeconds - billedBefore });
    return { index, readyReplicas: after.readyReplicas, pendingReplicas: after.pendingReplicas, desiredReplicas: desired, missed: served.missed };
  }

  score(): ReplayScore {
    return this.tally.score();
  }

  private serve(index: number, load: ServiceLoad): ServiceStep {
    const { queue, service } = this.world;
    if (queue === undefined || this.ages === undefined) return serveStep(service, load);
    const step = workOff({ itemsPerSecondPerReplica: this.rate, deadlineSeconds: queue.deadlineSeconds }, { ...load, ...this.ages.at(index) });
    this.ages.push(index, step);
    return step;
  }
}
