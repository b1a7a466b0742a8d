import type { Controller, Sighting } from "../controller.ts";
import { Hpa, HPA_DEFAULTS, replicasByAverageValue } from "./hpa.ts";

export interface PhpaOptions {
  readonly requestsPerSecondPerReplica: number;
  readonly targetUse: number;
  readonly lookAheadSeconds: number;
  readonly storedRows: number;
}

/**
 * The predictive HPA with its linear model: the larger of the HPA's own count and of the line through the newest stored replica
 * counts, read ahead. Source: jthomperoo/predictive-horizontal-pod-autoscaler, algorithms/linear_regression.
 */
export class Phpa implements Controller {
  private readonly options: PhpaOptions;
  private readonly reactive: Hpa;
  private readonly times: number[] = [];
  private readonly counts: number[] = [];

  constructor(options: PhpaOptions) {
    this.options = options;
    this.reactive = new Hpa({ ...HPA_DEFAULTS, target: options.targetUse });
  }

  decide(sighting: Sighting): number {
    const { timeSeconds, load } = sighting;
    const current = sighting.readyReplicas + sighting.pendingReplicas;
    const wanted = this.reactive.decide(sighting);
    if (Number.isNaN(load)) return wanted;
    const { requestsPerSecondPerReplica, targetUse, storedRows, lookAheadSeconds } = this.options;
    this.times.push(timeSeconds);
    this.counts.push(replicasByAverageValue(load, requestsPerSecondPerReplica * targetUse, { replicas: current, tolerance: 0 }));
    if (this.times.length > storedRows) {
      this.times.shift();
      this.counts.shift();
    }
    return Math.max(wanted, Math.ceil(lineAt(this.times, this.counts, timeSeconds + lookAheadSeconds) - 1e-9));
  }
}

/** The least-squares line read at a time; the mean where all times are equal. */
function lineAt(times: readonly number[], values: readonly number[], at: number): number {
  const meanTime = times.reduce((sum, time) => sum + time, 0) / times.length;
  const meanValue = values.reduce((sum, value) => sum + value, 0) / values.length;
  let covariance = 0;
  let variance = 0;
  times.forEach((time, i) => {
    covariance += (time - meanTime) * ((values[i] ?? 0) - meanValue);
    variance += (time - meanTime) ** 2;
  });
  return variance === 0 ? meanValue : meanValue + (covariance / variance) * (at - meanTime);
}
