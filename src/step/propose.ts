import { applyRules } from "../decide/rule.ts";
import type { RulesOutcome } from "../decide/rule.ts";
import { rememberCount } from "../decide/recent-counts.ts";
import type { RecentCounts } from "../decide/recent-counts.ts";
import { pinOf } from "../decide/pin.ts";
import { RULES } from "../decide/rules.ts";
import { guard } from "../guard/guard.ts";
import type { GuardInput, GuardVerdict } from "../guard/guard.ts";
import { GUARD_LIMITS } from "../guard/guard-limits.ts";
import { mostPerReplica } from "../learn/breaking-point.ts";
import { failedStartShare } from "../learn/start-watch.ts";
import { youngestLevel } from "../learn/started-replicas.ts";
import { isUnexplained } from "../learn/unexplained-drop.ts";
import { valueOf } from "../model/observation.ts";
import type { Observation } from "../model/observation.ts";
import type { CapacityPlan } from "../model/plan.ts";
import type { Policy } from "../model/policy.ts";
import type { Snapshot, TargetSnapshot } from "../model/snapshot.ts";
import { deferWork } from "./deferral.ts";
import type { DeferralMemory } from "./deferral.ts";
import { believable, completed } from "./inputs.ts";
import { learnFrom } from "./learn.ts";
import { LEAD_INDEX } from "../plan/lead-horizons.ts";
import { seeLeaving, withoutStandIns } from "./leaving.ts";
import type { Leaving } from "./leaving.ts";
import { planTarget } from "./plan.ts";
import type { TargetState } from "./state.ts";
import { zeroFacts } from "./zero.ts";
import { ownValue } from "../model/record.ts";

/** What one target would have, before what it shares with others and what it costs are weighed. */
export interface Proposal {
  readonly policy: Policy;
  /** Without the stand-ins for machines that leave. */
  readonly seen: TargetSnapshot;
  readonly leaving: Leaving | undefined;
  /** After learning, and after planning. */
  readonly state: TargetState;
  readonly planned: TargetState;
  readonly plan: CapacityPlan | undefined;
  readonly current: number;
  readonly wanted: number;
  readonly missing: number;
  readonly counts: RecentCounts;
  readonly decided: RulesOutcome;
  readonly deferral: DeferralMemory | undefined;
  readonly guardInput: Omit<GuardInput, "desiredReplicas">;
  readonly verdict: GuardVerdict;
}

