import type { Decision, DecisionKind, Reason } from "../model/decision.ts";
import { valueOf } from "../model/observation.ts";
import type { CapacityPlan } from "../model/plan.ts";
import type { ExtraSignal, Policy } from "../model/policy.ts";
import type { Snapshot, TargetSnapshot } from "../model/snapshot.ts";
import { eventUplift } from "../plan/event-uplift.ts";
import { LEAD_INDEX } from "../plan/lead-horizons.ts";
import { toldOnly } from "./effects.ts";
import type { Departure } from "./leaving.ts";
import type { Proposal } from "./propose.ts";
import type { Purchased } from "./purchase.ts";
import { emptyRecord } from "../model/record.ts";

export interface DecisionParts extends Proposal {
  readonly snapshot: Snapshot;
  readonly desired: number;
  readonly reasons: readonly Reason[];
  readonly purchased: Purchased;
  readonly departure: Departure;
}

/** What was decided, why, and from which inputs. */
export function decisionOf(parts: DecisionParts): Decision {
  const { snapshot, seen, policy, plan, current, desired, reasons, purchased } = parts;
  const { allocation } = purchased;
  const kind = kindOf(parts);
  const binding = reasons.findLast((reason) => reason.before !== reason.after);
  const pricePerHour = policy.cost.replicaPerHourUsd;
  return {
    id: `${policy.name}@${String(snapshot.timeSeconds)}`,
    target: policy.name,
    timeSeconds: snapshot.timeSeconds,
    kind,
    currentReplicas: current,
    desiredReplicas: desired,
    reasons: reasons.length > 0 ? reasons : [{ code: "hold", text: nothingSaid(parts), before: current, after: desired }],
    ...(binding !== undefined && { binding: { withoutCode: binding.code, desiredReplicas: binding.before, ...(pricePerHour !== undefined && { costPerHourUsd: binding.before * pricePerHour }) } }),
    ...(plan !== undefined && { forecast: forecastOf(parts, plan) }),
    inputs: inputsOf(seen, policy, snapshot.timeSeconds),
    ...(allocation !== undefined && { allocation, costPerHourUsd: allocation.costPerHourUsd, ...(allocation.carbonGramsPerHour !== undefined && { carbonGramsPerHour: allocation.carbonGramsPerHour }) }),
    ...(allocation === undefined && pricePerHour !== undefined && { costPerHourUsd: desired * pricePerHour }),
  };
}

/** Why no rule had a word: there is no plan. */
function nothingSaid({ seen }: DecisionParts): string {
  return seen.demand.kind === "value" ? "what a replica carries is not known yet: hold what runs" : "nothing is known yet: hold what runs";
}

function kindOf({ current, desired, wanted, purchased, seen, leaving, departure }: DecisionParts): DecisionKind {
  if (desired > current) return "scale-out";
  if (desired < current) return "scale-in";
  if (purchased.changed || toldOnly(seen).length > 0 || departure.due.length > 0 || departure.standIns > (leaving?.standIns ?? 0)) return "rebalance";
  return wanted === current ? "hold" : "defer";
}

function forecastOf({ state, snapshot, policy, missing }: DecisionParts, plan: CapacityPlan): NonNullable<Decision["forecast"]> {
  const moments = state.model.moments(LEAD_INDEX);
  const median = (moments?.median ?? NaN) * eventUplift(policy.events, snapshot.timeSeconds + plan.leadTimeSeconds);
  const { demotion, fittedToSeconds } = state;
  const used = missing > 0 ? "forecast" : plan.reactive > plan.atLeadTime ? "reactive" : "forecast";
  return {
    leadTimeSeconds: plan.leadTimeSeconds,
    p50: median,
    p99: median * Math.exp((moments?.scale ?? NaN) * Z99),
    model: state.model.trusted(LEAD_INDEX) ? "lead-ridge" : "persistence",
    used,
    ...(fittedToSeconds !== undefined && { fittedToSeconds }),
    ...(demotion !== undefined && { demotion }),
  };
}

const Z99 = 2.326347874;

function inputsOf(seen: TargetSnapshot, policy: Policy, nowSeconds: number): Decision["inputs"] {
  const inputs = emptyRecord<Decision["inputs"][string]>();
  for (const name of ["demand", "utilization", "missRatio", "backlog"] as const) {
    const observation = seen[name];
    const value = valueOf(observation);
    const spec = policy.signals[name];
    const source = spec === undefined ? {} : { source: `${spec.source}: ${spec.metric}` };
    if (observation.kind === "value" && value !== undefined) inputs[name] = { value, ageSeconds: nowSeconds - observation.timeSeconds, ...source };
    else if (observation.kind === "absent") inputs[name] = { cause: observation.cause, ...source };
  }
  for (const [name, observation] of Object.entries(seen.signals ?? {})) {
    const source = { source: sourceOf(policy.extraSignals?.find((signal) => signal.name === name)) };
    inputs[name] = observation.kind === "value" ? { value: observation.value, ageSeconds: nowSeconds - observation.timeSeconds, ...source } : { cause: observation.cause, ...source };
  }
  const source = policy.actuator.type;
  if (seen.workload.kind === "value") inputs["readyReplicas"] = { value: seen.workload.readyReplicas, ageSeconds: nowSeconds - seen.workload.timeSeconds, source };
  else inputs["readyReplicas"] = { cause: seen.workload.cause, source };
  return inputs;
}

/** A metric's source, a formula's text; what comes on from other targets of the group has neither. */
function sourceOf(signal: ExtraSignal | undefined): string {
  if (signal === undefined) return "the targets in front";
  return signal.formula === undefined ? `${signal.spec.source}: ${signal.spec.metric}` : signal.formula.text;
}
