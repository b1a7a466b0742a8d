import { serveStep, type ServiceModel } from "../../twin/service.ts";

/** Requests that came and those that missed the objective, and for how long more missed than the error budget allows. */
export interface MissSum {
  readonly requests: number;
  readonly missed: number;
  readonly overSeconds: number;
}

export interface ServedSpan {
  readonly service: ServiceModel;
  readonly demandPerSecond: number;
  readonly readyReplicas: number;
  readonly seconds: number;
}

/** The queue of a number of replicas under a load, by the replay's model. */
export class ModelledQueue {
  #backlog = 0;

  /** Share of the span's requests that miss the objective, 0..1. */
  missShare({ service, demandPerSecond, readyReplicas, seconds }: ServedSpan): number {
    const { backlog, arrived, missed } = serveStep(service, { backlog: this.#backlog, arrivalsPerSecond: demandPerSecond, readyReplicas, stepSeconds: seconds });
    this.#backlog = backlog;
    return arrived > 0 ? missed / arrived : 0;
  }
}

/** `share` of a span's requests missed; a share below zero takes back what an earlier one had too much. */
export function addMisses(sum: MissSum, share: number, span: { readonly requests: number; readonly seconds: number; readonly errorBudget: number }): MissSum {
  return {
    requests: sum.requests + span.requests, missed: sum.missed + share * span.requests,
    overSeconds: sum.overSeconds + (share > span.errorBudget ? span.seconds : 0),
  };
}
