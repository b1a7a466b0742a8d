import { z } from "zod";
import { EVENT_TYPES } from "./event-stream.ts";
import type { Operation } from "./operation.ts";
import { targetName } from "./schemas/common.ts";
import { comparisonListSchema } from "./schemas/comparison.ts";
import * as control from "./schemas/control.ts";
import { decisionDetailSchema, decisionKind, decisionPageSchema } from "./schemas/decision.ts";
import { explanationSchema, whyNotSchema } from "./schemas/explanation.ts";
import * as forecast from "./schemas/forecast.ts";
import * as money from "./schemas/money.ts";
import * as target from "./schemas/target.ts";
import * as traffic from "./schemas/traffic.ts";

/** A number as a query carries it: plain decimal digits; anything else stays a string and is refused by the inner schema. */
const decimal = <S extends z.ZodType>(inner: S) =>
  z.preprocess((value) => (typeof value === "string" && /^-?\d+(?:\.\d+)?(?:e[-+]?\d+)?$/iu.test(value) ? Number(value) : value), inner);
const repeated = (item: z.ZodType<string>) => z.preprocess((value) => [value].flat(), z.array(item).max(50));
const epoch = decimal(z.number().min(0).max(1e11));
const targetParams = z.strictObject({ target: targetName });
const decisionParams = z.strictObject({ decision: z.string().min(1).max(300).describe("A decision's id.") });
const overrideParams = z.strictObject({ override: z.string().min(1).max(100).describe("An override's id.") });
const markParams = z.strictObject({ mark: z.string().min(1).max(300).describe("A mark's id.") });
const policyParams = z.strictObject({ policy: z.string().min(1).max(200).describe("A policy's name.") });
const whyNotQuery = z.strictObject({ whyNot: whyNotSchema.optional() });
const targetFilter = repeated(targetName).optional().describe("Only these targets; may be repeated.");
const json = (description: string, schema: z.ZodType, status = 200) => ({ status, description, schema });
const define = <const O extends Operation>(operation: O): O => operation;

