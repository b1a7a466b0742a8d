import { LeadModel } from "../../forecasts/models/lead-ridge.ts";
import type { SavedLeadModel } from "../../forecasts/models/lead-ridge.ts";
import { initialRecentCounts } from "../decide/recent-counts.ts";
import type { RecentCounts } from "../decide/recent-counts.ts";
import type { ChangeMemory } from "../decide/rule.ts";
import { initialGuardState } from "../guard/guard-state.ts";
import type { GuardState } from "../guard/guard-state.ts";
import { CLOSED_BREAKER } from "../learn/breaker.ts";
import type { Breaker } from "../learn/breaker.ts";
import { believedCapacity } from "../learn/capacity.ts";
import type { CapacityEstimate } from "../learn/capacity.ts";
import type { Demotion } from "../learn/demotion.ts";
import { initialErrorBudget } from "../learn/error-budget.ts";
import type { ErrorBudget } from "../learn/error-budget.ts";
import { believedLeadTime } from "../learn/lead-time.ts";
import type { LeadTimeEstimate } from "../learn/lead-time.ts";
import type { BreakingPoint } from "../learn/breaking-point.ts";
import { NOTHING_CARRIED } from "../learn/breaking-point.ts";
import type { DrainWatch } from "../learn/drain-watch.ts";
import type { IdleSince } from "../learn/idle-watch.ts";
import { NO_STARTS } from "../learn/start-watch.ts";
import type { StartWatch } from "../learn/start-watch.ts";
import { NONE_STARTED } from "../learn/started-replicas.ts";
import type { StartedReplicas } from "../learn/started-replicas.ts";
import type { Surprise } from "../learn/surprise.ts";
import { NO_WARM_UP } from "../learn/warm-up.ts";
import type { WarmUp } from "../learn/warm-up.ts";
import { NO_DROP } from "../learn/unexplained-drop.ts";
import type { DropWatch } from "../learn/unexplained-drop.ts";
import type { Policy } from "../model/policy.ts";
import { failure, success } from "../model/result.ts";
import type { Result } from "../model/result.ts";
import type { HeadroomTable } from "../plan/headroom.ts";
import { leadHorizons } from "../plan/lead-horizons.ts";
import type { DeferralMemory } from "./deferral.ts";
import { believedLeadSeconds } from "./lead-time.ts";
import { NO_SIGNALS } from "./signals.ts";
import type { SignalState, SignalStates } from "./signals.ts";
import type { Leaving } from "./leaving.ts";
import type { Readings } from "./readings.ts";
import type { PurchaseMemory } from "./purchase.ts";
import { emptyRecord, ownValue } from "../model/record.ts";

/** What the step remembers of one target between two ticks. */
export interface TargetState {
  readonly model: LeadModel;
  readonly capacity: CapacityEstimate;
  readonly leadTime: LeadTimeEstimate;
  readonly budget: ErrorBudget;
  readonly counts: RecentCounts;
  readonly guard: GuardState;
  /** Newest demand that was present, and when; undefined before the first. */
  readonly lastDemand: { readonly value: number; readonly timeSeconds: number } | undefined;
  readonly lastReadyReplicas: number | undefined;
  /** When the ready count last rose. */
  readonly freshUntilSeconds: number;
  /** The count last decided, where one was. */
  readonly lastDesired: number | undefined;
  readonly firstTickSeconds: number | undefined;
  readonly lastTickSeconds: number | undefined;
  readonly previousTickSeconds: number | undefined;
  readonly fittedToSeconds: number | undefined;
  /** Set while the control forecast says only that the load stays. */
  readonly demotion: Demotion | undefined;
  readonly lastTotalReplicas: number | undefined;
  readonly headroom: HeadroomTable | undefined;
  /** The day (of the season) that the headroom was worked out in. */
  readonly headroomDay: number;
  readonly changes: ChangeMemory;
  readonly breaker: Breaker;
  readonly drop: DropWatch;
  /** What is known of the signals beside the demand, by name. */
  readonly signals: SignalStates;
  /** The queue, where the policy names a drain time or counts what is served. */
  readonly queue: DrainWatch | undefined;
  readonly idleSinceSeconds: IdleSince;
  readonly surprise: Surprise | undefined;
  readonly breakingPoint: BreakingPoint;
  readonly started: StartedReplicas;
  readonly warmUp: WarmUp;
  readonly starts: StartWatch;
  readonly lastScaleIn: { readonly timeSeconds: number; readonly from: number } | undefined;
  /** The highest need of the last one to two days. */
  readonly recentPeak: { readonly day: number; readonly today: number; readonly yesterday: number; readonly replicas: number };
  readonly purchase: PurchaseMemory | undefined;
  /** Only of a policy that defers work. */
  readonly deferral?: DeferralMemory;
  /** Machines with a notice, between order and drain. */
  readonly leaving: Leaving | undefined;
  /** How the signals are read that this was learned from; a checkpoint of an older version does not hold it. */
  readonly readings?: Readings;
}

