import { z } from "zod";
import { author, reason, replicaCount, targetName, timeSeconds } from "./common.ts";
import { modeName } from "./target.ts";

const MAX_OVERRIDE_SECONDS = 30 * 24 * 3_600;

export const attributionSchema = z.strictObject({ author, reason }).meta({ id: "Attribution" });

const overrideBase = {
  target: targetName.describe('A target\'s or a group\'s name, or "*" for all.'),
  reason,
  author,
  durationSeconds: z.int().min(1).max(MAX_OVERRIDE_SECONDS).describe("The time limit: the override ends by itself after so long."),
};
export const overrideRequestSchema = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("pause"), ...overrideBase }),
    z.strictObject({ kind: z.literal("pause-scale-in"), ...overrideBase }),
    z.strictObject({ kind: z.literal("pin"), replicas: replicaCount, ...overrideBase }),
    z.strictObject({ kind: z.literal("floor"), replicas: replicaCount.describe("At least so many; it also wakes a target that a schedule has shut down, or that stands at zero."), ...overrideBase }),
  ])
  .meta({ id: "OverrideRequest" });

export const overrideSchema = z
  .object({
    id: z.string(),
    target: targetName,
    kind: z.enum(["pause", "pause-scale-in", "pin", "floor"]),
    replicas: replicaCount.optional(),
    reason: z.string(),
    author: z.string(),
    createdAtSeconds: timeSeconds,
    expiresAtSeconds: timeSeconds,
  })
  .meta({ id: "Override" });
export const overrideListSchema = z.object({ items: z.array(overrideSchema) }).meta({ id: "OverrideList" });

export const modeRequestSchema = z.strictObject({ mode: modeName, author, reason }).meta({ id: "ModeRequest" });
export const modeSchema = z.object({ target: targetName, mode: modeName }).meta({ id: "TargetMode" });

export const killSwitchRequestSchema = z.strictObject({ engaged: z.boolean(), author, reason }).meta({ id: "KillSwitchRequest" });
export const killSwitchSchema = z
  .object({
    engaged: z.boolean(),
    sources: z.array(z.enum(["file", "environment", "signal", "api"])),
    sinceSeconds: timeSeconds.optional(),
    reason: z.string(),
    author: z.string(),
  })
  .meta({ id: "KillSwitch" });

const policyProblemSchema = z.object({ file: z.string(), line: z.int(), column: z.int(), message: z.string() }).meta({ id: "PolicyProblem" });
export const policySummarySchema = z
  .object({ name: z.string(), digest: z.string(), group: z.string(), mode: modeName, file: z.string().optional() })
  .meta({ id: "PolicySummary" });
export const policySetSchema = z
  .object({
    generation: z.int(),
    loadedAtSeconds: timeSeconds,
    items: z.array(policySummarySchema),
    problems: z.array(policyProblemSchema).describe("Why the newest reload was refused, when it was."),
  })
  .meta({ id: "PolicySet" });
export const policySchema = z
  .object({ name: z.string(), digest: z.string(), file: z.string().optional(), policy: z.record(z.string(), z.unknown()).describe("Every default filled in, units plain.") })
  .meta({ id: "PolicyDetail" });
export const reloadSchema = z
  .object({ generation: z.int(), added: z.array(z.string()), changed: z.array(z.string()), removed: z.array(z.string()) })
  .meta({ id: "ReloadReport" });

export const statusSchema = z
  .object({
    version: z.string(),
    startedAtSeconds: timeSeconds,
    nowSeconds: timeSeconds,
    ready: z.boolean(),
    checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
    killSwitch: killSwitchSchema,
    policyGeneration: z.int(),
    targets: z.int(),
  })
  .meta({ id: "Status" });
