// Generated from the OpenAPI document by scripts/generate-client.ts: do not edit.
/* eslint-disable max-lines -- as long as the document */
import { Transport, type CallOptions, type ServerSentEvent, type TransportOptions } from "./transport.ts";

export type Allocation = {
  /** Instances per offering. */
  readonly instances: Readonly<Record<string, number>>;
  readonly replicas: number;
  readonly costPerHourUsd: number;
  readonly carbonGramsPerHour?: number;
};

export type Alternative = {
  readonly name: string;
  readonly replicas: number;
  readonly costPerHourUsd?: number;
  readonly carbonGramsPerHour?: number;
  /** Against what was decided: negative is cheaper. */
  readonly costDifferencePerHourUsd?: number;
  readonly carbonDifferenceGramsPerHour?: number;
  /** What the figures are reckoned from. */
  readonly basis: string;
  /** Why it was not taken. */
  readonly notTaken: string;
};

export type Attribution = {
  /** Who asks for it. */
  readonly author: string;
  /** Why; it is journalled and shown. */
  readonly reason: string;
};

export type Budget = {
  readonly name: string;
  readonly scope: "target" | "group" | "labels" | "fleet";
  /** The targets that it covers. */
  readonly members: readonly string[];
  /** US dollars, or grams of CO2e. */
  readonly unit: "usd" | "grams";
  /** A calendar period (UTC). */
  readonly period: "hour" | "day" | "month";
  /** Epoch seconds. */
  readonly periodStartSeconds: number;
  /** Epoch seconds. */
  readonly periodEndSeconds: number;
  readonly limit: number;
  /** Why nothing is known of what is spent: the amounts are then null. */
  readonly unknown?: string;
  /** Targets whose part is not known: the amounts are those of the others alone, and so the least that it can be. */
  readonly unknownMembers?: readonly string[];
  readonly spent: unknown;
  /** Of the limit. */
  readonly spentShare: unknown;
  /** Of the period. */
  readonly elapsedShare: number;
  /** What the period will come to at what is planned: the median. */
  readonly forecast: unknown;
  /** The same where the load stays at its .1 quantile. */
  readonly forecastLow: unknown;
  /** The same at the .9 quantile. */
  readonly forecastHigh: unknown;
  /** When the median passes the limit. */
  readonly breachSeconds?: number;
  /** Chance that the period passes the limit; absent while nothing is known of the spread. */
  readonly breachProbability?: number;
  /** Share of what is planned that the rest of the budget affords: 1 where it holds. */
  readonly affordableShare: number;
};

export type BudgetList = {
  readonly items: readonly Budget[];
};

export type Comparison = {
  /** A target's name. */
  readonly target: string;
  /** When the comparison began; 0 before the first tick. */
  readonly sinceSeconds: number;
  /** How long it has run. */
  readonly seconds: number;
  readonly challengerDigest: string;
  /** What the challenger says otherwise, field by field. */
  readonly differences: readonly string[];
  readonly contestants: readonly Contestant[];
  /** In words: what the challenger would have saved and missed. */
  readonly readout: string;
};

export type ComparisonList = {
  readonly items: readonly Comparison[];
};

export type Condition = {
  readonly type: "AbleToScale" | "ScalingActive" | "ScalingLimited" | "ForecastHealthy" | "DataFresh" | "SafetyLimited";
  readonly status: "true" | "false" | "unknown";
  readonly reason: string;
  readonly message: string;
  /** Epoch seconds. */
  readonly sinceSeconds: number;
};

export type Contestant = {
  readonly role: "champion" | "challenger" | "hpa";
  /** Ready now; the challenger's and the HPA's are simulated. */
  readonly readyReplicas?: number;
  /** Ready and ordered, since the comparison began. */
  readonly replicaHours: number;
  /** At the champion's price of a replica; left out without prices. */
  readonly costUsd?: number;
  readonly carbonGrams?: number;
  /** By one model of a queue for all three. */
  readonly missedRequests: number;
  readonly missShare: number;
  readonly changesPerDay?: number;
};

export type DecidedOutcome = {
  readonly decision: Decision;
  readonly outcome?: Outcome;
};

