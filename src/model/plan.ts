import type { Reason } from "./decision.ts";

/** The ready replicas needed over the horizon, at the quantile that the objective calls for. Arrays run over `horizonsSeconds`. */
export interface CapacityPlan {
  readonly horizonsSeconds: readonly number[];
  readonly neededReplicas: readonly number[];
  /** Need at the lead time: what must be ordered now. */
  readonly atLeadTime: number;
  /** Need seen in the newest data alone. */
  readonly reactive: number;
  /** The larger of the need at the lead time and the reactive one, before rounding up. */
  readonly wanted: number;
  /** What a scale-in must keep, since it will be needed again before it could be had back. */
  readonly hold: number;
  /** The need of the signals beside the demand, where the policy has any. */
  readonly besideDemand?: number;
  readonly quantile: number;
  readonly leadTimeSeconds: number;
  readonly requestsPerSecondPerReplica: number;
  readonly reasons: readonly Reason[];
}
