import type { OnLimit } from "./budget.ts";
import type { Formula } from "./formula.ts";
import type { Mode } from "./mode.ts";

/** A policy after validation: every default filled in, every unit plain (seconds, replicas, US dollars, grams, shares of 1). */
export interface Policy {
  readonly name: string;
  /** SHA-256 over the canonical form: equal policies have equal digests. */
  readonly digest: string;
  readonly group: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly mode: Mode;
  readonly actuator: { readonly type: string; readonly config: Readonly<Record<string, unknown>> };
  readonly replicas: ReplicaBounds;
  readonly signals: {
    readonly demand: SignalSpec;
    readonly utilization?: SignalSpec;
    readonly missRatio?: SignalSpec;
    readonly backlog?: SignalSpec;
  };
  /** More signals: the target takes the largest need. A signal without a target is there for formulas alone. */
  readonly extraSignals?: readonly ExtraSignal[];
  /** The demand counts what is served, not what arrives: what the backlog grew by is added. */
  readonly demandIsServed?: boolean;
  /** Work that waits is to be gone this long after it began to wait. */
  readonly drainSeconds?: number;
  /** Targets of the same group whose load comes on to this one. */
  readonly follows?: readonly FollowSpec[];
  readonly redundancy?: RedundancySpec;
  readonly shared?: SharedLimits;
  /** Time from ready to full capacity, where it is stated; learned where it is not. */
  readonly warmUpSeconds?: number;
  readonly scaling: ScalingSpec;
  readonly objective: ObjectiveSpec;
  readonly leadTimeSeconds: number | undefined;
  readonly evaluationIntervalSeconds: number;
  readonly forecast: ForecastSpec;
  readonly behavior: BehaviorSpec;
  readonly fallback: FallbackSpec;
  readonly purchase: PurchaseSpec | undefined;
  readonly cost: CostSpec;
  readonly carbon: CarbonSpec;
  /** What the replicas use, for right-sizing: cores and bytes. */
  readonly usage?: { readonly cpu?: SignalSpec; readonly memory?: SignalSpec };
  readonly deferral?: DeferralSpec;
  /** Bounds that hold for a while; `effectivePolicy` of src/policy applies them before a step. */
  readonly schedules?: readonly ScheduleSpec[];
  readonly events?: readonly EventSpec[];
  /** Runs in shadow on the same load and never acts: this policy with what it says otherwise, in mode `observe`. */
  readonly challenger?: Policy;
}

/** What stands for `idleAfterSeconds` where `min` is 0 and nothing is said of it. */
export const DEFAULT_IDLE_SECONDS = 600;

export interface ReplicaBounds {
  readonly min: number;
  readonly max: number;
  /** Only where `min` is 0: how long the load must be known to be zero before the last replica goes. */
  readonly idleAfterSeconds?: number;
  /** While a schedule has shut the target down: the bounds that hold once it is woken. */
  readonly awake?: { readonly min: number; readonly max: number };
  /** Where a schedule or an event has lowered `max`: the policy's own. Only that one takes replicas away on bad data. */
  readonly ownMax?: number;
  /** What has set these bounds, in words, where it is not the policy itself. */
  readonly from?: string;
}

/** A signal beside the demand: read from its source, or worked out by a formula. */
export type ExtraSignal = {
  readonly name: string;
  /** `per-replica`: the value is the target's in all, `target` what one replica should carry; `utilization`: the mean share of the ready ones. */
  readonly by: "per-replica" | "utilization";
  /** Undefined: it is read for formulas alone. */
  readonly target: number | undefined;
} & ({ readonly spec: SignalSpec; readonly formula?: never } | { readonly formula: Formula; readonly spec?: never });

/** `ratio` requests reach this target for each request of the leader. */
export interface FollowSpec {
  readonly target: string;
  readonly ratio: number;
}

/** What is kept above the need. */
export interface RedundancySpec {
  /** N+1, N+2: replicas that may be lost without falling short. */
  readonly spareReplicas: number;
  /** The zones that the replicas are spread over evenly: one may be lost. 1: not asked for. */
  readonly zones: number;
}

/** Limits of a whole group; of those that its policies state the tightest holds. */
export interface SharedLimits {
  readonly maxReplicas: number | undefined;
  readonly maxPerHourUsd: number | undefined;
  /** Who gets first where not all can have what they need; higher comes first. */
  readonly priority: number;
}

/** Where a signal comes from and how it is read. */
export interface SignalSpec {
  readonly source: string;
  readonly metric: string;
  /** Equality on resource or point attributes; all must hold. */
  readonly select: Readonly<Record<string, string>>;
  /** `rate`: per second of a counter or of a histogram's count. `quantile`, `mean`, `share-above`: of a histogram. `gauge`: last value. */
  readonly extract: "rate" | "gauge" | "mean" | "quantile" | "share-above";
  readonly aggregate: "sum" | "mean" | "max" | "min";
  readonly quantile: number | undefined;
  readonly threshold: number | undefined;
  readonly unit: string | undefined;
  readonly windowSeconds: number;
  readonly staleAfterSeconds: number;
  /** Other names of the same measurement (renamed or older conventions), tried in order where `metric` is not seen. */
  readonly alternatives?: readonly SignalAlternative[];
}

