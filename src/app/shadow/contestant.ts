import { serveStep, type ServiceModel } from "../../twin/service.ts";

/** What one contestant has run, cost and missed since the comparison began. Plain data: a note of the journal holds it. */
export interface ContestantAccount {
  readonly replicaSeconds: number;
  readonly requests: number;
  readonly missed: number;
  readonly changes: number;
  readonly costUsd: number;
  readonly carbonGrams: number;
}

export const NOTHING_RUN: ContestantAccount = { replicaSeconds: 0, requests: 0, missed: 0, changes: 0, costUsd: 0, carbonGrams: 0 };

export interface ContestantTick {
  readonly seconds: number;
  readonly demandPerSecond: number;
  readonly readyReplicas: number;
  /** Ready and ordered: what is billed. */
  readonly totalReplicas: number;
  /** Dollars and grams of a replica-hour now; the same for all. */
  readonly pricePerHourUsd: number;
  readonly gramsPerHour: number;
  readonly service: ServiceModel;
}

/** One of those that are compared: its replicas under the same load, its misses by the same model of a queue. */
export class Contestant {
  #account: ContestantAccount;
  #backlog = 0;
  #total: number | undefined;
  #missRatio: number | undefined;

  constructor(account: ContestantAccount) {
    this.#account = account;
  }

  get account(): ContestantAccount {
    return this.#account;
  }

  /** Of the last tick. */
  get missRatio(): number | undefined {
    return this.#missRatio;
  }

  add({ seconds, demandPerSecond, readyReplicas, totalReplicas, pricePerHourUsd, gramsPerHour, service }: ContestantTick): void {
    const { backlog, arrived, missed } = serveStep(service, { backlog: this.#backlog, arrivalsPerSecond: demandPerSecond, readyReplicas, stepSeconds: seconds });
    this.#backlog = backlog;
    this.#missRatio = arrived > 0 ? missed / arrived : 0;
    const hours = (totalReplicas * seconds) / 3600;
    const { replicaSeconds, requests, missed: before, changes, costUsd, carbonGrams } = this.#account;
    this.#account = {
      replicaSeconds: replicaSeconds + totalReplicas * seconds, requests: requests + arrived, missed: before + missed,
      changes: changes + (this.#total !== undefined && totalReplicas !== this.#total ? 1 : 0),
      costUsd: costUsd + hours * pricePerHourUsd, carbonGrams: carbonGrams + hours * gramsPerHour,
    };
    this.#total = totalReplicas;
  }
}