/** Learn, plan, decide, guard: one target at one time. */
export function propose(before: TargetState, snapshot: Snapshot, policy: Policy): Proposal {
  const seenWhole = believable(ownValue(snapshot.targets, policy.name) ?? NOTHING_SEEN);
  const leaving = seeLeaving(before.leaving, { seen: seenWhole, outcomes: snapshot.outcomes, nowSeconds: snapshot.timeSeconds });
  const seen = completed(before, { snapshot, seen: withoutStandIns(seenWhole, leaving), policy });
  const state = learnFrom(before, { snapshot, seen, policy });
  const current = seen.workload.kind === "value" ? seen.workload.desiredReplicas : (state.lastDesired ?? policy.replicas.min);
  const { plan, state: planned } = planTarget(state, { policy, seen, nowSeconds: snapshot.timeSeconds, currentReplicas: current });
  const missing = demandMissingSeconds(state, seen.demand, snapshot.timeSeconds);
  const wanted = plan === undefined || missing > 0 ? current : Math.max(plan.atLeadTime, plan.reactive);
  const counts = missing > 0 ? state.counts : rememberCount(state.counts, { timeSeconds: snapshot.timeSeconds, wanted, keepSeconds: keepSeconds(policy) });
  const ruled = applyRules(RULES, current, {
    timeSeconds: snapshot.timeSeconds, policy, currentReplicas: current, plan, demandMissingSeconds: missing,
    recentPeak: state.recentPeak.replicas, recent: counts, overrides: snapshot.overrides,
    dropIsUnexplained: isUnexplained(state.drop, snapshot.timeSeconds), lastScaleIn: state.lastScaleIn, missRatio: valueOf(seen.missRatio),
    wantedReplicas: plan?.wanted ?? current, watchedSeconds: snapshot.timeSeconds - (state.firstTickSeconds ?? snapshot.timeSeconds), changes: state.changes, tickSeconds: tickSeconds(before, policy, snapshot.timeSeconds),
    provenReplicas: provenReplicas(state, policy), starts: { stuck: state.starts.stuck, failedShare: failedStartShare(state.starts), readyReplicas: seen.workload.kind === "value" ? seen.workload.readyReplicas : 0 },
    youngestLevel: youngestLevel(state.started, snapshot.timeSeconds, policy.behavior.minimumRunSeconds ?? 0), zero: zeroFacts(state, { policy, seen, nowSeconds: snapshot.timeSeconds }),
  });
  // A pinned count is a person's word: nothing is deferred beside it.
  const isPinned = pinOf(snapshot.overrides, policy, snapshot.timeSeconds) !== undefined;
  const deferred = isPinned ? undefined : deferWork(state, { seen, policy, decided: ruled.count, nowSeconds: snapshot.timeSeconds });
  const decided = deferred === undefined || deferred.reasons.length === 0 ? ruled : { ...ruled, count: deferred.replicas ?? ruled.count, reasons: [...ruled.reasons, ...deferred.reasons] };
  const guardInput = {
    timeSeconds: snapshot.timeSeconds, target: policy.name, group: policy.group,
    askedReplicas: state.lastDesired, workload: seen.workload, bounds: policy.replicas, badInputs: badInputs(seen, policy),
    overrides: snapshot.overrides, maxScaleInReplicas: snapshot.allowances?.maxScaleInReplicas, limits: GUARD_LIMITS,
  };
  const said = before.readings?.said ?? [];
  const told = said.length === 0 ? decided : { ...decided, reasons: [...said.map(({ code, text }) => ({ code, text, before: current, after: current })), ...decided.reasons] };
  const verdict = guard(state.guard, { ...guardInput, desiredReplicas: decided.count });
  return { policy, seen, leaving, state, planned, plan, current, wanted, missing, counts, decided: told, deferral: deferred === undefined ? state.deferral : deferred.memory, guardInput, verdict };
}

/** The shorter of the last two spans between ticks: a time in which the daemon did not run is no pace. */
function tickSeconds({ lastTickSeconds, previousTickSeconds }: TargetState, { evaluationIntervalSeconds }: Policy, nowSeconds: number): number {
  if (lastTickSeconds === undefined || previousTickSeconds === undefined) return evaluationIntervalSeconds;
  return Math.max(evaluationIntervalSeconds, Math.min(nowSeconds - lastTickSeconds, lastTickSeconds - previousTickSeconds));
}

/** For the newest load and for the one that is foreseen at the lead time. */
function provenReplicas(state: TargetState, policy: Policy): number {
  const most = mostPerReplica(state.breakingPoint);
  if (policy.scaling.by !== "objective" || most === Infinity) return 0;
  const load = Math.max(state.lastDemand?.value ?? 0, (policy.forecast.enabled ? state.model.moments(LEAD_INDEX)?.median : undefined) ?? 0);
  return Math.ceil(load / most - 1e-9);
}

/** What the guard lets through of another count than the one that was decided. */
export function judge({ state, guardInput }: Proposal, desiredReplicas: number): GuardVerdict {
  return guard(state.guard, { ...guardInput, desiredReplicas });
}

/** The count that the guard lets through. */
export function allowed(proposal: Proposal, desiredReplicas: number): number {
  return judge(proposal, desiredReplicas).desiredReplicas;
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
  for (const [name, observation] of Object.entries(seen.signals ?? {})) if (observation.kind === "absent") bad.push(`${name} ${observation.cause}`);
  return bad;
}
