import type { z } from "zod";
import type { HistoryPoint } from "../../../history/history-store.ts";
import type { Observation } from "../../../model/observation.ts";
import type { SignalSpec } from "../../../model/policy.ts";
import type { Result } from "../../../model/result.ts";

/** Answers policies' questions about their signals, wherever the metrics come from. */
export interface MetricSource {
  readonly type: string;
  /** How often to refresh; 0 for a source that is pushed to. */
  readonly refreshEverySeconds: number;
  /** Read these signals from now on, and no others; those that stay keep what they know. */
  retain(specs: readonly SignalSpec[]): void;
  /** Ask for what is new. A source that is pushed to has nothing to do. A failure leaves all as it was. */
  refresh(nowSeconds: number): Promise<Result<void>>;
  /** The newest value, or why there is none. */
  read(spec: SignalSpec, nowSeconds: number): Observation;
  /** The grid steps completed since the last call with this step, each once, oldest first. */
  takeSteps(spec: SignalSpec, stepSeconds: number, nowSeconds: number): readonly HistoryPoint[];
  close(): Promise<void>;
}

export interface SourceContext {
  /** Epoch seconds. */
  now(): number;
}

/** How a metric source is added: its type, its configuration's schema, and how to make one. */
export interface MetricSourceDefinition<Config> {
  readonly type: string;
  readonly config: z.ZodType<Config>;
  create(config: Config, context: SourceContext): Promise<Result<MetricSource>>;
}
