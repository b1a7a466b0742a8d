import { z } from "zod";
import { MODES } from "../../../model/mode.ts";
import { CONDITION_TYPES } from "../../status/daemon-view.ts";
import { decisionSchema } from "./decision.ts";
import { targetName, timeSeconds } from "./common.ts";

export const modeName = z.enum(MODES).describe("How far a decision may go: seen only, advised, out only, both ways.");

export const observationSchema = z
  .union([
    z.object({ kind: z.literal("value"), value: z.number(), timeSeconds, censored: z.boolean().optional().describe("A lower bound: the service was saturated."), coverage: z.number().optional().describe("Share of the window that was observed.") }),
    z.object({ kind: z.literal("absent"), cause: z.enum(["stale", "absent", "invalid"]), detail: z.string() }),
  ])
  .meta({ id: "Observation", description: "A value with its time, or the cause of its absence. Absent is never zero." });

const conditionSchema = z
  .object({ type: z.enum(CONDITION_TYPES), status: z.enum(["true", "false", "unknown"]), reason: z.string(), message: z.string(), sinceSeconds: timeSeconds })
  .meta({ id: "Condition" });

const forecastHealthSchema = z
  .object({
    model: z.string().describe("Empty while no model is installed."),
    used: z.enum(["forecast", "reactive", "hold", "static"]),
    relativeError: z.number().optional().describe("Mean absolute error over that of seasonal naive: below 1 is better."),
    coverage: z.number().optional().describe("Share of values at or under the path of `coverageLevel`."),
    coverageLevel: z.number(),
    fittedAtSeconds: timeSeconds.optional(),
    note: z.string(),
  })
  .meta({ id: "ForecastHealth" });

const spendSchema = z
  .object({
    sinceSeconds: timeSeconds,
    costPerHourUsd: z.number().optional(),
    carbonGramsPerHour: z.number().optional(),
    baselineCostPerHourUsd: z.number().optional(),
    baselineCarbonGramsPerHour: z.number().optional(),
    costUsd: z.number().optional().describe("Since `sinceSeconds`, of the time in which both were known."),
    baselineCostUsd: z.number().optional(),
    savedUsd: z.number().optional(),
    savedCarbonGrams: z.number().optional(),
  })
  .meta({ id: "Spend", description: "Money and carbon now, and what was saved against the HPA on the same inputs (negative: it cost more)." });

const missSumSchema = z.object({
  requests: z.number(),
  missed: z.number().describe("Requests that missed the objective."),
  overSeconds: z.number().describe("For so long more requests missed than the error budget allows."),
});

const objectiveSchema = z
  .object({
    seconds: z.number().describe("For so long both were known."),
    errorBudget: z.number().describe("Share of the requests that may miss the objective."),
    isMeasured: z.boolean().describe("Whether `own` is what the service measured; else it is modelled as the HPA's are."),
    own: missSumSchema,
    baseline: missSumSchema,
  })
  .meta({ id: "ObjectiveBeside", description: "What the target's own replicas missed, and what the HPA's would have missed on the same load: the measured misses and what a model of a queue says that its replicas would have missed more." });

export const targetSchema = z
  .object({
    target: targetName,
    group: z.string(),
    labels: z.record(z.string(), z.string()),
    mode: modeName,
    policyDigest: z.string(),
    evaluationIntervalSeconds: z.number(),
    replicas: z.object({
      ready: z.number().optional(),
      desired: z.number().optional(),
      pending: z.number().optional(),
      min: z.number(),
      max: z.number(),
      baseline: z.number().optional().describe("What the HPA would run now."),
    }),
    signals: z.record(z.string(), z.object({ observation: observationSchema, unit: z.string(), source: z.string() })),
    capacity: z.number().optional().describe("The load that the ready replicas can carry, in the demand's unit."),
    forecast: forecastHealthSchema,
    conditions: z.array(conditionSchema),
    gate: z.object({ open: z.boolean(), code: z.string(), detail: z.string() }),
    spend: spendSchema,
    objective: objectiveSchema.optional(),
    errorBudgetUsedShare: z.number().optional(),
    lastDecision: decisionSchema.optional(),
  })
  .meta({ id: "Target" });

export const targetListSchema = z.object({ items: z.array(targetSchema) }).meta({ id: "TargetList" });

const column = z.array(z.number().nullable());
export const historySchema = z
  .object({
    target: targetName,
    timeSeconds: z.array(timeSeconds),
    demand: column,
    capacity: column,
    readyReplicas: column,
    desiredReplicas: column,
    baselineReplicas: column.describe("What the HPA would have run; before the daemon started, replayed on the load that the history holds."),
    neededReplicas: column.describe("What was needed, known only afterwards."),
    missRatio: column,
  })
  .meta({ id: "History", description: "Columns of equal length, one row per tick, oldest first; null where nothing was known." });

export const forecastSchema = z
  .object({
    target: targetName,
    originSeconds: timeSeconds.describe("The newest value that was known."),
    horizonsSeconds: z.array(z.number()).describe("Seconds after the origin, ascending."),
    mean: column,
    levels: z.array(z.number()),
    quantiles: z.array(column).describe("One path per level; paths never cross."),
    model: z.object({
      id: z.string(),
      digest: z.string(),
      weights: z.record(z.string(), z.number()),
      relativeError: z.number().nullable(),
      note: z.string(),
    }),
  })
  .meta({ id: "Forecast" });

export const forecastListSchema = z.object({ items: z.array(forecastSchema) }).meta({ id: "ForecastList" });
