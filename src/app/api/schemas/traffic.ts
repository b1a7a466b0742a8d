import { z } from "zod";
import { EVACUATION_PHASES } from "../../traffic/traffic-view.ts";
import { author, reason, timeSeconds } from "./common.ts";

const MAX_EVACUATION_SECONDS = 30 * 24 * 3_600;
const shares = z.record(z.string(), z.number()).describe("Share of the load by region, 0..1.");

export const evacuationRequestSchema = z
  .strictObject({
    region: z.string().min(1).max(100),
    reason,
    author,
    durationSeconds: z.int().min(60).max(MAX_EVACUATION_SECONDS).describe("The time limit: after so long the load returns by itself, by the same steps."),
  })
  .meta({ id: "EvacuationRequest" });

export const evacuationSchema = z
  .object({
    id: z.string(),
    split: z.string(),
    region: z.string(),
    reason: z.string(),
    author: z.string(),
    createdAtSeconds: timeSeconds,
    expiresAtSeconds: timeSeconds,
    phase: z.enum(EVACUATION_PHASES),
    base: shares.describe("The shares before it began: those that are returned to."),
    code: z.string().describe("What it waits for, or has done last: moved, settling, capacity, data-absent, no-room, kill-switch, mode, foreign-write, …"),
    note: z.string(),
  })
  .meta({ id: "Evacuation" });
export const evacuationListSchema = z.object({ items: z.array(evacuationSchema) }).meta({ id: "EvacuationList" });

export const splitSchema = z
  .object({
    split: z.string(),
    mode: z.enum(["recommend", "full"]),
    targets: z.record(z.string(), z.string()).describe("Region to target."),
    shares: shares.optional(),
    evacuation: evacuationSchema.optional(),
  })
  .meta({ id: "Split" });
export const splitListSchema = z.object({ items: z.array(splitSchema) }).meta({ id: "SplitList" });
