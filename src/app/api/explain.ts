import type { JournalledDecision } from "../../journal/journal.ts";
import type { Decision, Reason } from "../../model/decision.ts";
import { alternativesTo } from "./alternatives.ts";
import type { Explanation } from "./schemas/explanation.ts";

export type DecisionRecord = Pick<JournalledDecision, "decision" | "snapshot" | "forecast" | "outcomes">;

/**
 * Why a decision is what it is, from the journal alone: inputs with age, quantiles, each rule before → after, the binding
 * constraint and the decision without it, and what the alternatives would have cost. `whyNot`: a kind ("scale-in") or a count.
 */
export function explain(record: DecisionRecord, whyNot?: string): Explanation {
  const { decision, outcomes } = record;
  const answer = whyNot === undefined ? undefined : answerWhyNot(decision, whyNot);
  const binding = bindingOf(decision);
  return {
    decision: decision as Explanation["decision"],
    summary: summarize(decision),
    inputs: Object.entries(decision.inputs).map(([name, input]) => ({ name, ...input })),
    quantiles: quantilesAtLeadTime(record),
    ...forecastOrigin(record),
    steps: decision.reasons.map((reason) => ({ ...reason, changed: reason.before !== reason.after })),
    ...(binding === undefined ? {} : { binding }),
    alternatives: alternativesTo(record),
    outcomes: [...outcomes],
    ...(answer === undefined ? {} : { whyNot: answer }),
  };
}

/** Levels that are told of a decision's forecast, with their standard normal quantiles. */
const TOLD_LEVELS = [[0.5, 0], [0.9, 1.2815515655], [0.95, 1.644853627], [0.99, 2.326347874]] as const;
const Z99 = 2.326347874;

/**
 * Every level of the journalled forecast at the horizon nearest the lead time; without one, those of the control model, whose
 * law two quantiles tell whole: the logarithm of the load is normal (forecasts/models/lead-ridge.ts).
 */
function quantilesAtLeadTime({ decision, forecast }: DecisionRecord): Explanation["quantiles"] {
  const used = decision.forecast;
  if (used === undefined) return [];
  const at = forecast === undefined ? -1 : nearest(forecast.horizonsSeconds, used.leadTimeSeconds);
  if (forecast === undefined || at < 0) {
    const scale = used.p50 > 0 ? Math.log(used.p99 / used.p50) / Z99 : NaN;
    const demandAt = (level: number, z: number): number => (level === 0.5 ? used.p50 : level === 0.99 ? used.p99 : used.p50 * Math.exp(scale * z));
    return TOLD_LEVELS.map(([level, z]) => ({ level, demand: demandAt(level, z) })).filter(({ demand }) => Number.isFinite(demand));
  }
  return forecast.levels.flatMap((level, index) => {
    const demand = forecast.quantiles[index]?.[at];
    return demand === undefined || !Number.isFinite(demand) ? [] : [{ level, demand }];
  });
}

/** What the forecast was made from and how old that was: the demand of the decision, its fit, and what stands in for it. */
function forecastOrigin({ decision, snapshot }: DecisionRecord): Pick<Explanation, "forecast"> {
  const used = decision.forecast;
  const demand = snapshot.targets[decision.target]?.demand;
  if (used === undefined || demand?.kind !== "value") return {};
  return {
    forecast: {
      originSeconds: demand.timeSeconds,
      ageSeconds: decision.timeSeconds - demand.timeSeconds,
      ...(used.fittedToSeconds !== undefined && { fitAgeSeconds: decision.timeSeconds - used.fittedToSeconds }),
      ...(used.demotion !== undefined && { standsIn: `since ${new Date(used.demotion.sinceSeconds * 1000).toISOString()}: ${used.demotion.reason}` }),
    },
  };
}

function nearest(horizonsSeconds: readonly number[], wanted: number): number {
  const distances = horizonsSeconds.map((horizon) => Math.abs(horizon - wanted));
  return distances.indexOf(Math.min(...distances));
}

function bindingOf(decision: Decision): Explanation["binding"] {
  const { binding } = decision;
  const reason = decision.reasons.findLast((one) => one.code === binding?.withoutCode);
  if (binding === undefined || reason === undefined) return undefined;
  return {
    ...reason,
    desiredReplicasWithout: binding.desiredReplicas,
    ...(binding.costPerHourUsd === undefined ? {} : { costPerHourUsdWithout: binding.costPerHourUsd }),
  };
}

const VERBS: Readonly<Record<Decision["kind"], string>> = {
  hold: "Holds",
  "scale-out": "Scales out",
  "scale-in": "Scales in",
  rebalance: "Rebalances",
  defer: "Defers",
};

function summarize(decision: Decision): string {
  const { kind, currentReplicas, desiredReplicas, binding } = decision;
  const counts = currentReplicas === desiredReplicas ? `at ${replicas(desiredReplicas)}` : `from ${String(currentReplicas)} to ${replicas(desiredReplicas)}`;
  const told = decisive(decision);
  const without = binding === undefined || binding.desiredReplicas === desiredReplicas ? "" : ` Without ${binding.withoutCode} it would be ${String(binding.desiredReplicas)}.`;
  return `${VERBS[kind]} ${counts}${told === undefined ? "" : `: ${told.text.replace(/\.$/u, "")}`}.${without}`;
}

/** The last rule that changed the count; where none did, the first: what was needed is what there is. */
function decisive(decision: Decision): Reason | undefined {
  return decision.reasons.findLast((reason) => reason.before !== reason.after) ?? decision.reasons[0];
}

function replicas(count: number): string {
  return `${String(count)} ${count === 1 ? "replica" : "replicas"}`;
}

/** Which rules led away from what was asked for. */
function answerWhyNot(decision: Decision, asked: string): NonNullable<Explanation["whyNot"]> {
  if (asked === decision.kind || Number(asked) === decision.desiredReplicas) return { asked, answer: "That is what was decided.", codes: [] };
  if (asked === "rebalance") return whyNoRebalance(decision);
  const isAsked = countTest(decision, asked);
  const against = decision.reasons.filter((reason) => isAsked(reason.before) && !isAsked(reason.after));
  const blocker = against.at(-1);
  if (blocker !== undefined) {
    return { asked, answer: `${blocker.code} moved the count from ${String(blocker.before)} to ${String(blocker.after)}: ${blocker.text}`, codes: against.map((reason) => reason.code) };
  }
  const first = decision.reasons[0];
  const named = /^\d+$/u.test(asked) ? replicas(Number(asked)) : `a ${asked}`;
  const answer = first === undefined ? `Nothing called for ${named}.` : `No rule called for ${named}: ${first.code} asked for ${String(first.after)} (${first.text})`;
  return { asked, answer, codes: first === undefined ? [] : [first.code] };
}

function countTest({ currentReplicas, desiredReplicas }: Decision, asked: string): (count: number) => boolean {
  if (asked === "scale-out") return (count) => count > currentReplicas;
  if (asked === "scale-in") return (count) => count < currentReplicas;
  const wanted = Number(asked);
  return wanted > desiredReplicas ? (count) => count >= wanted : (count) => count <= wanted;
}

function whyNoRebalance(decision: Decision): NonNullable<Explanation["whyNot"]> {
  const told = decision.reasons.filter((reason) => /rebalanc|interrupt|spot|offering|purchase|carbon|cost/u.test(reason.code));
  const answer = told.length === 0 ? "No rule spoke of a rebalance: no notice was there and the purchase kept its mix." : told.map((reason) => `${reason.code}: ${reason.text}`).join(" ");
  return { asked: "rebalance", answer, codes: told.map((reason) => reason.code) };
}
