import { z } from "zod";
import { timeSeconds } from "./common.ts";
import { decisionSchema, outcomeSchema, reasonSchema } from "./decision.ts";

export const whyNotSchema = z
  .union([z.enum(["scale-out", "scale-in", "rebalance"]), z.string().regex(/^\d{1,6}$/u)])
  .describe("A kind of decision, or a count of replicas, that was not decided.");

export const alternativeSchema = z
  .object({
    name: z.string(),
    replicas: z.number(),
    costPerHourUsd: z.number().optional(),
    carbonGramsPerHour: z.number().optional(),
    costDifferencePerHourUsd: z.number().optional().describe("Against what was decided: negative is cheaper."),
    carbonDifferenceGramsPerHour: z.number().optional(),
    basis: z.string().describe("What the figures are reckoned from."),
    notTaken: z.string().describe("Why it was not taken."),
  })
  .meta({ id: "Alternative" });

export const explanationSchema = z
  .object({
    decision: decisionSchema,
    summary: z.string().describe("One sentence."),
    inputs: z.array(
      z.object({
        name: z.string(),
        value: z.number().optional(),
        ageSeconds: z.number().optional(),
        cause: z.string().optional().describe("Why there is no value."),
        source: z.string().optional(),
      }),
    ),
    quantiles: z.array(z.object({ level: z.number(), demand: z.number() })).describe("Of demand at the lead time; empty without a forecast."),
    forecast: z
      .object({
        originSeconds: timeSeconds.describe("The newest demand that it was made from."),
        ageSeconds: z.number().describe("How old that was when it was decided."),
        fitAgeSeconds: z.number().optional().describe("How old the newest row was that the fit had seen."),
        standsIn: z.string().optional().describe("Since when and why the newest load, held, stands in for the fit."),
      })
      .optional()
      .describe("What the quantiles were made from."),
    steps: z.array(reasonSchema.extend({ changed: z.boolean() })).describe("Each rule, before → after, in order."),
    binding: z
      .object({ code: z.string(), text: z.string(), before: z.number(), after: z.number(), desiredReplicasWithout: z.number(), costPerHourUsdWithout: z.number().optional() })
      .optional(),
    alternatives: z.array(alternativeSchema),
    outcomes: z.array(outcomeSchema),
    whyNot: z.object({ asked: z.string(), answer: z.string(), codes: z.array(z.string()) }).optional(),
  })
  .meta({ id: "Explanation" });

export type Explanation = z.output<typeof explanationSchema>;
export type Alternative = z.output<typeof alternativeSchema>;
