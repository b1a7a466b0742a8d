import { z } from "zod";
import { MARK_KINDS } from "../../forecasts/mark-kinds.ts";
import { author, reason, targetName, timeSeconds } from "./common.ts";

const MAX_MARK_SECONDS = 90 * 24 * 3_600;

const horizonScoreSchema = z
  .object({
    horizonSeconds: z.number(),
    matured: z.int().describe("Forecasts whose row has come, over the last four weeks at most."),
    coverage: z.array(z.object({ level: z.number(), share: z.number() })).describe("By level: the share of rows at or under its path. Empty until one has matured."),
    meanPinball: z.number().optional().describe("Mean pinball loss over the levels, in the demand's unit."),
    meanAbsoluteError: z.number().optional().describe("Mean |value − median|, in the demand's unit."),
    overSeasonalNaive: z.number().optional().describe("Mean absolute error over that of the same time a season ago: below 1 is better."),
    overNow: z.number().optional().describe("Mean absolute error over that of the newest value, held: below 1 is better."),
    days: z.array(z.object({ startSeconds: timeSeconds, matured: z.int(), covered90: z.number().describe("Share of rows at or under the path of .9.") })).describe("Oldest first."),
  })
  .meta({ id: "HorizonScore" });

const horizonTrustSchema = z
  .object({
    horizonSeconds: z.number(),
    uses: z.enum(["ensemble", "seasonal-naive", "now"]),
    sinceSeconds: timeSeconds,
    reason: z.string().describe("Why the ensemble was demoted; empty while it is used."),
  })
  .meta({ id: "HorizonTrust" });

export const forecastQualitySchema = z
  .object({
    target: targetName,
    model: z.string().describe("Empty while no model is installed."),
    fittedAtSeconds: timeSeconds.optional(),
    nextFitSeconds: timeSeconds.optional(),
    seasonsSeconds: z.array(z.number()),
    note: z.string(),
    horizons: z.array(horizonScoreSchema),
    trust: z.array(horizonTrustSchema),
  })
  .meta({ id: "ForecastQuality" });

const epoch = timeSeconds.min(0).max(1e11);
const kind = z.enum(MARK_KINDS).describe("A saturated stretch is a lower bound; what the others cover is hidden.");

export const markRequestSchema = z
  .strictObject({ kind, fromSeconds: epoch, toSeconds: epoch, author, reason })
  .refine(({ fromSeconds, toSeconds }) => toSeconds > fromSeconds, { path: ["toSeconds"], message: "must be after fromSeconds" })
  .refine(({ fromSeconds, toSeconds }) => toSeconds - fromSeconds <= MAX_MARK_SECONDS, { path: ["toSeconds"], message: "a mark covers at most 90 days" })
  .meta({ id: "MarkRequest" });

export const markSchema = z
  .object({
    id: z.string(),
    target: targetName,
    kind,
    fromSeconds: timeSeconds.describe("Rows at or after it and before `toSeconds` are marked."),
    toSeconds: timeSeconds,
    reason: z.string(),
    author: z.string(),
    createdAtSeconds: timeSeconds,
    automatic: z.boolean().describe("Found by the daemon itself."),
  })
  .meta({ id: "Mark" });

export const markListSchema = z.object({ items: z.array(markSchema) }).meta({ id: "MarkList" });
