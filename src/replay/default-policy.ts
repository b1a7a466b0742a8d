import type { Policy } from "../model/policy.ts";

/** What a replay needs to know of a service to give it the shipped defaults. */
export interface ServiceFacts {
  readonly leadTimeSeconds: number;
  /** The believed rate; learned online from there. */
  readonly requestsPerSecondPerReplica: number;
  readonly errorBudget: number;
}

/** The policy that a file with nothing but these facts gives: every other field is the schema's default. A test holds it to that. */
export function defaultPolicy(facts: ServiceFacts): Policy {
  return {
    name: "web", digest: "default", group: "web", labels: {}, mode: "full",
    actuator: { type: "simulated", config: {} },
    replicas: { min: 1, max: 200 },
    signals: {
      demand: {
        source: "otlp", metric: "http.server.request.duration", select: {}, extract: "rate", aggregate: "sum",
        quantile: undefined, threshold: undefined, unit: "s", windowSeconds: 60, staleAfterSeconds: 180,
      },
    },
    scaling: { by: "objective", requestsPerSecondPerReplica: facts.requestsPerSecondPerReplica },
    objective: { latencySeconds: 0.25, errorBudget: facts.errorBudget },
    leadTimeSeconds: facts.leadTimeSeconds,
    evaluationIntervalSeconds: 15,
    forecast: { enabled: true, stepSeconds: 60, seasonsSeconds: [86_400, 604_800], horizonSeconds: 7200, refitSeconds: 3600, historySeconds: 28 * 86_400, calendar: undefined },
    behavior: { tolerance: 0, scaleInStabilizationSeconds: 60, scaleOutStabilizationSeconds: 0, maxScaleOutShare: 4, maxScaleOutReplicas: 10, maxScaleInShare: 1, maxScaleInReplicas: 1 },
    fallback: { holdSeconds: 300, forecastSeconds: 3600, staticReplicas: undefined },
    purchase: undefined,
    cost: { maxPerHourUsd: undefined, onLimit: "cut-headroom", replicaPerHourUsd: undefined },
    carbon: { signal: "average", mode: "report", maxExtraCostShare: 0.05, pricePerKgUsd: 0, maxGramsPerHour: undefined },
  };
}
