import type { ServiceStep } from "./service.ts";

/** A queue whose items wait until they are done, however long: late is what is not done this long after it arrived. */
export interface QueueModel {
  readonly itemsPerSecondPerReplica: number;
  readonly deadlineSeconds: number;
}

/** What one step of a queue is told; items are worked off in the order in which they arrived. */
export interface QueueLoad {
  readonly backlog: number;
  /** Items of the backlog that are late already: they are worked off first, and are counted once. */
  readonly overdueItems: number;
  /** Items whose time runs out at the end of this step; they stand right behind those. */
  readonly dueItems: number;
  readonly arrivalsPerSecond: number;
  readonly readyReplicas: number;
  readonly stepSeconds: number;
  /** What each ready replica carries over the average; absent: all are equal. */
  readonly capacityShares?: readonly number[];
}

/** One step of a queue that drops nothing; `missed` are the items that became late in it. */
export function workOff({ itemsPerSecondPerReplica }: QueueModel, load: QueueLoad): ServiceStep {
  const replicas = load.capacityShares === undefined ? load.readyReplicas : load.capacityShares.reduce((sum, share) => sum + share, 0);
  const arrived = load.arrivalsPerSecond * load.stepSeconds;
  const served = Math.min(load.backlog + arrived, replicas * itemsPerSecondPerReplica * load.stepSeconds);
  const missed = Math.max(0, load.dueItems - Math.max(0, served - load.overdueItems));
  return { backlog: load.backlog + arrived - served, served, dropped: 0, missed, arrived };
}

/** How much of a queue is late and how much is due, kept from the sums of what arrived and what was done. */
export class QueueAges {
  /** Items that had arrived before each step. */
  private readonly arrivedBefore: Float64Array;
  private readonly deadlineSteps: number;
  private done = 0;

  constructor(steps: number, deadlineSteps: number) {
    this.arrivedBefore = new Float64Array(steps + 1);
    this.deadlineSteps = Math.max(1, Math.round(deadlineSteps));
  }

  at(index: number): { readonly overdueItems: number; readonly dueItems: number } {
    const dueFrom = index + 1 - this.deadlineSteps;
    const overdue = dueFrom <= 0 ? 0 : (this.arrivedBefore[dueFrom - 1] ?? 0);
    const due = dueFrom <= 0 ? 0 : (this.arrivedBefore[dueFrom] ?? 0);
    const overdueItems = Math.max(0, overdue - this.done);
    return { overdueItems, dueItems: Math.max(0, due - Math.max(overdue, this.done)) };
  }

  push(index: number, { arrived, served }: Pick<ServiceStep, "arrived" | "served">): void {
    this.arrivedBefore[index + 1] = (this.arrivedBefore[index] ?? 0) + arrived;
    this.done += served;
  }
}
