import { startOnPast } from "../../forecasts/models/lead-past.ts";
import { breakerAfter } from "../learn/breaker.ts";
import { learnCapacity, learnWorkedOff } from "../learn/capacity.ts";
import type { CapacityEstimate } from "../learn/capacity.ts";
import { demotionAfter } from "../learn/demotion.ts";
import { learnPrice } from "../learn/error-budget.ts";
import type { ErrorBudget } from "../learn/error-budget.ts";
import { orderPlaced, ordersDropped, plannedLeadTimeSeconds, readySeen } from "../learn/lead-time.ts";
import type { LeadTimeEstimate } from "../learn/lead-time.ts";
import { valueOf } from "../model/observation.ts";
import type { Policy } from "../model/policy.ts";
import type { Snapshot, TargetSnapshot } from "../model/snapshot.ts";
import { watchDrop } from "../learn/unexplained-drop.ts";
import { eventUplift } from "../plan/event-uplift.ts";
import { LEAD_INDEX } from "../plan/lead-horizons.ts";
import { workedOffPerSecond } from "./inputs.ts";
import { warmSeconds } from "./lead-time.ts";
import { learnFleet } from "./learn-fleet.ts";
import { installSignalFits, isOfOtherReading, learnSignals } from "./signals.ts";
import { isDrainKey } from "./leaving.ts";
import { missesOf } from "./misses.ts";
import type { TargetState } from "./state.ts";

export interface LearnInput {
  readonly snapshot: Snapshot;
  readonly seen: TargetSnapshot;
  readonly policy: Policy;
}

/** The state after this tick's inputs: rows, capacity, lead time, fits. A wake by a notice brings no new row. */
export function learnFrom(before: TargetState, input: LearnInput): TargetState {
  const { snapshot, seen, policy } = input;
  const outcomes = snapshot.outcomes.filter((outcome) => outcome.target === policy.name && !isDrainKey(outcome.idempotencyKey));
  const installed = { ...installFits(before, input), breaker: breakerAfter(before.breaker, outcomes, snapshot.timeSeconds) };
  if (snapshot.wake === "notice") return installed;
  const now = snapshot.timeSeconds;
  const demand = valueOf(seen.demand);
  const scale = installed.model.moments(LEAD_INDEX)?.scale ?? NaN;
  // What an event multiplies is not learned as an ordinary load.
  const uplift = eventUplift(policy.events, now);
  installed.model.observe(now, (demand ?? NaN) / uplift);
  const ready = seen.workload.kind === "value" ? seen.workload.readyReplicas : undefined;
  const rose = ready !== undefined && before.lastReadyReplicas !== undefined && ready !== before.lastReadyReplicas;
  const freshUntilSeconds = rose ? now + policy.signals.demand.windowSeconds + policy.evaluationIntervalSeconds + warmSeconds(before, policy) : before.freshUntilSeconds;
  const isSteady = now >= freshUntilSeconds;
  const capacity = capacityAfter(before, input, { demand, ready, isSteady });
  const expected = uplift * installed.model.expected(LEAD_INDEX);
  return {
    ...installed,
    capacity,
    signals: learnSignals(before.signals, input),
    ...learnFleet(before, { ...input, expected, scale, isSteady, rate: before.capacity.requestsPerSecondPerReplica }),
    budget: budgetAfter(before, input, capacity.requestsPerSecondPerReplica),
    drop: watchDrop(before.drop, { load: demand ?? NaN, expected, timeSeconds: now }),
    leadTime: leadTimeAfter(before, input, ready),
    freshUntilSeconds,
    lastReadyReplicas: ready ?? before.lastReadyReplicas,
    lastDemand: demand === undefined ? before.lastDemand : { value: demand, timeSeconds: now },
    lastTotalReplicas: seen.workload.kind === "value" ? seen.workload.readyReplicas + seen.workload.pendingReplicas : before.lastTotalReplicas,
    demotion: demotionAfter(before.demotion, { trusted: installed.model.trusted(LEAD_INDEX), errorRatio: installed.model.errorRatio(LEAD_INDEX), timeSeconds: now }),
    firstTickSeconds: before.firstTickSeconds ?? now,
    lastTickSeconds: now,
    previousTickSeconds: before.lastTickSeconds,
  };
}

