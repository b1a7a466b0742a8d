import type { z } from "zod";
import type { Result } from "../../model/result.ts";
import type { WriteAnswer } from "../actuator.ts";
import type { AwsPermission } from "../aws/permissions.ts";

/** How the load is split now. Shares by region, 0..1, summing to 1. */
export interface SplitReading {
  readonly shares: Readonly<Record<string, number>>;
  /** Changes whenever the split does, by whoever's hand. */
  readonly version: string;
  /** How long clients may keep an older answer. */
  readonly ttlSeconds: number;
}

export interface SplitOrder {
  readonly shares: Readonly<Record<string, number>>;
  /** The version that the order was made against: another one refuses it (`foreign-write`). */
  readonly version: string;
  readonly idempotencyKey: string;
  readonly reason: string;
}

/** Tells and sets which share of the load goes to which region. Writes are absolute; every limit is checked before one is sent. */
export interface TrafficSwitch {
  readonly type: string;
  read(): Promise<Result<SplitReading>>;
  write(order: SplitOrder): Promise<WriteAnswer>;
  close(): Promise<void>;
}

export interface SwitchContext {
  readonly split: string;
  readonly regions: readonly string[];
  /** Epoch seconds. */
  readonly now: () => number;
}

/** How a switch is added: its type in foretide.yaml, its configuration's schema, and how to make one. */
export interface SwitchDefinition<Config> {
  readonly type: string;
  readonly config: z.ZodType<Config>;
  /** On AWS: the actions that it calls. */
  permissions?(config: Config): readonly AwsPermission[];
  create(config: Config, context: SwitchContext): Promise<Result<TrafficSwitch>>;
}
