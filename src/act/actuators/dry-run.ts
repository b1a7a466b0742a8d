import { appendFile } from "node:fs/promises";
import { z } from "zod";
import type { Intent } from "../../model/intent.ts";
import { success, type Result } from "../../model/result.ts";
import { alreadyThere, applied, refused, type Actuator, type ActuatorContext, type ActuatorDefinition } from "../actuator.ts";

const config = z.strictObject({
  replicas: z.int().nonnegative().default(1).describe("The count that is taken for the present one until the first write."),
  recordTo: z.string().min(1).optional().describe("A file that gets one JSON line for each write."),
});

type Config = z.infer<typeof config>;

/** What a write would have done, one for each. */
export interface DryRunRecord {
  readonly timeSeconds: number;
  readonly fromReplicas: number;
  readonly intent: Intent;
}

export interface DryRunActuator extends Actuator {
  readonly records: readonly DryRunRecord[];
}

/** Asks nothing of any cloud and changes nothing: it takes each write for carried out at once, and records it. */
export const dryRun: ActuatorDefinition<Config> = {
  type: "dry-run",
  config,
  create: (settings, context): Promise<Result<DryRunActuator>> => Promise.resolve(success(createDryRun(settings, context))),
};

export function createDryRun({ replicas, recordTo }: Config, context: ActuatorContext): DryRunActuator {
  const records: DryRunRecord[] = [];
  let count = replicas;
  return {
    type: "dry-run",
    records,
    read: () => Promise.resolve(success({ kind: "value", timeSeconds: context.now(), desiredReplicas: count, readyReplicas: count, pendingReplicas: 0 })),
    async write(intent) {
      if (intent.desiredReplicas === count && intent.allocation === undefined) return alreadyThere(`${context.target} would already have ${count}`);
      const record: DryRunRecord = { timeSeconds: context.now(), fromReplicas: count, intent };
      if (recordTo !== undefined) {
        try {
          await appendFile(recordTo, `${JSON.stringify(record)}\n`);
        } catch (error) {
          return refused("transient", "not-recorded", `cannot write ${recordTo}: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
      records.push(record);
      count = intent.desiredReplicas;
      return applied(`dry run: ${record.fromReplicas} → ${count}, nothing was sent`);
    },
    close: () => Promise.resolve(),
  };
}
