import type { BudgetReading } from "../model/budget.ts";
import type { Reason } from "../model/decision.ts";
import type { Allocation, CarbonSignal, Notice, Offering } from "../model/offering.ts";
import type { CarbonSpec, CostSpec, PurchaseSpec } from "../model/policy.ts";

/** What is asked of the purchase at one tick: how many ready replicas, from which offerings, under which clauses. */
export interface PurchaseRequest {
  readonly timeSeconds: number;
  /** Ready replicas wanted: the desired count of the plan. */
  readonly neededReplicas: number;
  /** The objective's capacity: the need seen now. Headroom is what stands above it. */
  readonly floorReplicas: number;
  /** The chance that more than so many replicas are needed a lead time from now, by that count; certain where absent. */
  readonly needChance?: readonly number[];
  /** The target's bounds; `min` is kept even when `cut-capacity` binds. A spare may pass `max` by a tenth, at least one. */
  readonly minReplicas: number;
  readonly maxReplicas?: number;
  /** A price or a rate that is not finite is unknown. */
  readonly offerings: readonly Offering[];
  /** Instances by offering, doomed ones included. */
  readonly running: Readonly<Record<string, number>>;
  /** Instances ordered and not ready yet; absent where the cloud does not tell. */
  readonly pending?: Readonly<Record<string, number>>;
  /** New or repeated notices; they are remembered, so each need be sent only once. */
  readonly notices: readonly Notice[];
  /** Offerings whose order has failed for want of capacity since the last call. */
  readonly capacityErrors?: readonly string[];
  readonly carbon?: CarbonSignal;
  /** The policy's clauses; without a purchase clause every offering may be bought. */
  readonly purchase: PurchaseSpec | undefined;
  readonly cost: CostSpec;
  readonly carbonSpec: CarbonSpec;
  /** A limit across groups that stands beside the policy's own. */
  readonly allowanceUsdPerHour?: number;
  /** Budgets that will not hold at what is planned: the target's own, its group's, the fleet's. */
  readonly budgets?: readonly BudgetReading[];
  /** Of the last call; undefined at the first. */
  readonly state: PurchaseState | undefined;
}

export interface PurchaseResult {
  /** Undefined where no offering is known. Counts leave doomed instances out. */
  readonly allocation: Allocation | undefined;
  /** Desired replicas after the limits: `neededReplicas`, or less where the policy lets a limit cut. */
  readonly desiredReplicas: number;
  /** Only what changed the purchase, in the order in which it was applied. */
  readonly reasons: readonly Reason[];
  /** Set when a limit binds: which, what it allows, what was wanted. */
  readonly limit: LimitReport | undefined;
  readonly nextState: PurchaseState;
}

export interface LimitReport {
  readonly code: "cost-limit" | "carbon-cap" | "budget";
  readonly limit: number;
  readonly wanted: number;
  readonly got: number;
}

/** What the purchase remembers between calls. Plain JSON. */
export interface PurchaseState {
  readonly timeSeconds: number;
  readonly domains: Readonly<Record<string, DomainMemory>>;
  readonly pools: Readonly<Record<string, PoolMemory>>;
  readonly notices: readonly KnownNotice[];
  /** Seconds from the sight of a notice to the loss, as seen lately. */
  readonly noticeLeadSeconds: number;
  /** Share of the losses that a notice announced, as seen lately. */
  readonly announcedShare: number;
  /** Spot instances lost in the last ten minutes. */
  readonly losses: readonly { readonly timeSeconds: number; readonly count: number }[];
  /** Losses of domains that had another of their region beside them, and how many of them were lost together with one. */
  readonly company?: Company;
  /** Share of the spot ceiling that a storm has left, and when it was last changed. */
  readonly storm: { readonly ceilingShare: number; readonly sinceSeconds: number } | undefined;
}

export interface Company {
  readonly losses: number;
  readonly together: number;
}

/** A failure domain (a zone): when it was last disturbed, and losses and hours seen in each age bin and while it was tight. */
export interface DomainMemory {
  readonly up: boolean;
  /** Replicas' instances there, ready or not, and whether it would give more: absent in memories of an earlier version. */
  readonly held?: number;
  readonly room?: boolean;
  /** It gives no more though nothing more was taken: its capacity falls. */
  readonly tight?: boolean;
  readonly quietSinceSeconds: number;
  readonly lastLossSeconds: number;
  readonly losses: readonly number[];
  readonly hours: readonly number[];
}

export interface PoolMemory {
  readonly healthy: number;
  readonly asked: number;
  readonly askedSinceSeconds: number;
  /** Ordered and not seen yet, where the cloud does not tell what is pending. */
  readonly inFlight: number;
  /** Not asked for more until then, after a capacity error. */
  readonly restUntilSeconds: number;
  /** What was held when more was refused: believed until the offering can be launched while so many are held. */
  readonly depth: number | null;
  /** Last time that an announced loss was due: running counts lag behind it. */
  readonly lastDueSeconds: number;
}

export interface KnownNotice {
  readonly offering: string;
  readonly count: number;
  readonly timeSeconds: number;
}
