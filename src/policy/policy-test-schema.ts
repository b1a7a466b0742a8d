import { z } from "zod";
import { choice, duration, instant, integer, number, objectName, text } from "./scalars.ts";
import { readSeriesNotation, type NotedValue } from "./series-notation.ts";

const KINDS = ["hold", "scale-out", "scale-in", "rebalance", "defer"] as const;
const HOW_TO_WRITE = "write values by spaces: 100x20 100+10x30 _x4 stale";

/** A series in promtool's notation; a single number is a series of one. */
const series = () =>
  z.union([z.string(), z.number()]).transform((value, context): readonly NotedValue[] => {
    const read = readSeriesNotation(String(value));
    if (read.ok) return read.values;
    context.addIssue({ code: "custom", message: read.message, params: { suggestion: HOW_TO_WRITE } });
    return z.NEVER;
  });

/** When: at one decision, or at every decision of a span (both ends included; open ones are the test's). */
const when = {
  at: duration({ min: 0 }).optional().describe("At this decision, counted from the start."),
  from: duration({ min: 0 }).optional().describe("At every decision from here on."),
  to: duration({ min: 0 }).optional().describe("At every decision up to here."),
};

const expectation = z.strictObject({
  ...when,
  replicas: integer({ min: 0 }).optional().describe("Exactly this count."),
  atLeast: integer({ min: 0 }).optional().describe("No fewer."),
  atMost: integer({ min: 0 }).optional().describe("No more."),
  kind: choice(KINDS).optional().describe("The decision's kind."),
  reasons: z.array(text()).prefault([]).describe("Codes of reasons that must be there."),
  without: z.array(text()).prefault([]).describe("Codes of reasons that must not be there."),
  clampedBy: text().optional().describe("The code of a reason that must have changed the count."),
});

const never = z.strictObject({
  ...when,
  kind: choice(KINDS).optional().describe("No decision of this kind."),
  below: integer({ min: 0 }).optional().describe("No count below this."),
  above: integer({ min: 0 }).optional().describe("No count above this."),
  reason: text().optional().describe("No decision for this reason."),
});

const override = z.strictObject({
  at: duration({ min: 0 }).describe("When a person sets it."),
  for: duration({ min: 1 }).describe("How long it holds."),
  kind: choice(["pause", "pause-scale-in", "pin"]).describe("What it does."),
  replicas: integer({ min: 0 }).optional().describe("The count of a pin."),
});

const testCase = z.strictObject({
  name: text().describe("What is shown, in words."),
  start: instant().optional().describe("The clock at the first decision; a Monday at midnight UTC (2026-01-05) where it is not said."),
  interval: duration({ min: 1 }).optional().describe("Between two values of a series; the policy's evaluationInterval where it is not said."),
  ready: integer({ min: 0 }).optional().describe("Replicas that are ready at the start; the policy's min where it is not said."),
  startTime: duration({ min: 0 }).optional().describe("What a start takes on the simulated cluster; the policy's leadTime, else 2m, where it is not said."),
  perReplica: number({ moreThan: 0 }).optional().describe("What one replica really carries: gives utilization and misses that the policy reads and no series says. The policy's own belief where it is not said."),
  history: z.strictObject({
    every: duration({ min: 1 }).describe("Between two values."),
    demand: series().describe("The demand before the start."),
    repeat: integer({ min: 1, max: 400 }).prefault(1).describe("So many times, one after the other: 14 for a day that came fourteen times."),
  }).optional().describe("What the forecast has learned from, up to the start."),
  series: z.strictObject({
    demand: series().describe("What arrives."),
    utilization: series().optional().describe("The busy share of the ready replicas."),
    missRatio: series().optional().describe("The share of requests that missed the objective."),
    backlog: series().optional().describe("Work that waits."),
    readyReplicas: series().optional().describe("What is ready; where it is not said, a simulated cluster follows the decisions."),
  }).optional().describe("What is measured, in promtool's notation. The last value of the shorter ones goes on."),
  csv: text().optional().describe("A file of timestamp,demand[,utilization,readyReplicas,missRatio,backlog] beside this one, in place of series."),
  overrides: z.array(override).prefault([]).describe("A person's hand."),
  expect: z.array(expectation).prefault([]).describe("What must hold at a decision, or at every decision of a span."),
  never: z.array(never).prefault([]).describe("What must hold at no decision of a span."),
});

/** The `spec` of a PolicyTest. `policy` is read apart: a path, or a policy inline. */
export const POLICY_TEST = z.strictObject({
  policy: z.unknown().describe("The file of the policy, beside this one; or a policy inline, with metadata and spec."),
  target: objectName().optional().describe("Which policy of the file; the first where it is not said."),
  tests: z.array(testCase).min(1).describe("The cases; each begins anew."),
});

export type PolicyTestCase = z.output<typeof testCase>;
export type Expectation = z.output<typeof expectation>;
export type NeverRule = z.output<typeof never>;