/** What the step remembers of one group. It belongs to whoever called the step last: the step reuses its memory. */
export interface GroupState {
  readonly group: string;
  readonly timeSeconds: number | undefined;
  readonly targets: Readonly<Record<string, TargetState>>;
}

/** A group that has seen nothing yet. */
export function initialGroupState(group: string, policies: readonly Policy[]): GroupState {
  const targets = Object.fromEntries(policies.map((policy) => [policy.name, initialTargetState(policy)]));
  return { group, timeSeconds: undefined, targets };
}

/** The state for a new set of policies: what is known of each target stays; a target that is new starts empty. */
export function reconcileGroupState(state: GroupState, policies: readonly Policy[]): GroupState {
  const targets = Object.fromEntries(policies.map((policy) => [policy.name, ownValue(state.targets, policy.name) ?? initialTargetState(policy)]));
  return { ...state, targets };
}

/** The state for a clock that was set back: nothing that is remembered with its time is later than now; what has none is kept. */
export function groupStateAnew(state: GroupState, policies: readonly Policy[]): GroupState {
  const anew = (policy: Policy): TargetState => {
    const [known, initial] = [ownValue(state.targets, policy.name), initialTargetState(policy)];
    return known === undefined ? initial : { ...initial, capacity: known.capacity, leadTime: { ...known.leadTime, open: [] }, budget: known.budget, ...(known.readings !== undefined && { readings: known.readings }) };
  };
  return { group: state.group, timeSeconds: undefined, targets: Object.fromEntries(policies.map((policy) => [policy.name, anew(policy)])) };
}

/** A running state with what another has learned of the demand alone; what was seen of the fleet, ordered and promised stays its own. */
export function withDemandLearned(state: GroupState, learned: GroupState): GroupState {
  const targets = Object.fromEntries(Object.entries(state.targets).map(([name, own]): [string, TargetState] => {
    const other = ownValue(learned.targets, name);
    if (other === undefined) return [name, own];
    const { model, fittedToSeconds, demotion, drop, surprise, headroom, headroomDay, recentPeak, firstTickSeconds } = other;
    return [name, { ...own, model, fittedToSeconds, demotion, drop, surprise, headroom, headroomDay, recentPeak, firstTickSeconds, budget: { ...own.budget, meanDemand: other.budget.meanDemand } }];
  }));
  return { ...state, targets };
}

export function initialTargetState(policy: Policy): TargetState {
  const believed = policy.scaling.by === "objective" ? policy.scaling.requestsPerSecondPerReplica : undefined;
  return {
    model: new LeadModel(leadHorizons(policy, believedLeadSeconds(policy))),
    capacity: believedCapacity(believed),
    leadTime: believedLeadTime(policy.leadTimeSeconds),
    budget: initialErrorBudget(policy.leadTimeSeconds ?? 0),
    counts: initialRecentCounts(),
    guard: initialGuardState(),
    lastDemand: undefined,
    lastReadyReplicas: undefined,
    freshUntilSeconds: -Infinity,
    lastDesired: undefined,
    firstTickSeconds: undefined,
    lastTickSeconds: undefined,
    previousTickSeconds: undefined,
    fittedToSeconds: undefined,
    demotion: undefined,
    lastTotalReplicas: undefined,
    headroom: undefined,
    headroomDay: -1,
    breaker: CLOSED_BREAKER,
    drop: NO_DROP,
    ...NOTHING_MORE,
    lastScaleIn: undefined,
    changes: { shortageSinceSeconds: undefined, surplusSinceSeconds: undefined },
    recentPeak: { day: 0, today: 0, yesterday: 0, replicas: 0 },
    purchase: undefined,
    leaving: undefined,
  };
}

