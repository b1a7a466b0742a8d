import type { Intent } from "../model/intent.ts";
import type { Result } from "../model/result.ts";
import type { Workload } from "../model/workload.ts";

/** What a write came to. `no-op`: the cloud already had the value. */
export interface WriteResult {
  readonly applied: boolean;
  readonly detail: string;
}

/** Reads and sets the size of one target on one cloud. Writes are absolute. Every limit is checked before the first side effect. */
export interface Actuator {
  readonly type: string;
  read(): Promise<Result<Workload>>;
  /** Sends one absolute write. A `transient` failure means that it may or may not have arrived. */
  write(intent: Intent): Promise<Result<WriteResult>>;
  close(): Promise<void>;
}

/** How an actuator is added: its type in the YAML, its configuration's schema, and how to make one. */
export interface ActuatorDefinition<Config> {
  readonly type: string;
  readonly config: { parse(value: unknown): Config };
  create(config: Config, context: ActuatorContext): Promise<Result<Actuator>>;
}

export interface ActuatorContext {
  readonly target: string;
  /** Epoch seconds. */
  now(): number;
}