export const getStatus = define({
  id: "getStatus", method: "get", path: "/api/v1/status", tag: "daemon",
  summary: "The daemon's own state: version, readiness, kill switch",
  success: json("The daemon's state.", control.statusSchema), problems: [],
});
export const listTargets = define({
  id: "listTargets", method: "get", path: "/api/v1/targets", tag: "targets",
  summary: "All targets with their status",
  query: z.strictObject({ group: z.string().max(200).optional().describe("Only this group.") }),
  success: json("Every target.", target.targetListSchema), problems: [400],
});
export const getTarget = define({
  id: "getTarget", method: "get", path: "/api/v1/targets/{target}", tag: "targets",
  summary: "One target: what it runs, sees, may do and costs",
  params: targetParams, success: json("The target.", target.targetSchema), problems: [404],
});
export const getHistory = define({
  id: "getHistory", method: "get", path: "/api/v1/targets/{target}/history", tag: "targets",
  summary: "Load, capacity and replicas per tick, with what the HPA would have run",
  params: targetParams,
  query: z.strictObject({
    from: epoch.optional().describe("Epoch seconds, included; one hour ago when left out."),
    to: epoch.optional().describe("Epoch seconds, excluded; now when left out."),
  }),
  success: json("Columns of equal length.", target.historySchema), problems: [400, 404],
});
export const getForecast = define({
  id: "getForecast", method: "get", path: "/api/v1/targets/{target}/forecast", tag: "forecasts",
  summary: "The forecast that the newest decision used, with its quantiles",
  params: targetParams, success: json("The forecast.", target.forecastSchema), problems: [404],
});
export const listForecasts = define({
  id: "listForecasts", method: "get", path: "/api/v1/forecasts", tag: "forecasts",
  summary: "The newest forecasts of many targets at once; those that have none are left out",
  query: z.strictObject({ target: targetFilter }),
  success: json("One forecast a target.", target.forecastListSchema), problems: [400],
});
export const getForecastQuality = define({
  id: "getForecastQuality", method: "get", path: "/api/v1/targets/{target}/forecast/quality", tag: "forecasts",
  summary: "How good the forecasts have been at each horizon, what they are made with now, and since when and why something stands in",
  params: targetParams, success: json("Scores from matured forecasts alone.", forecast.forecastQualitySchema), problems: [404],
});
export const listComparisons = define({
  id: "listComparisons", method: "get", path: "/api/v1/comparisons", tag: "targets",
  summary: "Each policy's challenger in shadow, beside the champion and the HPA over the same load; targets without one are left out",
  query: z.strictObject({ target: targetFilter }),
  success: json("What each ran, cost and missed since the comparison began.", comparisonListSchema), problems: [400],
});
export const listMarks = define({
  id: "listMarks", method: "get", path: "/api/v1/targets/{target}/marks", tag: "forecasts",
  summary: "What the forecasts do not learn from: outages, deploys, gaps, saturation", params: targetParams,
  success: json("Every mark in force, oldest first.", forecast.markListSchema), problems: [404],
});
export const addMark = define({
  id: "addMark", method: "post", path: "/api/v1/targets/{target}/marks", tag: "forecasts",
  summary: "Mark a stretch that forecasts shall not learn from; it stays in the history", params: targetParams, body: forecast.markRequestSchema,
  success: json("The mark, now in force.", forecast.markSchema, 201), problems: [400, 404, 409, 422, 503], idempotencyKey: "required",
});
export const getMark = define({
  id: "getMark", method: "get", path: "/api/v1/marks/{mark}", tag: "forecasts",
  summary: "One mark", params: markParams, success: json("The mark.", forecast.markSchema), problems: [404],
});
export const undoMark = define({
  id: "undoMark", method: "delete", path: "/api/v1/marks/{mark}", tag: "forecasts",
  summary: "Undo a mark: what it hid is learned from again", params: markParams, query: control.attributionSchema,
  success: json("The mark that was undone.", forecast.markSchema), problems: [400, 404, 412, 503], idempotencyKey: "optional", ifMatch: true,
});
export const getMode = define({
  id: "getMode", method: "get", path: "/api/v1/targets/{target}/mode", tag: "controls",
  summary: "The mode in force", params: targetParams,
  success: json("The mode; its ETag serves If-Match.", control.modeSchema), problems: [404],
});
export const setMode = define({
  id: "setMode", method: "put", path: "/api/v1/targets/{target}/mode", tag: "controls",
  summary: "Set how far decisions may go", params: targetParams, body: control.modeRequestSchema,
  success: json("The mode that is now in force.", control.modeSchema),
  problems: [404, 409, 412, 422, 503], idempotencyKey: "optional", ifMatch: true,
});
export const explainTarget = define({
  id: "explainTarget", method: "get", path: "/api/v1/targets/{target}/explanation", tag: "decisions",
  summary: "Why the newest decision is what it is, or is not something else",
  params: targetParams, query: whyNotQuery,
  success: json("The explanation.", explanationSchema), problems: [400, 404],
});
export const listDecisions = define({
  id: "listDecisions", method: "get", path: "/api/v1/decisions", tag: "decisions",
  summary: "Decisions with their outcomes, newest first, in pages",
  query: z.strictObject({
    target: targetName.optional(),
    kind: decisionKind.optional(),
    from: epoch.optional().describe("Epoch seconds, included."),
    to: epoch.optional().describe("Epoch seconds, excluded."),
    cursor: z.string().min(1).max(500).optional().describe("`nextCursor` of the page before."),
    limit: decimal(z.int().min(1).max(500)).default(20).describe("Decisions a page."),
  }),
  success: json("A page.", decisionPageSchema), problems: [400],
});
export const getDecision = define({
  id: "getDecision", method: "get", path: "/api/v1/decisions/{decision}", tag: "decisions",
  summary: "One decision with all its outcomes", params: decisionParams,
  success: json("The decision.", decisionDetailSchema), problems: [404],
});
export const explainDecision = define({
  id: "explainDecision", method: "get", path: "/api/v1/decisions/{decision}/explanation", tag: "decisions",
  summary: "Why a decision is what it is, or is not something else",
  params: decisionParams, query: whyNotQuery,
  success: json("The explanation.", explanationSchema), problems: [400, 404],
});
export const listOverrides = define({
  id: "listOverrides", method: "get", path: "/api/v1/overrides", tag: "controls",
  summary: "The overrides in force", success: json("Every override.", control.overrideListSchema), problems: [],
});
export const addOverride = define({
  id: "addOverride", method: "post", path: "/api/v1/overrides", tag: "controls",
  summary: "Pause a target, pause its scale-in, pin its count, or set a floor (which also wakes it), for a limited time", body: control.overrideRequestSchema,
  success: json("The override, now in force.", control.overrideSchema, 201), problems: [404, 409, 422], idempotencyKey: "required",
});
export const getOverride = define({
  id: "getOverride", method: "get", path: "/api/v1/overrides/{override}", tag: "controls",
  summary: "One override", params: overrideParams, success: json("The override.", control.overrideSchema), problems: [404],
});
export const removeOverride = define({
  id: "removeOverride", method: "delete", path: "/api/v1/overrides/{override}", tag: "controls",
  summary: "End an override now", params: overrideParams,
  query: control.attributionSchema,
  success: json("The override that was ended.", control.overrideSchema),
  problems: [400, 404, 412], idempotencyKey: "optional", ifMatch: true,
});
export const getKillSwitch = define({
  id: "getKillSwitch", method: "get", path: "/api/v1/kill-switch", tag: "controls",
  summary: "Whether every write is stopped, and by what", success: json("The switch.", control.killSwitchSchema), problems: [],
});
export const setKillSwitch = define({
  id: "setKillSwitch", method: "put", path: "/api/v1/kill-switch", tag: "controls",
  summary: "Stop every write to every cloud, or let go of the API's own stop", body: control.killSwitchRequestSchema,
  success: json("The switch as it now stands.", control.killSwitchSchema),
  problems: [412, 422], idempotencyKey: "optional", ifMatch: true,
});
export const listPolicies = define({
  id: "listPolicies", method: "get", path: "/api/v1/policies", tag: "policies",
  summary: "The policies in force, with their digests", success: json("The generation in force.", control.policySetSchema), problems: [],
});
export const getPolicy = define({
  id: "getPolicy", method: "get", path: "/api/v1/policies/{policy}", tag: "policies",
  summary: "One policy with every default filled in", params: policyParams,
  success: json("The policy.", control.policySchema), problems: [404],
});
export const reloadPolicies = define({
  id: "reloadPolicies", method: "post", path: "/api/v1/reload", tag: "policies",
  summary: "Read the policy files again: swapped whole, or refused with every reason", body: control.attributionSchema,
  success: json("What changed.", control.reloadSchema), problems: [409, 422], idempotencyKey: "required",
});
export const listSplits = define({
  id: "listSplits", method: "get", path: "/api/v1/traffic", tag: "traffic",
  summary: "Where the load goes: each split over regions, with its shares and what moves", success: json("Every split.", traffic.splitListSchema), problems: [],
});
export const listEvacuations = define({
  id: "listEvacuations", method: "get", path: "/api/v1/evacuations", tag: "traffic",
  summary: "Regions that were told to be left, and how far each is", success: json("Every evacuation of the last day and those under way.", traffic.evacuationListSchema), problems: [],
});
export const evacuate = define({
  id: "evacuate", method: "post", path: "/api/v1/traffic/{split}/evacuations", tag: "traffic",
  summary: "Leave a region: capacity is made ready elsewhere, then the load is moved by measured steps", params: z.strictObject({ split: z.string().min(1).max(100) }), body: traffic.evacuationRequestSchema,
  success: json("The evacuation, begun.", traffic.evacuationSchema, 201), problems: [400, 404, 409, 422, 503], idempotencyKey: "required",
});
export const abortEvacuation = define({
  id: "abortEvacuation", method: "delete", path: "/api/v1/evacuations/{evacuation}", tag: "traffic",
  summary: "Let the load return from now on, by the same steps", params: z.strictObject({ evacuation: z.string().min(1).max(100) }), query: control.attributionSchema,
  success: json("The evacuation, returning.", traffic.evacuationSchema), problems: [400, 404, 503], idempotencyKey: "optional",
});
const spendSpan = {
  from: epoch.optional().describe("Epoch seconds, cut to the hour; a day ago when left out."),
  to: epoch.optional().describe("Epoch seconds, excluded; now when left out."),
  target: targetFilter,
};
export const listBudgets = define({
  id: "listBudgets", method: "get", path: "/api/v1/budgets", tag: "money",
  summary: "Every budget: spent, expected, and when and how surely it will be passed",
  success: json("Every budget.", money.budgetListSchema), problems: [],
});
export const getShowback = define({
  id: "getShowback", method: "get", path: "/api/v1/showback", tag: "money",
  summary: "Dollars, grams and machine-hours by the value of a tag (a policy's label: team, service, environment)",
  query: z.strictObject({ tag: z.string().min(1).max(200).describe("The label to sum by."), ...spendSpan }),
  success: json("One row a value; those without the tag stand under the empty one.", money.showbackSchema), problems: [400, 404, 503],
});
export const getFocus = define({
  id: "getFocus", method: "get", path: "/api/v1/showback/focus.csv", tag: "money",
  summary: "What was held and what it cost, by offering and hour, as CSV in FOCUS columns",
  query: z.strictObject(spendSpan),
  success: { status: 200, description: "CSV (RFC 4180) with a header line.", mediaType: "text/csv", schema: z.string() }, problems: [400, 404, 503],
});
export const listRightSizing = define({
  id: "listRightSizing", method: "get", path: "/api/v1/right-sizing", tag: "money",
  summary: "Measured CPU and memory per replica, and the machines that carry it for less, each with its saving and its risk",
  query: z.strictObject({ target: targetFilter }),
  success: json("One row a target that measures its use.", money.rightSizingSchema), problems: [400],
});
export const streamEvents = define({
  id: "streamEvents", method: "get", path: "/api/v1/events", tag: "events",
  summary: "Server-sent events: observation, decision, outcome, policy, control; Last-Event-ID resumes",
  query: z.strictObject({
    target: targetFilter,
    type: repeated(z.enum(EVENT_TYPES)).optional().describe("Only these types; may be repeated."),
  }),
  success: { status: 200, description: "The stream. A `reset` event says that what came before is gone: read the state again.", mediaType: "text/event-stream", schema: z.string() },
  problems: [400, 503],
});
export const getOpenApi = define({
  id: "getOpenApi", method: "get", path: "/api/v1/openapi.json", tag: "daemon",
  summary: "This document", success: json("OpenAPI 3.1.", z.record(z.string(), z.unknown())), problems: [],
});
export const getLiveness = define({
  id: "getLiveness", method: "get", path: "/healthz", tag: "daemon", summary: "Alive", open: true,
  success: { status: 200, description: "It answers.", mediaType: "text/plain", schema: z.string() }, problems: [],
});
export const getReadiness = define({
  id: "getReadiness", method: "get", path: "/readyz", tag: "daemon", summary: "Ready to decide; `?verbose` lists each check", open: true,
  query: z.strictObject({ verbose: z.string().max(10).optional() }),
  success: { status: 200, description: "Every check holds.", mediaType: "text/plain", schema: z.string() }, problems: [400, 503],
});
export const getMetrics = define({
  id: "getMetrics", method: "get", path: "/metrics", tag: "daemon", summary: "The daemon's own metrics, in Prometheus' text form",
  success: { status: 200, description: "Metrics.", mediaType: "text/plain", schema: z.string() }, problems: [503],
});

/** Every operation, in the order of the document. */
export const OPERATIONS: readonly Operation[] = [
  getStatus, listTargets, getTarget, getHistory, getForecast, listForecasts, getForecastQuality, listComparisons, listMarks, addMark, getMark, undoMark, explainTarget, listDecisions, getDecision, explainDecision,
  getMode, setMode, listOverrides, addOverride, getOverride, removeOverride, getKillSwitch, setKillSwitch,
  listPolicies, getPolicy, reloadPolicies, listBudgets, getShowback, getFocus, listRightSizing, streamEvents, getOpenApi, getLiveness, getReadiness, getMetrics,
];
