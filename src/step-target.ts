import { applyRules } from "./decide/rule.ts";
import { rememberCount } from "./decide/recent-counts.ts";
import { RULES } from "./decide/rules.ts";
import { guard } from "./guard/guard.ts";
import { GUARD_LIMITS } from "./guard/guard-limits.ts";
import { isUnexplained } from "./learn/unexplained-drop.ts";
import type { Decision, DecisionKind, Reason } from "./model/decision.ts";
import type { Intent } from "./model/intent.ts";
import { valueOf } from "./model/observation.ts";
import type { Observation } from "./model/observation.ts";
import type { CapacityPlan } from "./model/plan.ts";
import type { Policy } from "./model/policy.ts";
import type { Snapshot, TargetSnapshot } from "./model/snapshot.ts";
import { LEAD_INDEX } from "./plan/lead-horizons.ts";
import { learnFrom } from "./step-learn.ts";
import { departures, drainIntents, seeLeaving, withoutStandIns } from "./step-leaving.ts";
import type { Departure, Leaving } from "./step-leaving.ts";
import { purchaseFor } from "./step-purchase.ts";
import type { Purchased } from "./step-purchase.ts";
import { planTarget } from "./step-plan.ts";
import type { TargetState } from "./step-state.ts";

export interface TargetDecision {
  readonly decision: Decision;
  /** In the order in which they are to be carried out. */
  readonly intents: readonly Intent[];
  readonly nextState: TargetState;
}

/** How long an intent may wait for its write, in evaluation intervals. */
const INTENT_LIFE_INTERVALS = 4;

/** Learn, plan, decide, guard: one target at one time. */
export function decideTarget(before: TargetState, snapshot: Snapshot, policy: Policy): TargetDecision {
  const seenWhole = snapshot.targets[policy.name] ?? NOTHING_SEEN;
  const leaving = seeLeaving(before.leaving, { seen: seenWhole, outcomes: snapshot.outcomes, nowSeconds: snapshot.timeSeconds });
  const seen = withoutStandIns(seenWhole, leaving);
  const state = learnFrom(before, { snapshot, seen, policy });
  const planned = planTarget(state, policy, snapshot.timeSeconds);
  const { plan } = planned;
  const current = seen.workload.kind === "value" ? seen.workload.desiredReplicas : (state.lastDesired ?? policy.replicas.min);
  const missing = demandMissingSeconds(state, seen.demand, snapshot.timeSeconds);
  const wanted = plan === undefined || missing > 0 ? current : Math.max(plan.atLeadTime, plan.reactive);
  const counts = missing > 0 ? state.counts : rememberCount(state.counts, { timeSeconds: snapshot.timeSeconds, wanted, keepSeconds: keepSeconds(policy) });
  const decided = applyRules(RULES, current, {
    timeSeconds: snapshot.timeSeconds, policy, currentReplicas: current, plan, demandMissingSeconds: missing,
    recentPeak: state.recentPeak.replicas, recent: counts, overrides: snapshot.overrides,
    dropIsUnexplained: isUnexplained(state.drop, snapshot.timeSeconds), lastScaleIn: state.lastScaleIn, missRatio: valueOf(seen.missRatio),
    wantedReplicas: plan?.wanted ?? current, watchedSeconds: snapshot.timeSeconds - (state.firstTickSeconds ?? snapshot.timeSeconds), changes: state.changes,
  });
  const guardInput = {
    timeSeconds: snapshot.timeSeconds, target: policy.name, group: policy.group,
    askedReplicas: state.lastDesired, workload: seen.workload, bounds: policy.replicas, badInputs: badInputs(seen, policy),
    overrides: snapshot.overrides, maxScaleInReplicas: snapshot.allowances?.maxScaleInReplicas, limits: GUARD_LIMITS,
  };
  const verdict = guard(state.guard, { ...guardInput, desiredReplicas: decided.count });
  const purchased = purchaseFor(state, { snapshot, seen, policy, plan, desiredReplicas: verdict.desiredReplicas });
  // A limit in dollars or grams may cut the count, but never below what the guard allows.
  const desired = purchased.desiredReplicas === verdict.desiredReplicas ? verdict.desiredReplicas : guard(state.guard, { ...guardInput, desiredReplicas: purchased.desiredReplicas }).desiredReplicas;
  const departure = departures(leaving, seen, { nowSeconds: snapshot.timeSeconds, intervalSeconds: policy.evaluationIntervalSeconds, desiredReplicas: desired });
  const reasons = [...decided.reasons, ...verdict.reasons, ...purchased.reasons, ...departure.reasons];
  const decision = decisionOf({ state, snapshot, seen, policy, plan, current, wanted, desired, reasons, missing, purchased, leaving, departure });
  const isOpen = snapshot.timeSeconds < state.breaker.openUntilSeconds;
  const effects = isOpen ? { intents: [], leaving } : effectsOf(decision, { snapshot, seen, policy, purchased, leaving, departure });
  const nextState: TargetState = { ...planned.state, leaving: effects.leaving, counts, changes: decided.changes, guard: verdict.nextState, lastDesired: desired, lastScaleIn: desired < current ? { timeSeconds: snapshot.timeSeconds, from: current } : state.lastScaleIn, purchase: purchased.memory };
  return { decision: isOpen ? deferred(decision) : decision, intents: effects.intents, nextState };
}