export type Decision = {
  /** Unique, and equal when the journal is replayed. */
  readonly id: string;
  /** A target's name. */
  readonly target: string;
  /** Epoch seconds. */
  readonly timeSeconds: number;
  readonly kind: "hold" | "scale-out" | "scale-in" | "rebalance" | "defer";
  /** Replicas. */
  readonly currentReplicas: number;
  /** Replicas. */
  readonly desiredReplicas: number;
  readonly allocation?: Allocation;
  /** In the order of the rules. */
  readonly reasons: readonly Reason[];
  /** The constraint that bound, and what would have been decided without it. */
  readonly binding?: {
    readonly withoutCode: string;
    readonly desiredReplicas: number;
    readonly costPerHourUsd?: number;
  };
  /** Demand at the lead time, by quantile (null while the model knows none), and what the decision stood on. */
  readonly forecast?: {
    readonly leadTimeSeconds: number;
    readonly p50: unknown;
    readonly p99: unknown;
    readonly model: string;
    readonly used: "forecast" | "reactive" | "hold" | "static";
    /** The newest row that the fit in use has seen. */
    readonly fittedToSeconds?: number;
    /** While the model says only that the load stays: since when, and why. */
    readonly demotion?: {
      /** Epoch seconds. */
      readonly sinceSeconds: number;
      readonly reason: string;
    };
  };
  /** Inputs as they were seen, with their age. */
  readonly inputs: Readonly<Record<string, {
    readonly value: number;
    readonly ageSeconds: number;
    readonly source?: string;
  } | {
    /** Why the value is not there: stale, absent, invalid. */
    readonly cause: string;
    readonly source?: string;
  }>>;
  readonly costPerHourUsd?: number;
  readonly carbonGramsPerHour?: number;
};

export type DecisionDetail = {
  readonly decision: Decision;
  readonly outcomes: readonly Outcome[];
};

export type DecisionPage = {
  /** Newest first. */
  readonly items: readonly DecidedOutcome[];
  /** Give it as `cursor` to get the page after this one; absent on the last page. */
  readonly nextCursor?: string;
};

export type Explanation = {
  readonly decision: Decision;
  /** One sentence. */
  readonly summary: string;
  readonly inputs: readonly ({
    readonly name: string;
    readonly value?: number;
    readonly ageSeconds?: number;
    /** Why there is no value. */
    readonly cause?: string;
    readonly source?: string;
  })[];
  /** Of demand at the lead time; empty without a forecast. */
  readonly quantiles: readonly ({
    readonly level: number;
    readonly demand: number;
  })[];
  /** What the quantiles were made from. */
  readonly forecast?: {
    /** The newest demand that it was made from. */
    readonly originSeconds: number;
    /** How old that was when it was decided. */
    readonly ageSeconds: number;
    /** How old the newest row was that the fit had seen. */
    readonly fitAgeSeconds?: number;
    /** Since when and why the newest load, held, stands in for the fit. */
    readonly standsIn?: string;
  };
  /** Each rule, before → after, in order. */
  readonly steps: readonly ({
    /** Stable, kebab-case. */
    readonly code: string;
    readonly text: string;
    /** Replicas before this rule. */
    readonly before: number;
    /** Replicas after this rule. */
    readonly after: number;
    readonly changed: boolean;
  })[];
  readonly binding?: {
    readonly code: string;
    readonly text: string;
    readonly before: number;
    readonly after: number;
    readonly desiredReplicasWithout: number;
    readonly costPerHourUsdWithout?: number;
  };
  readonly alternatives: readonly Alternative[];
  readonly outcomes: readonly Outcome[];
  readonly whyNot?: {
    readonly asked: string;
    readonly answer: string;
    readonly codes: readonly string[];
  };
};

export type Forecast = {
  /** A target's name. */
  readonly target: string;
  /** The newest value that was known. */
  readonly originSeconds: number;
  /** Seconds after the origin, ascending. */
  readonly horizonsSeconds: readonly number[];
  readonly mean: readonly unknown[];
  readonly levels: readonly number[];
  /** One path per level; paths never cross. */
  readonly quantiles: readonly (readonly unknown[])[];
  readonly model: {
    readonly id: string;
    readonly digest: string;
    readonly weights: Readonly<Record<string, number>>;
    readonly relativeError: unknown;
    readonly note: string;
  };
};

export type ForecastHealth = {
  /** Empty while no model is installed. */
  readonly model: string;
  readonly used: "forecast" | "reactive" | "hold" | "static";
  /** Mean absolute error over that of seasonal naive: below 1 is better. */
  readonly relativeError?: number;
  /** Share of values at or under the path of `coverageLevel`. */
  readonly coverage?: number;
  readonly coverageLevel: number;
  /** Epoch seconds. */
  readonly fittedAtSeconds?: number;
  readonly note: string;
};

