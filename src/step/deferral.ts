import type { Reason } from "../model/decision.ts";
import { valueOf } from "../model/observation.ts";
import type { DeferralSpec, Policy } from "../model/policy.ts";
import type { TargetSnapshot } from "../model/snapshot.ts";
import { plannedLeadTimeSeconds } from "../learn/lead-time.ts";
import { deferQueue } from "../purchase/defer-queue.ts";
import { hourPrices, replicaUsd } from "../purchase/hour-prices.ts";
import { watchQueue } from "../purchase/waiting-work.ts";
import type { Cohort } from "../purchase/waiting-work.ts";
import type { TargetState } from "./state.ts";

/** What a target with a deferral clause remembers: the work that waits by its deadlines, and the plan of the hour. */
export interface DeferralMemory {
  readonly cohorts: readonly Cohort[];
  readonly seenSeconds: number;
  /** Mean price of a replica by hour of the day (UTC), as seen; NaN where not. */
  readonly usdByHour: readonly number[];
  readonly planned: { readonly hour: number; readonly replicas: number } | undefined;
}

export interface DeferralStage {
  /** Undefined: nothing is deferred, what was decided stands. */
  readonly replicas: number | undefined;
  readonly reasons: readonly Reason[];
  readonly memory: DeferralMemory | undefined;
}

const HOUR_SECONDS = 3600;
const NO_PRICES: readonly number[] = new Array<number>(24).fill(NaN);
/** Weight of the newest price of an hour of the day. */
const PRICE_WEIGHT = 0.2;

/**
 * When deferrable work runs: planned anew each hour over the hours up to its deadlines, by dollars and grams, with the latest safe
 * start as a switch. Where the backlog or the rate of a replica is not known, nothing is deferred: the step decides as without it.
 */
export function deferWork(state: TargetState, { seen, policy, decided, nowSeconds }: { readonly seen: TargetSnapshot; readonly policy: Policy; readonly decided: number; readonly nowSeconds: number }): DeferralStage {
  const { deferral } = policy;
  if (deferral === undefined) return { replicas: undefined, reasons: [], memory: undefined };
  const backlog = valueOf(seen.backlog);
  const rate = state.capacity.requestsPerSecondPerReplica;
  if (backlog === undefined || !(rate > 0)) {
    const what = backlog === undefined ? "how much waits" : "what a replica works off";
    return { replicas: undefined, reasons: [{ code: "deferral-unknown", text: `${what} is not known: nothing is deferred`, before: decided, after: decided }], memory: state.deferral };
  }
  const before = state.deferral ?? { cohorts: [], seenSeconds: nowSeconds, usdByHour: NO_PRICES, planned: undefined };
  const arrived = (valueOf(seen.demand) ?? 0) * Math.max(0, nowSeconds - before.seenSeconds);
  const cohorts = watchQueue(before.cohorts, { timeSeconds: nowSeconds, backlog, arrived, deadlineSeconds: deferral.deadlineSeconds });
  const market = { offerings: seen.offerings ?? state.purchase?.offerings ?? [], replicaPerHourUsd: policy.cost.replicaPerHourUsd };
  const usdByHour = remember(before.usdByHour, replicaUsd(market), nowSeconds);
  const plan = deferQueue({
    nowSeconds, cohorts, itemsPerSecondPerReplica: rate, minReplicas: policy.replicas.min, maxReplicas: policy.replicas.max,
    hours: hourPrices({ ...market, nowSeconds, untilSeconds: cohorts.at(-1)?.deadlineSeconds ?? nowSeconds, carbon: seen.carbon ?? state.purchase?.carbon, usdByHour }),
    usdPerGram: deferral.carbonPricePerKgUsd / 1000, leadSeconds: plannedLeadTimeSeconds(state.leadTime), changeoverSeconds: deferral.changeoverSeconds,
  });
  const hour = Math.floor(nowSeconds / HOUR_SECONDS);
  const kept = before.planned?.hour === hour ? before.planned.replicas : (plan.replicas[0] ?? policy.replicas.min);
  const planned = before.planned?.hour === hour && backlog > 0 ? kept : Math.min(kept, plan.replicas[0] ?? kept);
  const replicas = chosen(deferral, { planned, urgent: plan.urgentReplicas, running: state.lastDesired ?? 0, hasWork: backlog > 0, min: policy.replicas.min, decided });
  return { replicas, reasons: [reasonOf({ plan, replicas, planned, min: policy.replicas.min, decided, backlog, nowSeconds })], memory: { cohorts, seenSeconds: nowSeconds, usdByHour, planned: { hour, replicas: planned } } };
}

function chosen(deferral: DeferralSpec, { planned, urgent, running, hasWork, min, decided }: { readonly planned: number; readonly urgent: number; readonly running: number; readonly hasWork: boolean; readonly min: number; readonly decided: number }): number {
  // A backlog of zero does not count what is being worked on: the last replica goes by the rule of the idle time, as without deferral.
  if (!hasWork) return Math.max(min, Math.min(1, running, decided));
  const begun = deferral.interruptible ? 0 : running;
  return Math.max(planned, urgent, begun, min);
}

function remember(usdByHour: readonly number[], usd: number | undefined, nowSeconds: number): readonly number[] {
  if (usd === undefined) return usdByHour;
  const at = Math.floor(nowSeconds / HOUR_SECONDS) % 24;
  return usdByHour.map((known, hour) => (hour !== at ? known : Number.isFinite(known) ? known + PRICE_WEIGHT * (usd - known) : usd));
}

function reasonOf({ plan, replicas, planned, min, decided, backlog, nowSeconds }: { readonly plan: ReturnType<typeof deferQueue>; readonly replicas: number; readonly planned: number; readonly min: number; readonly decided: number; readonly backlog: number; readonly nowSeconds: number }): Reason {
  if (plan.urgentReplicas > 0) return { code: "deferral-deadline", text: `the latest safe start has come for ${backlog.toFixed(0)} items that wait: they run now, whatever an hour costs`, before: decided, after: replicas };
  if (backlog <= 0) return { code: "deferral-idle", text: replicas > min ? "nothing waits: the last replica stays until nothing is known to come" : "nothing waits", before: decided, after: replicas };
  const wait = Number.isFinite(plan.latestStartSeconds) ? `; the latest safe start is in ${String(Math.round((plan.latestStartSeconds - nowSeconds) / 60))} min` : "";
  const later = plan.replicas.findIndex((count, at) => at > 0 && count > min);
  const when = later > 0 ? `, more in ${String(later)} h` : "";
  if (replicas > planned) return { code: "deferral-run", text: `what has begun runs on: ${backlog.toFixed(0)} items wait${when}${wait}`, before: decided, after: replicas };
  if (replicas > 0 && replicas === min) return { code: "deferral-wait", text: `no more than the minimum of ${String(min)} is called for in this hour: ${backlog.toFixed(0)} items wait${when}${wait}`, before: decided, after: replicas };
  return replicas > 0
    ? { code: "deferral-run", text: `this hour is among the cheapest and cleanest before the deadline of ${backlog.toFixed(0)} items that wait${when}${wait}`, before: decided, after: replicas }
    : { code: "deferral-wait", text: `${backlog.toFixed(0)} items wait for cheaper and cleaner hours${when}${wait}`, before: decided, after: replicas };
}