/** While the breaker is open nothing is sent: what was decided stands in the reasons. */
function deferred(decision: Decision): Decision {
  if (decision.kind === "hold" || decision.kind === "defer") return decision;
  const reason: Reason = { code: "breaker-open", text: "three writes in a row had no effect: nothing is sent for a while", before: decision.desiredReplicas, after: decision.currentReplicas };
  return { ...decision, kind: "defer", desiredReplicas: decision.currentReplicas, reasons: [...decision.reasons, reason] };
}

const ABSENT: Observation = { kind: "absent", cause: "absent", detail: "not in the snapshot" };
const NOTHING_SEEN: TargetSnapshot = {
  demand: ABSENT, utilization: ABSENT, missRatio: ABSENT, backlog: ABSENT,
  workload: { kind: "absent", cause: "absent", detail: "not in the snapshot" }, notices: [],
};

function keepSeconds(policy: Policy): number {
  return Math.max(policy.behavior.scaleInStabilizationSeconds, policy.behavior.scaleOutStabilizationSeconds);
}

function demandMissingSeconds(state: TargetState, demand: Observation, nowSeconds: number): number {
  if (demand.kind === "value") return 0;
  return state.lastDemand === undefined ? Infinity : Math.max(1, nowSeconds - state.lastDemand.timeSeconds);
}

/** The signals that the policy names and that are not good: each forbids a scale-in. */
function badInputs(seen: TargetSnapshot, policy: Policy): readonly string[] {
  const bad: string[] = [];
  if (seen.demand.kind === "absent") bad.push(`demand ${seen.demand.cause}`);
  for (const signal of ["utilization", "missRatio", "backlog"] as const) {
    const observation = seen[signal];
    if (policy.signals[signal] !== undefined && observation.kind === "absent") bad.push(`${signal} ${observation.cause}`);
  }
  return bad;
}

interface DecisionParts {
  readonly state: TargetState;
  readonly snapshot: Snapshot;
  readonly seen: TargetSnapshot;
  readonly policy: Policy;
  readonly plan: CapacityPlan | undefined;
  readonly current: number;
  readonly wanted: number;
  readonly desired: number;
  readonly reasons: readonly Reason[];
  readonly missing: number;
  readonly purchased: Purchased;
  readonly leaving: Leaving | undefined;
  readonly departure: Departure;
}

function decisionOf(parts: DecisionParts): Decision {
  const { state, snapshot, seen, policy, plan, current, desired, reasons, missing, purchased } = parts;
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
    reasons: reasons.length > 0 ? reasons : [{ code: "hold", text: "nothing is known yet: hold what runs", before: current, after: desired }],
    ...(binding !== undefined && { binding: { withoutCode: binding.code, desiredReplicas: binding.before, ...(pricePerHour !== undefined && { costPerHourUsd: binding.before * pricePerHour }) } }),
    ...(plan !== undefined && { forecast: forecastOf(state, plan, missing) }),
    inputs: inputsOf(seen, policy, snapshot.timeSeconds),
    ...(allocation !== undefined && { allocation, costPerHourUsd: allocation.costPerHourUsd, ...(allocation.carbonGramsPerHour !== undefined && { carbonGramsPerHour: allocation.carbonGramsPerHour }) }),
    ...(allocation === undefined && pricePerHour !== undefined && { costPerHourUsd: desired * pricePerHour }),
  };
}