export type ForecastList = {
  readonly items: readonly Forecast[];
};

export type ForecastQuality = {
  /** A target's name. */
  readonly target: string;
  /** Empty while no model is installed. */
  readonly model: string;
  /** Epoch seconds. */
  readonly fittedAtSeconds?: number;
  /** Epoch seconds. */
  readonly nextFitSeconds?: number;
  readonly seasonsSeconds: readonly number[];
  readonly note: string;
  readonly horizons: readonly HorizonScore[];
  readonly trust: readonly HorizonTrust[];
};

/** Columns of equal length, one row per tick, oldest first; null where nothing was known. */
export type History = {
  /** A target's name. */
  readonly target: string;
  readonly timeSeconds: readonly number[];
  readonly demand: readonly unknown[];
  readonly capacity: readonly unknown[];
  readonly readyReplicas: readonly unknown[];
  readonly desiredReplicas: readonly unknown[];
  /** What the HPA would have run; before the daemon started, replayed on the load that the history holds. */
  readonly baselineReplicas: readonly unknown[];
  /** What was needed, known only afterwards. */
  readonly neededReplicas: readonly unknown[];
  readonly missRatio: readonly unknown[];
};

export type HorizonScore = {
  readonly horizonSeconds: number;
  /** Forecasts whose row has come, over the last four weeks at most. */
  readonly matured: number;
  /** By level: the share of rows at or under its path. Empty until one has matured. */
  readonly coverage: readonly ({
    readonly level: number;
    readonly share: number;
  })[];
  /** Mean pinball loss over the levels, in the demand's unit. */
  readonly meanPinball?: number;
  /** Mean |value − median|, in the demand's unit. */
  readonly meanAbsoluteError?: number;
  /** Mean absolute error over that of the same time a season ago: below 1 is better. */
  readonly overSeasonalNaive?: number;
  /** Mean absolute error over that of the newest value, held: below 1 is better. */
  readonly overNow?: number;
  /** Oldest first. */
  readonly days: readonly ({
    /** Epoch seconds. */
    readonly startSeconds: number;
    readonly matured: number;
    /** Share of rows at or under the path of .9. */
    readonly covered90: number;
  })[];
};

export type HorizonTrust = {
  readonly horizonSeconds: number;
  readonly uses: "ensemble" | "seasonal-naive" | "now";
  /** Epoch seconds. */
  readonly sinceSeconds: number;
  /** Why the ensemble was demoted; empty while it is used. */
  readonly reason: string;
};

export type KillSwitch = {
  readonly engaged: boolean;
  readonly sources: readonly ("file" | "environment" | "signal" | "api")[];
  /** Epoch seconds. */
  readonly sinceSeconds?: number;
  readonly reason: string;
  readonly author: string;
};

export type KillSwitchRequest = {
  readonly engaged: boolean;
  /** Who asks for it. */
  readonly author: string;
  /** Why; it is journalled and shown. */
  readonly reason: string;
};

export type Mark = {
  readonly id: string;
  /** A target's name. */
  readonly target: string;
  /** A saturated stretch is a lower bound; what the others cover is hidden. */
  readonly kind: "outage" | "deploy" | "scrape-gap" | "saturated" | "one-off";
  /** Rows at or after it and before `toSeconds` are marked. */
  readonly fromSeconds: number;
  /** Epoch seconds. */
  readonly toSeconds: number;
  readonly reason: string;
  readonly author: string;
  /** Epoch seconds. */
  readonly createdAtSeconds: number;
  /** Found by the daemon itself. */
  readonly automatic: boolean;
};

export type MarkList = {
  readonly items: readonly Mark[];
};

export type MarkRequest = {
  /** A saturated stretch is a lower bound; what the others cover is hidden. */
  readonly kind: "outage" | "deploy" | "scrape-gap" | "saturated" | "one-off";
  /** Epoch seconds. */
  readonly fromSeconds: number;
  /** Epoch seconds. */
  readonly toSeconds: number;
  /** Who asks for it. */
  readonly author: string;
  /** Why; it is journalled and shown. */
  readonly reason: string;
};

export type ModeRequest = {
  /** How far a decision may go: seen only, advised, out only, both ways. */
  readonly mode: "observe" | "recommend" | "scale-out-only" | "full";
  /** Who asks for it. */
  readonly author: string;
  /** Why; it is journalled and shown. */
  readonly reason: string;
};