/** By the use of the replicas; those that work off a backlog are at full use. */
function capacityAfter(before: TargetState, { seen, policy }: LearnInput, now: { readonly demand: number | undefined; readonly ready: number | undefined; readonly isSteady: boolean }): CapacityEstimate {
  const { demand, ready, isSteady } = now;
  if (ready === undefined || demand === undefined) return before.capacity;
  const byUse = learnCapacity(before.capacity, { demandPerSecond: demand, utilization: valueOf(seen.utilization) ?? NaN, readyReplicas: ready, fleetChanged: !isSteady });
  const { queue } = before;
  if (policy.drainSeconds === undefined || queue === undefined || policy.signals.utilization !== undefined) return byUse;
  const waits = Math.min(queue.backlog, valueOf(seen.backlog) ?? 0);
  return learnWorkedOff(byUse, { workedOffPerSecond: workedOffPerSecond(before, seen), readyReplicas: ready, isBusy: isSteady && waits > demand * policy.evaluationIntervalSeconds });
}

/** While the forecast is still being learned its misses say nothing about the price. */
const PRICE_AFTER_DAYS = 3;

function budgetAfter(before: TargetState, input: LearnInput, rate: number): ErrorBudget {
  const { snapshot, seen, policy } = input;
  const rowsBefore = wasUnwatched(before, input) ? [] : (before.budget.unmeasured ?? []);
  const { rows, demandPerSecond, missRatio } = missesOf(rowsBefore, { seen, policy, requestsPerSecondPerReplica: rate });
  const isLearning = policy.forecast.enabled && before.model.rows < PRICE_AFTER_DAYS * before.model.spec.dayRows;
  const { logPrice, meanDemand } = learnPrice(before.budget, {
    demandPerSecond, missRatio: isLearning ? NaN : missRatio, errorBudget: policy.objective.errorBudget,
    seconds: before.lastTickSeconds === undefined ? 0 : Math.min(snapshot.timeSeconds - before.lastTickSeconds, 4 * policy.evaluationIntervalSeconds),
    leadTimeSeconds: plannedLeadTimeSeconds(before.leadTime),
    daySeconds: before.model.spec.dayRows * before.model.spec.rowSeconds,
  });
  return { logPrice, meanDemand, ...(rows.length > 0 && { unmeasured: rows }) };
}

/** Between two readings further apart than so many intervals anything may have happened. */
const UNWATCHED_INTERVALS = 4;

/** Whether nobody looked for a while before this tick, or ever: the daemon was down, or its clock was set back. */
function wasUnwatched({ lastTickSeconds, previousTickSeconds }: TargetState, { snapshot, policy }: LearnInput): boolean {
  if (lastTickSeconds === undefined) return true;
  const pace = previousTickSeconds === undefined ? 0 : lastTickSeconds - previousTickSeconds;
  return snapshot.timeSeconds - lastTickSeconds > UNWATCHED_INTERVALS * Math.max(policy.evaluationIntervalSeconds, pace);
}

/**
 * An order is seen where the cloud's count has risen to what was decided last; it has arrived when so many are ready. While nobody
 * looks (the daemon is down, the workload cannot be read) an order may arrive at any time: how long it took is then not known.
 */
function leadTimeAfter(before: TargetState, input: LearnInput, ready: number | undefined): LeadTimeEstimate {
  const { snapshot, seen } = input;
  if (seen.workload.kind === "absent" || ready === undefined || wasUnwatched(before, input)) return ordersDropped(before.leadTime);
  const total = seen.workload.readyReplicas + seen.workload.pendingReplicas;
  const was = before.lastTotalReplicas;
  const arrived = readySeen(before.leadTime, snapshot.timeSeconds, ready);
  if (was === undefined || total === was || before.lastTickSeconds === undefined) return arrived;
  return total > was ? orderPlaced(arrived, before.lastTickSeconds, total) : ordersDropped(arrived);
}

function installFits(state: TargetState, { snapshot, policy }: LearnInput): TargetState {
  let next = state;
  installSignalFits(state, snapshot, policy);
  for (const install of snapshot.installs) {
    if (install.target !== policy.name || install.signal !== undefined) continue;
    if (isOfOtherReading(install, state.readings, "demand")) continue;
    if (install.modelId === "lead-past") next = { ...next, model: startOnPast(install.fit, next.model) ?? next.model };
    if (install.modelId !== "lead-ridge") continue;
    next.model.adopt(install.fit);
    next = { ...next, fittedToSeconds: install.fittedToSeconds };
  }
  return next;
}
