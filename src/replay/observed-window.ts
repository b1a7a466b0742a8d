import type { Sighting } from "./controller.ts";
import { seededNormal } from "./random.ts";
import type { ReplayWorld } from "./simulate.ts";

/** What the steps of the observation window held; late, noisy, and sometimes lost. */
export class ObservedWindow {
  private readonly world: ReplayWorld;
  private readonly normal: () => number;
  private readonly arrivalsByStep: Float64Array;
  private readonly servedByStep: Float64Array;
  private readonly couldByStep: Float64Array;
  private readonly missedByStep: Float64Array;
  private readonly backlogByStep: Float64Array;
  private readonly replicaItems: number;

  constructor(world: ReplayWorld, rate: number) {
    this.world = world;
    this.normal = seededNormal(world.observation.seed);
    this.replicaItems = rate * world.stepSeconds;
    const first = (world.load[0] ?? 0) * world.stepSeconds;
    this.arrivalsByStep = Float64Array.from(world.load);
    this.servedByStep = new Float64Array(world.load.length).fill(first);
    this.couldByStep = new Float64Array(world.load.length).fill(Math.max(first / 0.7, rate * world.stepSeconds));
    this.missedByStep = new Float64Array(world.load.length);
    this.backlogByStep = new Float64Array(world.load.length);
  }

  push(index: number, step: { readonly served: number; readonly missed: number; readonly backlog: number; readonly arrivalsPerSecond: number }, could: number): void {
    this.arrivalsByStep[index] = step.arrivalsPerSecond;
    this.servedByStep[index] = step.served;
    this.couldByStep[index] = could;
    this.missedByStep[index] = step.missed;
    this.backlogByStep[index] = step.backlog;
  }

  at(index: number): Omit<Sighting, "timeSeconds" | "readyReplicas" | "pendingReplicas"> {
    const { stepSeconds } = this.world;
    const { lagSteps, windowSteps, noise, lostShare } = this.world.observation;
    const loadNoise = 1 + noise * this.normal();
    const useNoise = 1 + noise * this.normal();
    const isLost = lostShare > 0 && 0.5 * (1 + Math.tanh(0.8 * this.normal())) < lostShare;
    const from = Math.max(0, index - lagSteps - windowSteps);
    const to = Math.max(from + 1, index - lagSteps);
    if (isLost) return { load: NaN, utilization: NaN, missRatio: NaN };
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
    const requests = arrived * stepSeconds;
    return {
      load: Math.max(0, (arrived / (to - from)) * loadNoise),
      utilization: could > 0 ? Math.min(1, Math.max(0, (served / could) * useNoise)) : 1,
      missRatio: requests > 0 ? Math.min(1, missed / requests) : 0,
      servedPerSecond: Math.max(0, (served / ((to - from) * stepSeconds)) * loadNoise), backlog: this.backlogByStep[to - 1] ?? 0,
      ...(this.world.signals !== undefined && { signals: this.signalsOf(from, to) }),
    };
  }

  /** Means over the window; a signal that was not recorded there is left out. */
  private signalsOf(from: number, to: number): Readonly<Record<string, number>> {
    const seen: Record<string, number> = {};
    for (const [name, { kind, values }] of Object.entries(this.world.signals ?? {})) {
      let sum = 0;
      let replicas = 0;
      for (let k = from; k < to; k += 1) {
        sum += values[k] ?? NaN;
        replicas += (this.couldByStep[k] ?? 0) / this.replicaItems;
      }
      const value = kind === "load" ? sum / (to - from) : Math.min(1, sum / replicas);
      if (!Number.isNaN(value)) seen[name] = value;
    }
    return seen;
  }
}