/** What the target's own replicas missed, and what the HPA's would have missed on the same load: the measured misses and what a model of a queue says that its replicas would have missed more. */
export type ObjectiveBeside = {
  /** For so long both were known. */
  readonly seconds: number;
  /** Share of the requests that may miss the objective. */
  readonly errorBudget: number;
  /** Whether `own` is what the service measured; else it is modelled as the HPA's are. */
  readonly isMeasured: boolean;
  readonly own: {
    readonly requests: number;
    /** Requests that missed the objective. */
    readonly missed: number;
    /** For so long more requests missed than the error budget allows. */
    readonly overSeconds: number;
  };
  readonly baseline: {
    readonly requests: number;
    /** Requests that missed the objective. */
    readonly missed: number;
    /** For so long more requests missed than the error budget allows. */
    readonly overSeconds: number;
  };
};

/** A value with its time, or the cause of its absence. Absent is never zero. */
export type Observation = {
  readonly kind: "value";
  readonly value: number;
  /** Epoch seconds. */
  readonly timeSeconds: number;
  /** A lower bound: the service was saturated. */
  readonly censored?: boolean;
  /** Share of the window that was observed. */
  readonly coverage?: number;
} | {
  readonly kind: "absent";
  readonly cause: "stale" | "absent" | "invalid";
  readonly detail: string;
};

export type Outcome = {
  readonly idempotencyKey: string;
  /** A target's name. */
  readonly target: string;
  readonly kind: "applied" | "no-op" | "rejected" | "failed" | "unknown";
  /** Epoch seconds. */
  readonly timeSeconds: number;
  readonly code: string;
  readonly detail: string;
};

export type Override = {
  readonly id: string;
  /** A target's name. */
  readonly target: string;
  readonly kind: "pause" | "pause-scale-in" | "pin" | "floor";
  /** Replicas. */
  readonly replicas?: number;
  readonly reason: string;
  readonly author: string;
  /** Epoch seconds. */
  readonly createdAtSeconds: number;
  /** Epoch seconds. */
  readonly expiresAtSeconds: number;
};

export type OverrideList = {
  readonly items: readonly Override[];
};

export type OverrideRequest = {
  readonly kind: "pause";
  /** A target's or a group's name, or "*" for all. */
  readonly target: string;
  /** Why; it is journalled and shown. */
  readonly reason: string;
  /** Who asks for it. */
  readonly author: string;
  /** The time limit: the override ends by itself after so long. */
  readonly durationSeconds: number;
} | {
  readonly kind: "pause-scale-in";
  /** A target's or a group's name, or "*" for all. */
  readonly target: string;
  /** Why; it is journalled and shown. */
  readonly reason: string;
  /** Who asks for it. */
  readonly author: string;
  /** The time limit: the override ends by itself after so long. */
  readonly durationSeconds: number;
} | {
  readonly kind: "pin";
  /** Replicas. */
  readonly replicas: number;
  /** A target's or a group's name, or "*" for all. */
  readonly target: string;
  /** Why; it is journalled and shown. */
  readonly reason: string;
  /** Who asks for it. */
  readonly author: string;
  /** The time limit: the override ends by itself after so long. */
  readonly durationSeconds: number;
} | {
  readonly kind: "floor";
  /** At least so many; it also wakes a target that a schedule has shut down, or that stands at zero. */
  readonly replicas: number;
  /** A target's or a group's name, or "*" for all. */
  readonly target: string;
  /** Why; it is journalled and shown. */
  readonly reason: string;
  /** Who asks for it. */
  readonly author: string;
  /** The time limit: the override ends by itself after so long. */
  readonly durationSeconds: number;
};

export type PolicyDetail = {
  readonly name: string;
  readonly digest: string;
  readonly file?: string;
  /** Every default filled in, units plain. */
  readonly policy: Readonly<Record<string, unknown>>;
};

export type PolicyProblem = {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
};

export type PolicySet = {
  readonly generation: number;
  /** Epoch seconds. */
  readonly loadedAtSeconds: number;
  readonly items: readonly PolicySummary[];
  /** Why the newest reload was refused, when it was. */
  readonly problems: readonly PolicyProblem[];
};

export type PolicySummary = {
  readonly name: string;
  readonly digest: string;
  readonly group: string;
  /** How far a decision may go: seen only, advised, out only, both ways. */
  readonly mode: "observe" | "recommend" | "scale-out-only" | "full";
  readonly file?: string;
};

