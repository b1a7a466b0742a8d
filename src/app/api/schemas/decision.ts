import { z } from "zod";
import { replicaCount, targetName, timeSeconds } from "./common.ts";

export const decisionKind = z.enum(["hold", "scale-out", "scale-in", "rebalance", "defer"]);

export const reasonSchema = z
  .object({
    code: z.string().describe("Stable, kebab-case."),
    text: z.string(),
    before: z.number().describe("Replicas before this rule."),
    after: z.number().describe("Replicas after this rule."),
  })
  .meta({ id: "Reason" });

export const inputSchema = z.union([
  z.object({ value: z.number(), ageSeconds: z.number(), source: z.string().optional() }),
  z.object({ cause: z.string().describe("Why the value is not there: stale, absent, invalid."), source: z.string().optional() }),
]);

export const allocationSchema = z
  .object({
    instances: z.record(z.string(), z.number()).describe("Instances per offering."),
    replicas: z.number(),
    costPerHourUsd: z.number(),
    carbonGramsPerHour: z.number().optional(),
  })
  .meta({ id: "Allocation" });

export const decisionSchema = z
  .object({
    id: z.string().describe("Unique, and equal when the journal is replayed."),
    target: targetName,
    timeSeconds,
    kind: decisionKind,
    currentReplicas: replicaCount,
    desiredReplicas: replicaCount,
    allocation: allocationSchema.optional(),
    reasons: z.array(reasonSchema).min(1).describe("In the order of the rules."),
    binding: z
      .object({ withoutCode: z.string(), desiredReplicas: z.number(), costPerHourUsd: z.number().optional() })
      .optional()
      .describe("The constraint that bound, and what would have been decided without it."),
    forecast: z
      .object({
        leadTimeSeconds: z.number(), p50: z.number().nullable(), p99: z.number().nullable(), model: z.string(), used: z.enum(["forecast", "reactive", "hold", "static"]),
        fittedToSeconds: timeSeconds.optional().describe("The newest row that the fit in use has seen."),
        demotion: z.object({ sinceSeconds: timeSeconds, reason: z.string() }).optional().describe("While the model says only that the load stays: since when, and why."),
      })
      .optional()
      .describe("Demand at the lead time, by quantile (null while the model knows none), and what the decision stood on."),
    inputs: z.record(z.string(), inputSchema).describe("Inputs as they were seen, with their age."),
    costPerHourUsd: z.number().optional(),
    carbonGramsPerHour: z.number().optional(),
  })
  .meta({ id: "Decision" });

export const outcomeSchema = z
  .object({
    idempotencyKey: z.string(),
    target: targetName,
    kind: z.enum(["applied", "no-op", "rejected", "failed", "unknown"]),
    timeSeconds,
    code: z.string(),
    detail: z.string(),
  })
  .meta({ id: "Outcome" });

export const decidedSchema = z.object({ decision: decisionSchema, outcome: outcomeSchema.optional() }).meta({ id: "DecidedOutcome" });

export const decisionPageSchema = z
  .object({
    items: z.array(decidedSchema).describe("Newest first."),
    nextCursor: z.string().optional().describe("Give it as `cursor` to get the page after this one; absent on the last page."),
  })
  .meta({ id: "DecisionPage" });

export const decisionDetailSchema = z
  .object({ decision: decisionSchema, outcomes: z.array(outcomeSchema) })
  .meta({ id: "DecisionDetail" });
