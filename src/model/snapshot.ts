import type { BudgetReading } from "./budget.ts";
import type { CarbonSignal, Notice, Offering } from "./offering.ts";
import type { Observation } from "./observation.ts";
import type { Outcome } from "./intent.ts";
import type { Override } from "./override.ts";
import type { WorkloadObservation } from "./workload.ts";

/** All that a step may know: the world at one time, journalled whole, so that a journal replays byte for byte. */
export interface Snapshot {
  readonly timeSeconds: number;
  readonly wake: "tick" | "notice";
  /** Fencing epoch of the process that steps. */
  readonly epoch: number;
  readonly targets: Readonly<Record<string, TargetSnapshot>>;
  /** Fits to install before this step, by target: journalled inputs. */
  readonly installs: readonly ModelInstall[];
  /** Outcomes learned since the last step. */
  readonly outcomes: readonly Outcome[];
  readonly overrides: readonly Override[];
  /** Limits across groups, as allowances for this group. */
  readonly allowances?: { readonly maxCostPerHourUsd?: number; readonly maxScaleInReplicas?: number };
}

export interface TargetSnapshot {
  /** Requests (or items) per second. */
  readonly demand: Observation;
  /** Busy share of the ready replicas, 0..1. */
  readonly utilization: Observation;
  /** Share of requests that missed the objective. */
  readonly missRatio: Observation;
  readonly backlog: Observation;
  /** The policy's extra signals that are read from a source, by name; absent where it has none. */
  readonly signals?: Readonly<Record<string, Observation>>;
  readonly workload: WorkloadObservation;
  readonly notices: readonly Notice[];
  /** Absent: as at the last step. */
  readonly offerings?: readonly Offering[];
  readonly carbon?: CarbonSignal;
  /** Budgets that will not hold at what is planned; absent where all hold. */
  readonly budgets?: readonly BudgetReading[];
}

/** A fitted model made beside the step. `fit` is plain JSON data, stored once by content hash. */
export interface ModelInstall {
  readonly target: string;
  /** The signal whose forecast it is; absent: the demand. */
  readonly signal?: string;
  readonly modelId: string;
  readonly digest: string;
  /** The newest row that the fit has seen, epoch seconds. */
  readonly fittedToSeconds: number;
  readonly fit: unknown;
}