export type Problem = {
  /** A stable URI reference; the fragment names the kind of problem. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance?: string;
  /** Each offending member, all at once. */
  readonly errors?: readonly ({
    readonly in: "path" | "query" | "header" | "body" | "file" | "check";
    readonly pointer: string;
    readonly detail: string;
  })[];
};

export type Reason = {
  /** Stable, kebab-case. */
  readonly code: string;
  readonly text: string;
  /** Replicas before this rule. */
  readonly before: number;
  /** Replicas after this rule. */
  readonly after: number;
};

export type ReloadReport = {
  readonly generation: number;
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
};

export type RightSizing = {
  readonly items: readonly ({
    /** A target's name. */
    readonly target: string;
    readonly samples: number;
    /** Epoch seconds. */
    readonly fromSeconds?: number;
    /** Epoch seconds. */
    readonly toSeconds?: number;
    /** Whether a whole day of use is known. */
    readonly isEnough: boolean;
    /** What one replica needs: the .9 quantile, newer use weighing more. */
    readonly cpuCores?: number;
    /** The .99 quantile. */
    readonly memoryGib?: number;
    readonly perReplicaUsdNow?: number;
    /** Cheapest first, ten at most. */
    readonly advice: readonly SizeAdvice[];
  })[];
};

export type Showback = {
  readonly tag: string;
  /** Epoch seconds. */
  readonly fromSeconds: number;
  /** Epoch seconds. */
  readonly toSeconds: number;
  readonly items: readonly ({
    /** The tag's value; empty for targets without it. */
    readonly value: string;
    readonly costUsd: number;
    /** Absent where the grid of a part is not known. */
    readonly carbonGrams?: number;
    readonly instanceHours: number;
  })[];
};

export type SizeAdvice = {
  readonly instanceType: string;
  /** Replicas of the measured need that one machine carries. */
  readonly replicas: number;
  /** Per hour, on demand. */
  readonly perReplicaUsd: number;
  /** Against what a replica costs now; negative is dearer. */
  readonly savingShare: number;
  /** Share of the measured time in which CPU would have been short: the risk. */
  readonly cpuShortShare: number;
  /** The same of memory. */
  readonly memoryShortShare: number;
};

/** Money and carbon now, and what was saved against the HPA on the same inputs (negative: it cost more). */
export type Spend = {
  /** Epoch seconds. */
  readonly sinceSeconds: number;
  readonly costPerHourUsd?: number;
  readonly carbonGramsPerHour?: number;
  readonly baselineCostPerHourUsd?: number;
  readonly baselineCarbonGramsPerHour?: number;
  /** Since `sinceSeconds`, of the time in which both were known. */
  readonly costUsd?: number;
  readonly baselineCostUsd?: number;
  readonly savedUsd?: number;
  readonly savedCarbonGrams?: number;
};

export type Status = {
  readonly version: string;
  /** Epoch seconds. */
  readonly startedAtSeconds: number;
  /** Epoch seconds. */
  readonly nowSeconds: number;
  readonly ready: boolean;
  readonly checks: readonly ({
    readonly name: string;
    readonly ok: boolean;
    readonly detail: string;
  })[];
  readonly killSwitch: KillSwitch;
  readonly policyGeneration: number;
  readonly targets: number;
};

export type Target = {
  /** A target's name. */
  readonly target: string;
  readonly group: string;
  readonly labels: Readonly<Record<string, string>>;
  /** How far a decision may go: seen only, advised, out only, both ways. */
  readonly mode: "observe" | "recommend" | "scale-out-only" | "full";
  readonly policyDigest: string;
  readonly evaluationIntervalSeconds: number;
  readonly replicas: {
    readonly ready?: number;
    readonly desired?: number;
    readonly pending?: number;
    readonly min: number;
    readonly max: number;
    /** What the HPA would run now. */
    readonly baseline?: number;
  };
  readonly signals: Readonly<Record<string, {
    readonly observation: Observation;
    readonly unit: string;
    readonly source: string;
  }>>;
  /** The load that the ready replicas can carry, in the demand's unit. */
  readonly capacity?: number;
  readonly forecast: ForecastHealth;
  readonly conditions: readonly Condition[];
  readonly gate: {
    readonly open: boolean;
    readonly code: string;
    readonly detail: string;
  };
  readonly spend: Spend;
  readonly objective?: ObjectiveBeside;
  readonly errorBudgetUsedShare?: number;
  readonly lastDecision?: Decision;
};

