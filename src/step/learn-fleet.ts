import { learnBreakingPoint } from "../learn/breaking-point.ts";
import { watchQueue } from "../learn/drain-watch.ts";
import type { DrainWatch } from "../learn/drain-watch.ts";
import { watchIdle } from "../learn/idle-watch.ts";
import type { IdleSince } from "../learn/idle-watch.ts";
import { plannedLeadTimeSeconds } from "../learn/lead-time.ts";
import { watchOpenStarts } from "../learn/start-watch.ts";
import type { StartWatch } from "../learn/start-watch.ts";
import { watchStarts } from "../learn/started-replicas.ts";
import type { StartedReplicas } from "../learn/started-replicas.ts";
import { watchSurprise } from "../learn/surprise.ts";
import { learnWarmUp, OLDEST_SECONDS } from "../learn/warm-up.ts";
import type { WarmUp } from "../learn/warm-up.ts";
import { valueOf } from "../model/observation.ts";
import type { Policy } from "../model/policy.ts";
import type { Snapshot, TargetSnapshot } from "../model/snapshot.ts";
import { loadsBeside } from "./inputs.ts";
import type { TargetState } from "./state.ts";

/** What this tick has shown besides the demand's own forecast and capacity. */
export interface FleetSeen {
  readonly snapshot: Snapshot;
  readonly seen: TargetSnapshot;
  readonly policy: Policy;
  /** What the forecast said of this row a lead time ago: median, and the scale of its log. */
  readonly expected: number;
  readonly scale: number;
  /** False while replicas are fresh: what is measured then is no fleet's that has not changed. */
  readonly isSteady: boolean;
  /** The capacity of a replica before this tick. */
  readonly rate: number;
}

type FleetPart = Pick<TargetState, "queue" | "idleSinceSeconds" | "surprise" | "breakingPoint" | "started" | "warmUp" | "starts">;

/** The queue, idleness, surprises, the load that replicas carry, and their starts, after a tick. */
export function learnFleet(before: TargetState, fleet: FleetSeen): FleetPart {
  const { snapshot, seen, policy } = fleet;
  const started = startedAfter(before, fleet);
  return {
    queue: queueAfter(before, seen, policy),
    idleSinceSeconds: idleAfter(before, fleet),
    surprise: !policy.forecast.enabled ? undefined : watchSurprise(before.surprise, {
      load: valueOf(seen.demand) ?? NaN, expected: fleet.expected, scale: fleet.scale, timeSeconds: snapshot.timeSeconds, leadTimeSeconds: plannedLeadTimeSeconds(before.leadTime),
    }),
    breakingPoint: !fleet.isSteady ? before.breakingPoint : learnBreakingPoint(before.breakingPoint, {
      perReplica: perReplica(seen), missRatio: valueOf(seen.missRatio) ?? NaN, errorBudget: policy.objective.errorBudget,
      seconds: before.lastTickSeconds === undefined ? 0 : snapshot.timeSeconds - before.lastTickSeconds,
    }),
    started,
    warmUp: warmUpAfter(before, started, fleet),
    starts: startsAfter(before, fleet),
  };
}

function queueAfter({ queue }: TargetState, { demand, backlog }: TargetSnapshot, policy: Policy): DrainWatch | undefined {
  if (policy.drainSeconds === undefined && policy.demandIsServed === undefined) return undefined;
  const arrivalsPerSecond = valueOf(demand) ?? 0;
  return backlog.kind === "absent" ? queue : watchQueue(queue, { timeSeconds: backlog.timeSeconds, backlog: backlog.value, arrivalsPerSecond });
}

/** Every load that the policy names must be known to be zero, all the while: what was not looked at for long is not known. */
function idleAfter({ idleSinceSeconds, lastTickSeconds = -Infinity }: TargetState, { seen, policy, snapshot }: FleetSeen): IdleSince {
  const { replicas, signals, evaluationIntervalSeconds } = policy;
  if (replicas.idleAfterSeconds === undefined) return undefined;
  const longestGapSeconds = Math.max(signals.demand.staleAfterSeconds, MOST_TICKS_MISSED * evaluationIntervalSeconds);
  const since = snapshot.timeSeconds - lastTickSeconds > longestGapSeconds ? undefined : idleSinceSeconds;
  const loads = [seen.demand, ...(signals.backlog === undefined ? [] : [seen.backlog]), ...loadsBeside(policy).map((name) => seen.signals?.[name])];
  return watchIdle(since, loads.map(valueOf), snapshot.timeSeconds);
}

const MOST_TICKS_MISSED = 4;

function perReplica({ demand, workload }: TargetSnapshot): number {
  return workload.kind === "value" && workload.readyReplicas > 0 ? (valueOf(demand) ?? NaN) / workload.readyReplicas : NaN;
}

/** Batches are kept where someone asks for them: a minimum run time, or a warm-up that can be learned. */
function startedAfter(before: TargetState, { snapshot, seen, policy }: FleetSeen): StartedReplicas {
  const keepSeconds = Math.max(policy.behavior.minimumRunSeconds ?? 0, learnsWarmUp(policy) && seen.utilization.kind === "value" ? OLDEST_SECONDS : 0);
  if (keepSeconds === 0 || seen.workload.kind === "absent") return before.started;
  return watchStarts(before.started, { timeSeconds: snapshot.timeSeconds, readyReplicas: seen.workload.readyReplicas, lastReadyReplicas: before.lastReadyReplicas, keepSeconds });
}

function learnsWarmUp(policy: Policy): boolean {
  return policy.warmUpSeconds === undefined && policy.scaling.by === "objective";
}

/** Before the capacity of a warm fleet is known well, nothing can be told of a fresh one. */
const LEAST_CAPACITY_SAMPLES = 100;
const LEAST_USE = 0.2;
const MOST_USE = 0.9;

function warmUpAfter(before: TargetState, started: StartedReplicas, { snapshot, seen, policy, rate }: FleetSeen): WarmUp {
  const use = valueOf(seen.utilization) ?? NaN;
  const load = valueOf(seen.demand) ?? NaN;
  const { workload } = seen;
  if (!learnsWarmUp(policy) || workload.kind === "absent" || before.capacity.samples < LEAST_CAPACITY_SAMPLES || !(use >= LEAST_USE && use <= MOST_USE)) return before.warmUp;
  return learnWarmUp(before.warmUp, {
    started, timeSeconds: snapshot.timeSeconds, readyReplicas: workload.readyReplicas, fleetShare: load / (use * workload.readyReplicas * rate),
    leastAgeSeconds: policy.signals.demand.windowSeconds + policy.evaluationIntervalSeconds,
  });
}

function startsAfter(before: TargetState, { snapshot, seen }: FleetSeen): StartWatch {
  const { workload } = seen;
  const { lastReadyReplicas, lastTotalReplicas, lastTickSeconds } = before;
  if (workload.kind === "absent" || lastReadyReplicas === undefined || lastTotalReplicas === undefined || lastTickSeconds === undefined) return before.starts;
  return watchOpenStarts(before.starts, {
    timeSeconds: snapshot.timeSeconds, readyReplicas: workload.readyReplicas, pendingReplicas: workload.pendingReplicas,
    lastReadyReplicas, lastTotalReplicas, askedReplicas: before.lastDesired ?? lastTotalReplicas,
    orderedAtSeconds: lastTickSeconds, leadTimeSeconds: plannedLeadTimeSeconds(before.leadTime),
  });
}