/** One more name of a signal's metric, with its own unit; `scale` turns its values into the unit of the spec. */
export interface SignalAlternative {
  readonly metric: string;
  readonly unit: string | undefined;
  /** Value of the spec = value of this metric × scale (0.001 for milliseconds where the spec says seconds). */
  readonly scale: number;
}

/** Bounds that come back with the calendar: from each match of `cron` (in `timezone`) for `durationSeconds`. */
export interface ScheduleSpec {
  readonly name: string;
  readonly cron: string;
  readonly timezone: string;
  /** Elapsed time; 0 where `untilCron` ends it. */
  readonly durationSeconds: number;
  /** Ends at the next match of this, in the same time zone: right on the days on which clocks change too. */
  readonly untilCron?: string;
  readonly minReplicas: number | undefined;
  readonly maxReplicas: number | undefined;
  readonly priority: number;
  /** While it holds the target is shut down: no replica at all, whatever `replicas.min` says. */
  readonly off?: boolean;
  readonly expiresAtSeconds: number | undefined;
}

/** Bounds for one span of time. */
export interface EventSpec {
  readonly name: string;
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly minReplicas: number | undefined;
  readonly maxReplicas: number | undefined;
  readonly priority: number;
  /** The load that is expected over an ordinary one (1 = none); absent where it is to be learned. */
  readonly uplift?: number;
}

/** How load becomes replicas. `objective`: by the error budget and a learned capacity; the classic two mean what the HPA means. */
export type ScalingSpec =
  | { readonly by: "objective"; readonly requestsPerSecondPerReplica: number | undefined }
  | { readonly by: "utilization"; readonly target: number }
  | { readonly by: "per-replica"; readonly target: number };

export interface ObjectiveSpec {
  readonly latencySeconds: number;
  /** Share of requests that may miss the objective. */
  readonly errorBudget: number;
}

export interface ForecastSpec {
  readonly enabled: boolean;
  /** Grid of the history and the forecast. */
  readonly stepSeconds: number;
  readonly seasonsSeconds: readonly number[];
  readonly horizonSeconds: number;
  readonly refitSeconds: number;
  readonly historySeconds: number;
  readonly calendar: string | undefined;
}

export interface BehaviorSpec {
  readonly tolerance: number;
  readonly scaleInStabilizationSeconds: number;
  readonly scaleOutStabilizationSeconds: number;
  /** Largest change in one step: share of the current count and an absolute floor under that share. */
  readonly maxScaleOutShare: number;
  readonly maxScaleOutReplicas: number;
  readonly maxScaleInShare: number;
  readonly maxScaleInReplicas: number;
  /** A replica that started is not scaled in for so long; absent: no such limit. */
  readonly minimumRunSeconds?: number;
}

/** What to do when demand is bad: hold, then the forecast, then a static count; never below the recent peak. */
export interface FallbackSpec {
  readonly holdSeconds: number;
  readonly forecastSeconds: number;
  readonly staticReplicas: number | undefined;
}

export interface PurchaseSpec {
  readonly onDemandBase: number;
  /** Share of the replicas above the base that may be spot. */
  readonly spotShare: number;
  readonly maxDomainShare: number;
  /** Share of the need that must remain when any one failure domain of spot is lost at once; 0 where absent. */
  readonly surviveShare?: number;
  /** A replica-hour short of the need is priced at so many on-demand replica-hours when a spare is weighed; 36 where absent. */
  readonly shortfallFactor?: number;
  readonly regions: readonly string[];
  readonly instanceTypes: readonly string[];
  readonly replicasPerInstance: number;
}

/** Work that waits for the cheapest and cleanest hours before its deadline. */
export interface DeferralSpec {
  /** From when the work began to wait. */
  readonly deadlineSeconds: number;
  readonly carbonPricePerKgUsd: number;
  /** What a start costs before work is done; two are kept in hand. */
  readonly changeoverSeconds: number;
  /** Whether work that has begun may stop again before the queue is empty. */
  readonly interruptible: boolean;
}

export interface CostSpec {
  readonly maxPerHourUsd: number | undefined;
  /** What is cut when the limit binds: the objective's capacity only if the policy says so. */
  readonly onLimit: OnLimit;
  readonly replicaPerHourUsd: number | undefined;
  /** Over a calendar day, and a calendar month (UTC). */
  readonly maxPerDayUsd?: number;
  readonly maxPerMonthUsd?: number;
}

export interface CarbonSpec {
  readonly signal: "average" | "marginal";
  readonly mode: "report" | "prefer" | "price" | "cap";
  /** `prefer`: take the cleaner choice up to this extra share of cost. */
  readonly maxExtraCostShare: number;
  readonly pricePerKgUsd: number;
  readonly maxGramsPerHour: number | undefined;
  /** Over a calendar day (UTC). */
  readonly maxGramsPerDay?: number;
  /** What may be cut when the day's grams run short and the mix is as clean as it can be; an alert where absent. */
  readonly onLimit?: OnLimit;
}