export type TargetList = {
  readonly items: readonly Target[];
};

export type TargetMode = {
  /** A target's name. */
  readonly target: string;
  /** How far a decision may go: seen only, advised, out only, both ways. */
  readonly mode: "observe" | "recommend" | "scale-out-only" | "full";
};

/** Foretide's decision API, v1. Every method throws ForetideError for what the daemon refuses. */
export class ForetideClient {
  readonly #transport: Transport;

  constructor(options: TransportOptions) {
    this.#transport = new Transport(options);
  }

  /** The daemon's own state: version, readiness, kill switch. */
  getStatus(options: CallOptions = {}): Promise<Status> {
    return this.#transport.json<Status>({ method: "GET", path: "/api/v1/status", ...options });
  }

  /** All targets with their status. */
  listTargets(input: { readonly group?: string } = {}, options: CallOptions = {}): Promise<TargetList> {
    return this.#transport.json<TargetList>({ method: "GET", path: "/api/v1/targets", query: { group: input.group }, ...options });
  }

  /** One target: what it runs, sees, may do and costs. */
  getTarget(input: { readonly target: string }, options: CallOptions = {}): Promise<Target> {
    return this.#transport.json<Target>({ method: "GET", path: `/api/v1/targets/${encodeURIComponent(input.target)}`, ...options });
  }

  /** Load, capacity and replicas per tick, with what the HPA would have run. */
  getHistory(input: { readonly target: string; readonly from?: number; readonly to?: number }, options: CallOptions = {}): Promise<History> {
    return this.#transport.json<History>({ method: "GET", path: `/api/v1/targets/${encodeURIComponent(input.target)}/history`, query: { from: input.from, to: input.to }, ...options });
  }

  /** The forecast that the newest decision used, with its quantiles. */
  getForecast(input: { readonly target: string }, options: CallOptions = {}): Promise<Forecast> {
    return this.#transport.json<Forecast>({ method: "GET", path: `/api/v1/targets/${encodeURIComponent(input.target)}/forecast`, ...options });
  }

  /** The newest forecasts of many targets at once; those that have none are left out. */
  listForecasts(input: { readonly target?: readonly string[] } = {}, options: CallOptions = {}): Promise<ForecastList> {
    return this.#transport.json<ForecastList>({ method: "GET", path: "/api/v1/forecasts", query: { target: input.target }, ...options });
  }

  /** How good the forecasts have been at each horizon, what they are made with now, and since when and why something stands in. */
  getForecastQuality(input: { readonly target: string }, options: CallOptions = {}): Promise<ForecastQuality> {
    return this.#transport.json<ForecastQuality>({ method: "GET", path: `/api/v1/targets/${encodeURIComponent(input.target)}/forecast/quality`, ...options });
  }

  /** Each policy's challenger in shadow, beside the champion and the HPA over the same load; targets without one are left out. */
  listComparisons(input: { readonly target?: readonly string[] } = {}, options: CallOptions = {}): Promise<ComparisonList> {
    return this.#transport.json<ComparisonList>({ method: "GET", path: "/api/v1/comparisons", query: { target: input.target }, ...options });
  }

  /** What the forecasts do not learn from: outages, deploys, gaps, saturation. */
  listMarks(input: { readonly target: string }, options: CallOptions = {}): Promise<MarkList> {
    return this.#transport.json<MarkList>({ method: "GET", path: `/api/v1/targets/${encodeURIComponent(input.target)}/marks`, ...options });
  }

  /** Mark a stretch that forecasts shall not learn from; it stays in the history. */
  addMark(input: { readonly target: string; readonly idempotencyKey?: string; readonly body: MarkRequest }, options: CallOptions = {}): Promise<Mark> {
    return this.#transport.json<Mark>({ method: "POST", path: `/api/v1/targets/${encodeURIComponent(input.target)}/marks`, headers: { "idempotency-key": input.idempotencyKey }, body: input.body, ...options });
  }

  /** One mark. */
  getMark(input: { readonly mark: string }, options: CallOptions = {}): Promise<Mark> {
    return this.#transport.json<Mark>({ method: "GET", path: `/api/v1/marks/${encodeURIComponent(input.mark)}`, ...options });
  }