/** What a checkpoint of an older version does not hold. */
const NOTHING_MORE = {
  signals: NO_SIGNALS, queue: undefined, idleSinceSeconds: undefined, surprise: undefined, breakingPoint: NOTHING_CARRIED,
  started: NONE_STARTED, warmUp: NO_WARM_UP, starts: NO_STARTS,
} as const;

const FORMAT = 1;

interface SavedGroupState {
  readonly format: number;
  readonly group: string;
  readonly timeSeconds: number | null;
  readonly targets: Readonly<Record<string, unknown>>;
}

/** The state as plain JSON data (numbers that JSON cannot write stand as text), for a checkpoint. */
export function saveGroupState(state: GroupState): unknown {
  const targets = Object.fromEntries(
    Object.entries(state.targets).map(([name, target]) => [name, toJson({ ...target, model: target.model.save(), signals: savedSignals(target.signals) })]),
  );
  return { format: FORMAT, group: state.group, timeSeconds: state.timeSeconds ?? null, targets } satisfies SavedGroupState;
}

/** The state of a checkpoint. A target without saved data starts empty; data of another format is refused. */
export function restoreGroupState(data: unknown, policies: readonly Policy[]): Result<GroupState> {
  const saved = data as Partial<SavedGroupState> | null;
  if (saved?.format !== FORMAT || typeof saved.group !== "string" || saved.targets === undefined) {
    return failure("permanent", `a checkpoint of format ${String(FORMAT)} was expected`);
  }
  const targets = emptyRecord<TargetState>();
  for (const policy of policies) {
    const kept = ownValue(saved.targets, policy.name);
    targets[policy.name] = kept === undefined ? initialTargetState(policy) : restoreTarget(kept);
  }
  return success({ group: saved.group, timeSeconds: saved.timeSeconds ?? undefined, targets });
}

function savedSignals(signals: SignalStates): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(signals).map(([name, signal]) => [name, { ...signal, model: signal.model.save() }]));
}

type SavedSignals = Readonly<Record<string, Omit<SignalState, "model"> & { readonly model: SavedLeadModel }>>;

function restoreTarget(kept: unknown): TargetState {
  const saved = fromJson(kept) as Omit<TargetState, "model" | "signals"> & { readonly model: SavedLeadModel; readonly signals?: SavedSignals };
  const signals = Object.fromEntries(Object.entries(saved.signals ?? {}).map(([name, signal]) => [name, { ...signal, model: LeadModel.restore(signal.model) }]));
  const restored = { ...saved, model: LeadModel.restore(saved.model), signals };
  const added = Object.entries(NOTHING_MORE).filter(([name]) => !Object.hasOwn(saved, name));
  return { ...restored, ...Object.fromEntries(added) };
}

/** JSON has no NaN, no infinities and no undefined: they stand as {"$": "NaN"}. */
function toJson(value: unknown): unknown {
  if (value === undefined) return { $: "undefined" };
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0) ? value : { $: Object.is(value, -0) ? "-0" : String(value) };
  if (Array.isArray(value)) return value.map(toJson);
  if (value !== null && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, toJson(field)]));
  return value;
}

function fromJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromJson);
  if (value === null || typeof value !== "object") return value;
  const special = (value as { readonly $?: unknown }).$;
  if (special === "undefined") return undefined;
  if (typeof special === "string") return Number(special);
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, fromJson(field)]));
}