function kindOf({ current, desired, wanted, purchased, seen, leaving, departure }: DecisionParts): DecisionKind {
  if (desired > current) return "scale-out";
  if (desired < current) return "scale-in";
  if (purchased.changed || toldOnly(seen).length > 0 || departure.due.length > 0 || departure.standIns > (leaving?.standIns ?? 0)) return "rebalance";
  return wanted === current ? "hold" : "defer";
}

/** Machines with an interruption notice that the actuator replaces by itself: it is only told of them. */
function toldOnly({ notices, workload }: TargetSnapshot): readonly string[] {
  if (workload.kind === "value" && workload.replacement !== undefined) return [];
  return notices.flatMap((notice) => (notice.kind === "interruption" && notice.instanceId !== undefined ? [notice.instanceId] : []));
}

function forecastOf(state: TargetState, plan: CapacityPlan, missing: number): NonNullable<Decision["forecast"]> {
  const moments = state.model.moments(LEAD_INDEX);
  const used = missing > 0 ? "forecast" : plan.reactive > plan.atLeadTime ? "reactive" : "forecast";
  return {
    leadTimeSeconds: plan.leadTimeSeconds,
    p50: moments?.median ?? NaN,
    p99: moments === undefined ? NaN : moments.median * Math.exp(moments.scale * Z99),
    model: state.model.trusted(LEAD_INDEX) ? "lead-ridge" : "persistence",
    used,
  };
}

const Z99 = 2.326347874;

function inputsOf(seen: TargetSnapshot, policy: Policy, nowSeconds: number): Decision["inputs"] {
  const inputs: Record<string, Decision["inputs"][string]> = {};
  for (const name of ["demand", "utilization", "missRatio", "backlog"] as const) {
    const observation = seen[name];
    const value = valueOf(observation);
    const spec = policy.signals[name];
    const source = spec === undefined ? {} : { source: `${spec.source}: ${spec.metric}` };
    if (observation.kind === "value" && value !== undefined) inputs[name] = { value, ageSeconds: nowSeconds - observation.timeSeconds, ...source };
    else if (observation.kind === "absent") inputs[name] = { cause: observation.cause, ...source };
  }
  const source = policy.actuator.type;
  if (seen.workload.kind === "value") inputs["readyReplicas"] = { value: seen.workload.readyReplicas, ageSeconds: nowSeconds - seen.workload.timeSeconds, source };
  else inputs["readyReplicas"] = { cause: seen.workload.cause, source };
  return inputs;
}

type EffectParts = Pick<DecisionParts, "snapshot" | "seen" | "policy" | "purchased" | "leaving" | "departure">;

/** The order for the count and the mix, where one is needed, then a drain for each machine that is due. */
function effectsOf(decision: Decision, parts: EffectParts): { readonly intents: readonly Intent[]; readonly leaving: Leaving | undefined } {
  const { seen, purchased, leaving, departure } = parts;
  if (seen.workload.kind === "absent" || decision.kind === "hold" || decision.kind === "defer") return { intents: [], leaving };
  const isOrder = decision.desiredReplicas !== decision.currentReplicas || purchased.changed || toldOnly(seen).length > 0 || departure.standIns !== (leaving?.standIns ?? 0);
  const base = intentOf(decision, parts);
  const { drains, leaving: next } = drainIntents(leaving, departure, { base, order: isOrder ? base : undefined });
  return { intents: [...(isOrder ? [base] : []), ...drains], leaving: next };
}

/** Counts of the cloud: those of the decision and the stand-ins for machines that leave. */
function intentOf(decision: Decision, { snapshot, seen, policy, leaving, departure }: EffectParts): Intent {
  const { allocation } = decision;
  const desired = decision.desiredReplicas + departure.standIns;
  const current = decision.currentReplicas + (leaving?.standIns ?? 0);
  const leavers = departure.standIns > 0 ? (leaving?.machines ?? []).map(({ instanceId }) => instanceId) : toldOnly(seen);
  return {
    target: decision.target,
    decisionId: decision.id,
    idempotencyKey: `${decision.id}#${String(desired)}`,
    direction: desired > current ? "out" : desired < current ? "in" : "rebalance",
    expectedReplicas: current,
    desiredReplicas: desired,
    ...(allocation !== undefined && { allocation }),
    ...(leavers.length > 0 && { leaving: leavers }),
    ...(departure.standIns > 0 && { standIns: departure.standIns }),
    expiresAtSeconds: snapshot.timeSeconds + INTENT_LIFE_INTERVALS * policy.evaluationIntervalSeconds,
    epoch: snapshot.epoch,
  };
}
