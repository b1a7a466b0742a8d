import type { Allocation } from "./offering.ts";

export type DecisionKind = "hold" | "scale-out" | "scale-in" | "rebalance" | "defer";

/** One rule's word on the decision: what it did to the count, before → after. `code` is stable, kebab-case, documented. */
export interface Reason {
  readonly code: string;
  readonly text: string;
  readonly before: number;
  readonly after: number;
}

/** The ablated decision: what would have been decided without the constraint that bound. */
export interface Counterfactual {
  readonly withoutCode: string;
  readonly desiredReplicas: number;
  readonly costPerHourUsd?: number;
}

/** What was decided for one target at one tick, and why. */
export interface Decision {
  /** Unique and stable under replay: target, then the tick's time. */
  readonly id: string;
  readonly target: string;
  readonly timeSeconds: number;
  readonly kind: DecisionKind;
  readonly currentReplicas: number;
  readonly desiredReplicas: number;
  readonly allocation?: Allocation;
  /** In the order of the rules; never empty. */
  readonly reasons: readonly Reason[];
  /** The last reason that changed the count, when one did. */
  readonly binding?: Counterfactual;
  readonly forecast?: {
    readonly leadTimeSeconds: number;
    readonly p50: number;
    readonly p99: number;
    readonly model: string;
    /** "forecast" in the ordinary case; else what stood in for it. */
    readonly used: "forecast" | "reactive" | "hold" | "static";
    /** The newest row that the fit in use has seen. */
    readonly fittedToSeconds?: number;
    /** While the model says only that the load stays: since when, and why. */
    readonly demotion?: { readonly sinceSeconds: number; readonly reason: string };
  };
  /** Inputs as they were seen: value and age, or the cause of absence; and where they come from. */
  readonly inputs: Readonly<Record<string, ({ readonly value: number; readonly ageSeconds: number } | { readonly cause: string }) & { readonly source?: string }>>;
  readonly costPerHourUsd?: number;
  readonly carbonGramsPerHour?: number;
}
