import type { z } from "zod";
import type { Intent } from "../model/intent.ts";
import type { Failure, Result } from "../model/result.ts";
import type { Workload } from "../model/workload.ts";
import type { AwsPermission } from "./aws/permissions.ts";
import type { ForeignHand } from "./foreign-hand.ts";

/** What a write came to. Not applied: the cloud already had the value, and nothing was sent. */
export interface WriteResult {
  readonly applied: boolean;
  readonly detail: string;
  /** What was done where it was done otherwise than by the count, kebab-case: `detached`. */
  readonly code?: string;
}

/** Why a write did not succeed. Only with `mayHaveArrived` is it open whether the cloud has taken it. */
export interface WriteFailure extends Failure {
  /** Stable, kebab-case: throttled, out-of-bounds, foreign-write, timeout, … */
  readonly code: string;
  readonly mayHaveArrived: boolean;
}

export type WriteAnswer = { readonly ok: true; readonly value: WriteResult } | WriteFailure;

/** Reads and sets the size of one target on one cloud. Writes are absolute. Every limit is checked before the first side effect. */
export interface Actuator {
  readonly type: string;
  read(): Promise<Result<Workload>>;
  /** Sends at most one absolute write; it is never repeated here, since a repeat could overtake a newer one. */
  write(intent: Intent): Promise<WriteAnswer>;
  /** The offering of an instance seen in the last reading; a message about a machine names the machine only. */
  offeringOf?(instanceId: string): string | undefined;
  /** Who changed the size since then, as far as the cloud tells; newest last. Absent where it tells nothing. */
  foreignHands?(sinceSeconds: number): Promise<Result<readonly ForeignHand[]>>;
  /** Who is set up to change the size too, before it does: scaling policies, schedules, another autoscaler. */
  rivals?(): Promise<Result<readonly ForeignHand["writer"][]>>;
  close(): Promise<void>;
}

/** How an actuator is added: its type in the YAML, its configuration's schema, and how to make one. */
export interface ActuatorDefinition<Config> {
  readonly type: string;
  readonly config: z.ZodType<Config>;
  /** On AWS: the actions that the actuator calls; an IAM policy is generated from them. */
  permissions?(config: Config): readonly AwsPermission[];
  create(config: Config, context: ActuatorContext): Promise<Result<Actuator>>;
}

export interface ActuatorContext {
  readonly target: string;
  /** Epoch seconds. */
  readonly now: () => number;
}

export function applied(detail: string, code?: string): WriteAnswer {
  return { ok: true, value: { applied: true, detail, ...(code === undefined ? {} : { code }) } };
}

export function alreadyThere(detail: string): WriteAnswer {
  return { ok: true, value: { applied: false, detail } };
}

/** A write that certainly had no effect. */
export function refused(failure: Failure["failure"], code: string, message: string): WriteFailure {
  return { ok: false, failure, code, message, mayHaveArrived: false };
}

/** A write of which nobody knows whether it had an effect. */
export function lost(code: string, message: string): WriteFailure {
  return { ok: false, failure: "transient", code, message, mayHaveArrived: true };
}
