import { z } from "zod";
import { CONTESTANTS } from "../../shadow/comparison.ts";
import { targetName, timeSeconds } from "./common.ts";

const contestantSchema = z
  .object({
    role: z.enum(CONTESTANTS),
    readyReplicas: z.number().optional().describe("Ready now; the challenger's and the HPA's are simulated."),
    replicaHours: z.number().describe("Ready and ordered, since the comparison began."),
    costUsd: z.number().optional().describe("At the champion's price of a replica; left out without prices."),
    carbonGrams: z.number().optional(),
    missedRequests: z.number().describe("By one model of a queue for all three."),
    missShare: z.number(),
    changesPerDay: z.number().optional(),
  })
  .meta({ id: "Contestant" });

export const comparisonSchema = z
  .object({
    target: targetName,
    sinceSeconds: timeSeconds.describe("When the comparison began; 0 before the first tick."),
    seconds: z.number().describe("How long it has run."),
    challengerDigest: z.string(),
    differences: z.array(z.string()).describe("What the challenger says otherwise, field by field."),
    contestants: z.array(contestantSchema),
    readout: z.string().describe("In words: what the challenger would have saved and missed."),
  })
  .meta({ id: "Comparison" });

export const comparisonListSchema = z.object({ items: z.array(comparisonSchema) }).meta({ id: "ComparisonList" });