  /** Undo a mark: what it hid is learned from again. */
  undoMark(input: { readonly mark: string; readonly author: string; readonly reason: string; readonly idempotencyKey?: string; readonly ifMatch?: string }, options: CallOptions = {}): Promise<Mark> {
    return this.#transport.json<Mark>({ method: "DELETE", path: `/api/v1/marks/${encodeURIComponent(input.mark)}`, query: { author: input.author, reason: input.reason }, headers: { "idempotency-key": input.idempotencyKey, "if-match": input.ifMatch }, ...options });
  }

  /** Why the newest decision is what it is, or is not something else. */
  explainTarget(input: { readonly target: string; readonly whyNot?: string }, options: CallOptions = {}): Promise<Explanation> {
    return this.#transport.json<Explanation>({ method: "GET", path: `/api/v1/targets/${encodeURIComponent(input.target)}/explanation`, query: { whyNot: input.whyNot }, ...options });
  }

  /** Decisions with their outcomes, newest first, in pages. */
  listDecisions(input: { readonly target?: string; readonly kind?: "hold" | "scale-out" | "scale-in" | "rebalance" | "defer"; readonly from?: number; readonly to?: number; readonly cursor?: string; readonly limit?: number } = {}, options: CallOptions = {}): Promise<DecisionPage> {
    return this.#transport.json<DecisionPage>({ method: "GET", path: "/api/v1/decisions", query: { target: input.target, kind: input.kind, from: input.from, to: input.to, cursor: input.cursor, limit: input.limit }, ...options });
  }

  /** One decision with all its outcomes. */
  getDecision(input: { readonly decision: string }, options: CallOptions = {}): Promise<DecisionDetail> {
    return this.#transport.json<DecisionDetail>({ method: "GET", path: `/api/v1/decisions/${encodeURIComponent(input.decision)}`, ...options });
  }

  /** Why a decision is what it is, or is not something else. */
  explainDecision(input: { readonly decision: string; readonly whyNot?: string }, options: CallOptions = {}): Promise<Explanation> {
    return this.#transport.json<Explanation>({ method: "GET", path: `/api/v1/decisions/${encodeURIComponent(input.decision)}/explanation`, query: { whyNot: input.whyNot }, ...options });
  }

  /** The mode in force. */
  getMode(input: { readonly target: string }, options: CallOptions = {}): Promise<TargetMode> {
    return this.#transport.json<TargetMode>({ method: "GET", path: `/api/v1/targets/${encodeURIComponent(input.target)}/mode`, ...options });
  }

  /** Set how far decisions may go. */
  setMode(input: { readonly target: string; readonly idempotencyKey?: string; readonly ifMatch?: string; readonly body: ModeRequest }, options: CallOptions = {}): Promise<TargetMode> {
    return this.#transport.json<TargetMode>({ method: "PUT", path: `/api/v1/targets/${encodeURIComponent(input.target)}/mode`, headers: { "idempotency-key": input.idempotencyKey, "if-match": input.ifMatch }, body: input.body, ...options });
  }

  /** The overrides in force. */
  listOverrides(options: CallOptions = {}): Promise<OverrideList> {
    return this.#transport.json<OverrideList>({ method: "GET", path: "/api/v1/overrides", ...options });
  }

  /** Pause a target, pause its scale-in, pin its count, or set a floor (which also wakes it), for a limited time. */
  addOverride(input: { readonly idempotencyKey?: string; readonly body: OverrideRequest }, options: CallOptions = {}): Promise<Override> {
    return this.#transport.json<Override>({ method: "POST", path: "/api/v1/overrides", headers: { "idempotency-key": input.idempotencyKey }, body: input.body, ...options });
  }

  /** One override. */
  getOverride(input: { readonly override: string }, options: CallOptions = {}): Promise<Override> {
    return this.#transport.json<Override>({ method: "GET", path: `/api/v1/overrides/${encodeURIComponent(input.override)}`, ...options });
  }

  /** End an override now. */
  removeOverride(input: { readonly override: string; readonly author: string; readonly reason: string; readonly idempotencyKey?: string; readonly ifMatch?: string }, options: CallOptions = {}): Promise<Override> {
    return this.#transport.json<Override>({ method: "DELETE", path: `/api/v1/overrides/${encodeURIComponent(input.override)}`, query: { author: input.author, reason: input.reason }, headers: { "idempotency-key": input.idempotencyKey, "if-match": input.ifMatch }, ...options });
  }

  /** Whether every write is stopped, and by what. */
  getKillSwitch(options: CallOptions = {}): Promise<KillSwitch> {
    return this.#transport.json<KillSwitch>({ method: "GET", path: "/api/v1/kill-switch", ...options });
  }

