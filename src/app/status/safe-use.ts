import type { Policy } from "../../model/policy.ts";

/** Use of the workers at which an eight-worker replica keeps 99.9 % of its requests within a quarter second's wait (M/M/8). */
const SAFE_USE = 0.76;

/** Requests per second that one replica carries within the objective; undefined until its capacity is known. */
export function safeRate(requestsPerSecondPerReplica: number | undefined): number | undefined {
  return requestsPerSecondPerReplica !== undefined && requestsPerSecondPerReplica > 0 ? requestsPerSecondPerReplica * SAFE_USE : undefined;
}

/** Replicas that a load needs within the objective, known only afterwards. */
export function neededReplicas(policy: Policy, demand: number | undefined, perReplica: number | undefined): number | undefined {
  return perReplica !== undefined && demand !== undefined ? Math.max(policy.replicas.min, Math.ceil(demand / perReplica)) : undefined;
}
