import { missProbability, serviceRate } from "../twin/service.ts";
import type { ServiceModel, ServiceStep } from "../twin/service.ts";
import type { ReplicaTerms } from "./replica-terms.ts";
import type { ReplayWorld } from "./simulate.ts";

/** How a controller did over the scored steps. Shares of 1; hours of replicas, boot time and minimum billing included. */
export interface ReplayScore {
  readonly missShare: number;
  readonly violationMinutes: number;
  readonly replicaHours: number;
  readonly costUsd: number;
  /** Operational and embodied; undefined where the world knows no terms. */
  readonly carbonGrams: number | undefined;
  readonly changesPerDay: number;
  readonly scaleOuts: number;
  readonly scaleIns: number;
  /** Herbst, Kounev and Reussner (2013): accuracy of provisioning, and share of time under and over. */
  readonly underProvisionShare: number;
  readonly overProvisionShare: number;
  readonly timeUnderShare: number;
  readonly timeOverShare: number;
  readonly scoredHours: number;
  /** The hour in which most was missed; undefined where nothing was. */
  readonly worstHour: WorstHour | undefined;
}

/** An hour by its start, and the step of it in which most was missed: what was ready then, and what was needed. */
export interface WorstHour {
  readonly startSeconds: number;
  readonly missed: number;
  readonly requests: number;
  readonly worstStepSeconds: number;
  readonly readyReplicas: number;
  readonly neededReplicas: number;
}

const PRICE_PER_REPLICA_HOUR_USD = 0.1;
const BAD_STEP_SHARE = 0.01;
const DEMAND_BUDGET = 0.001;

interface StepCount {
  readonly index: number;
  readonly change: number;
  readonly ready: number;
  readonly pending: number;
  readonly served: ServiceStep;
  readonly extraBilledSeconds: number;
}

/** Adds up what a replay is scored by. */
export class Tally {
  private readonly world: ReplayWorld;
  private readonly demandPerReplica: number;
  private requests = 0;
  private missed = 0;
  private badSteps = 0;
  private billedSeconds = 0;
  private outs = 0;
  private ins = 0;
  private steps = 0;
  private under = 0;
  private over = 0;
  private stepsUnder = 0;
  private stepsOver = 0;
  private busySeconds = 0;
  private readonly hours = new Map<number, HourCount>();

  constructor(world: ReplayWorld) {
    this.world = world;
    this.demandPerReplica = serviceRate(world.service) * (world.queue === undefined ? useForBudget(world.service, DEMAND_BUDGET) : 1);
  }

  add({ index, change, ready, pending, served, extraBilledSeconds }: StepCount): void {
    if (index < this.world.scoreFrom) return;
    const { stepSeconds } = this.world;
    this.steps += 1;
    this.requests += served.arrived;
    this.missed += served.missed;
    if (served.missed > BAD_STEP_SHARE * served.arrived) this.badSteps += 1;
    this.billedSeconds += (ready + pending) * stepSeconds + extraBilledSeconds;
    if (change > 0) this.outs += 1;
    if (change < 0) this.ins += 1;
    const demand = Math.max(1, Math.ceil(served.arrived / stepSeconds / this.demandPerReplica));
    this.under += Math.max(demand - ready, 0) / demand;
    this.over += Math.max(ready - demand, 0) / demand;
    if (demand > ready) this.stepsUnder += 1;
    if (demand < ready) this.stepsOver += 1;
    this.busySeconds += served.served / serviceRate(this.world.service);
    const at = this.world.startSeconds + index * stepSeconds;
    const hour = Math.floor(at / 3600);
    let known = this.hours.get(hour);
    if (known === undefined) this.hours.set(hour, (known = { missed: 0, requests: 0, most: -1, worstStepSeconds: at, readyReplicas: ready, neededReplicas: demand }));
    known.missed += served.missed;
    known.requests += served.arrived;
    if (served.missed > known.most) Object.assign(known, { most: served.missed, worstStepSeconds: at, readyReplicas: ready, neededReplicas: demand });
  }

  score(): ReplayScore {
    const seconds = this.steps * this.world.stepSeconds;
    const replicaHours = this.billedSeconds / 3600;
    let worst: ReplayScore["worstHour"];
    for (const [hour, { most: _, ...counts }] of this.hours) if (counts.missed > (worst?.missed ?? 0)) worst = { startSeconds: hour * 3600, ...counts };
    const { terms } = this.world;
    return {
      missShare: this.requests > 0 ? this.missed / this.requests : 0,
      violationMinutes: (this.badSteps * this.world.stepSeconds) / 60,
      replicaHours,
      costUsd: replicaHours * (terms?.pricePerHourUsd ?? PRICE_PER_REPLICA_HOUR_USD),
      carbonGrams: terms && gramsOf(terms, replicaHours, this.busySeconds / 3600),
      changesPerDay: ((this.outs + this.ins) * 86_400) / seconds,
      scaleOuts: this.outs,
      scaleIns: this.ins,
      underProvisionShare: this.under / this.steps,
      overProvisionShare: this.over / this.steps,
      timeUnderShare: this.stepsUnder / this.steps,
      timeOverShare: this.stepsOver / this.steps,
      scoredHours: seconds / 3600,
      worstHour: worst,
    };
  }
}

interface HourCount {
  missed: number;
  requests: number;
  most: number;
  worstStepSeconds: number;
  readyReplicas: number;
  neededReplicas: number;
}

/** gCO2e of replica-hours of which so many were busy: boot and idle time draw the idle power. */
export function gramsOf({ idleWatts, busyWatts, gramsPerKwh, embodiedGramsPerHour }: ReplicaTerms, replicaHours: number, busyHours: number): number {
  return ((idleWatts * replicaHours + busyWatts * busyHours) / 1000) * gramsPerKwh + embodiedGramsPerHour * replicaHours;
}

/** The use at which so large a share of the requests misses (0.76234 for 0.1 % in the benchmark's service), by bisection. */
export function useForBudget(service: ServiceModel, budget: number): number {
  let low = 0.01;
  let high = 0.999;
  for (let i = 0; i < 50; i += 1) {
    const middle = (low + high) / 2;
    if (missProbability(service, middle) > budget) high = middle;
    else low = middle;
  }
  return low;
}