  /** Stop every write to every cloud, or let go of the API's own stop. */
  setKillSwitch(input: { readonly idempotencyKey?: string; readonly ifMatch?: string; readonly body: KillSwitchRequest }, options: CallOptions = {}): Promise<KillSwitch> {
    return this.#transport.json<KillSwitch>({ method: "PUT", path: "/api/v1/kill-switch", headers: { "idempotency-key": input.idempotencyKey, "if-match": input.ifMatch }, body: input.body, ...options });
  }

  /** The policies in force, with their digests. */
  listPolicies(options: CallOptions = {}): Promise<PolicySet> {
    return this.#transport.json<PolicySet>({ method: "GET", path: "/api/v1/policies", ...options });
  }

  /** One policy with every default filled in. */
  getPolicy(input: { readonly policy: string }, options: CallOptions = {}): Promise<PolicyDetail> {
    return this.#transport.json<PolicyDetail>({ method: "GET", path: `/api/v1/policies/${encodeURIComponent(input.policy)}`, ...options });
  }

  /** Read the policy files again: swapped whole, or refused with every reason. */
  reloadPolicies(input: { readonly idempotencyKey?: string; readonly body: Attribution }, options: CallOptions = {}): Promise<ReloadReport> {
    return this.#transport.json<ReloadReport>({ method: "POST", path: "/api/v1/reload", headers: { "idempotency-key": input.idempotencyKey }, body: input.body, ...options });
  }

  /** Every budget: spent, expected, and when and how surely it will be passed. */
  listBudgets(options: CallOptions = {}): Promise<BudgetList> {
    return this.#transport.json<BudgetList>({ method: "GET", path: "/api/v1/budgets", ...options });
  }

  /** Dollars, grams and machine-hours by the value of a tag (a policy's label: team, service, environment). */
  getShowback(input: { readonly tag: string; readonly from?: number; readonly to?: number; readonly target?: readonly string[] }, options: CallOptions = {}): Promise<Showback> {
    return this.#transport.json<Showback>({ method: "GET", path: "/api/v1/showback", query: { tag: input.tag, from: input.from, to: input.to, target: input.target }, ...options });
  }

  /** What was held and what it cost, by offering and hour, as CSV in FOCUS columns. */
  getFocus(input: { readonly from?: number; readonly to?: number; readonly target?: readonly string[] } = {}, options: CallOptions = {}): Promise<string> {
    return this.#transport.text({ method: "GET", path: "/api/v1/showback/focus.csv", query: { from: input.from, to: input.to, target: input.target }, ...options });
  }

  /** Measured CPU and memory per replica, and the machines that carry it for less, each with its saving and its risk. */
  listRightSizing(input: { readonly target?: readonly string[] } = {}, options: CallOptions = {}): Promise<RightSizing> {
    return this.#transport.json<RightSizing>({ method: "GET", path: "/api/v1/right-sizing", query: { target: input.target }, ...options });
  }

  /** Server-sent events: observation, decision, outcome, policy, control; Last-Event-ID resumes. */
  streamEvents(input: { readonly target?: readonly string[]; readonly type?: readonly ("observation" | "decision" | "outcome" | "policy" | "control")[]; readonly lastEventID?: string } = {}, options: CallOptions = {}): AsyncGenerator<ServerSentEvent> {
    return this.#transport.events({ method: "GET", path: "/api/v1/events", query: { target: input.target, type: input.type }, headers: { "last-event-id": input.lastEventID }, ...options });
  }

  /** This document. */
  getOpenApi(options: CallOptions = {}): Promise<Readonly<Record<string, unknown>>> {
    return this.#transport.json<Readonly<Record<string, unknown>>>({ method: "GET", path: "/api/v1/openapi.json", ...options });
  }

  /** Alive. */
  getLiveness(options: CallOptions = {}): Promise<string> {
    return this.#transport.text({ method: "GET", path: "/healthz", ...options });
  }

  /** Ready to decide; `?verbose` lists each check. */
  getReadiness(input: { readonly verbose?: string } = {}, options: CallOptions = {}): Promise<string> {
    return this.#transport.text({ method: "GET", path: "/readyz", query: { verbose: input.verbose }, ...options });
  }

  /** The daemon's own metrics, in Prometheus' text form. */
  getMetrics(options: CallOptions = {}): Promise<string> {
    return this.#transport.text({ method: "GET", path: "/metrics", ...options });
  }
}
