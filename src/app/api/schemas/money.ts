import { z } from "zod";
import { targetName, timeSeconds } from "./common.ts";

export const budgetSchema = z
  .object({
    name: z.string(),
    scope: z.enum(["target", "group", "labels", "fleet"]),
    members: z.array(targetName).describe("The targets that it covers."),
    unit: z.enum(["usd", "grams"]).describe("US dollars, or grams of CO2e."),
    period: z.enum(["hour", "day", "month"]).describe("A calendar period (UTC)."),
    periodStartSeconds: timeSeconds,
    periodEndSeconds: timeSeconds,
    limit: z.number(),
    unknown: z.string().optional().describe("Why nothing is known of what is spent: the amounts are then null."),
    unknownMembers: z.array(targetName).optional().describe("Targets whose part is not known: the amounts are those of the others alone, and so the least that it can be."),
    spent: z.number().nullable(),
    spentShare: z.number().nullable().describe("Of the limit."),
    elapsedShare: z.number().describe("Of the period."),
    forecast: z.number().nullable().describe("What the period will come to at what is planned: the median."),
    forecastLow: z.number().nullable().describe("The same where the load stays at its .1 quantile."),
    forecastHigh: z.number().nullable().describe("The same at the .9 quantile."),
    breachSeconds: timeSeconds.optional().describe("When the median passes the limit."),
    breachProbability: z.number().optional().describe("Chance that the period passes the limit; absent while nothing is known of the spread."),
    affordableShare: z.number().describe("Share of what is planned that the rest of the budget affords: 1 where it holds."),
  })
  .meta({ id: "Budget" });
export const budgetListSchema = z.object({ items: z.array(budgetSchema) }).meta({ id: "BudgetList" });

export const showbackSchema = z
  .object({
    tag: z.string(),
    fromSeconds: timeSeconds,
    toSeconds: timeSeconds,
    items: z.array(z.object({
      value: z.string().describe("The tag's value; empty for targets without it."),
      costUsd: z.number(),
      carbonGrams: z.number().optional().describe("Absent where the grid of a part is not known."),
      instanceHours: z.number(),
    })),
  })
  .meta({ id: "Showback" });

const sizeAdviceSchema = z
  .object({
    instanceType: z.string(),
    replicas: z.int().describe("Replicas of the measured need that one machine carries."),
    perReplicaUsd: z.number().describe("Per hour, on demand."),
    savingShare: z.number().describe("Against what a replica costs now; negative is dearer."),
    cpuShortShare: z.number().describe("Share of the measured time in which CPU would have been short: the risk."),
    memoryShortShare: z.number().describe("The same of memory."),
  })
  .meta({ id: "SizeAdvice" });
export const rightSizingSchema = z
  .object({
    items: z.array(z.object({
      target: targetName,
      samples: z.int(),
      fromSeconds: timeSeconds.optional(),
      toSeconds: timeSeconds.optional(),
      isEnough: z.boolean().describe("Whether a whole day of use is known."),
      cpuCores: z.number().optional().describe("What one replica needs: the .9 quantile, newer use weighing more."),
      memoryGib: z.number().optional().describe("The .99 quantile."),
      perReplicaUsdNow: z.number().optional(),
      advice: z.array(sizeAdviceSchema).describe("Cheapest first, ten at most."),
    })),
  })
  .meta({ id: "RightSizing" });
