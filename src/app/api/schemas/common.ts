import { z } from "zod";

/** Epoch seconds. */
export const timeSeconds = z.number().describe("Epoch seconds.");
export const targetName = z.string().min(1).max(200).describe("A target's name.");
export const replicaCount = z.int().min(0).max(1_000_000).describe("Replicas.");
export const author = z.string().trim().min(1).max(200).describe("Who asks for it.");
export const reason = z.string().trim().min(1).max(1_000).describe("Why; it is journalled and shown.");

/** RFC 9457, with the list of offending members where there is one. */
export const problemSchema = z
  .object({
    type: z.string().describe("A stable URI reference; the fragment names the kind of problem."),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().optional(),
    errors: z
      .array(z.object({ in: z.enum(["path", "query", "header", "body", "file", "check"]), pointer: z.string(), detail: z.string() }))
      .optional()
      .describe("Each offending member, all at once."),
  })
  .meta({ id: "Problem" });

export type ProblemBody = z.output<typeof problemSchema>;
