import type { Allocation } from "./offering.ts";

/** One effect to carry out: an absolute value, never a delta. */
export interface Intent {
  readonly target: string;
  readonly decisionId: string;
  /** Equal for equal effects: the journal and the gate let it through once. */
  readonly idempotencyKey: string;
  readonly direction: "out" | "in" | "rebalance";
  /** The desired count that the decision was made against; the gate refuses when the cloud now shows another hand. */
  readonly expectedReplicas: number;
  readonly desiredReplicas: number;
  readonly allocation?: Allocation;
  /** Instances with an interruption notice, by the cloud's ids: their replacements are to be ordered now. */
  readonly leaving?: readonly string[];
  /** How many of `desiredReplicas` stand in for machines that leave: they are given back as those are drained. */
  readonly standIns?: number;
  /** The machine to drain: nothing new for it from now on, and its place in the count given up. */
  readonly drain?: Drain;
  readonly expiresAtSeconds: number;
  readonly epoch: number;
}

export type OutcomeKind = "applied" | "no-op" | "rejected" | "failed" | "unknown";

/** What became of an intent. `unknown`: the write may or may not have arrived; the target must be read. */
export interface Outcome {
  readonly idempotencyKey: string;
  readonly target: string;
  readonly kind: OutcomeKind;
  readonly timeSeconds: number;
  /** Stable code: which check refused, or which error came (kill-switch, mode, expired, epoch, foreign-write, throttled, …). */
  readonly code: string;
  readonly detail: string;
}

/** A machine to drain, by the cloud's id. `goesAtSeconds`: when the cloud takes it; undefined where it only advises to leave. */
export interface Drain {
  readonly instanceId: string;
  readonly goesAtSeconds: number | undefined;
}
