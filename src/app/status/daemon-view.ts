import type { Journal } from "../../journal/journal.ts";
import type { Decision } from "../../model/decision.ts";
import type { Outcome } from "../../model/intent.ts";
import type { Mode } from "../../model/mode.ts";
import type { Observation } from "../../model/observation.ts";
import type { Override } from "../../model/override.ts";
import type { Policy } from "../../model/policy.ts";
import type { Result } from "../../model/result.ts";
import type { ObjectiveBeside } from "../shadow/objective-beside.ts";
import type { TargetComparison } from "../shadow/comparison.ts";
import type { MoneyView } from "../money/money-view.ts";
import type { TrafficView } from "../traffic/traffic-view.ts";
import type { Forecast } from "../../model/series.ts";
import type { TargetMark } from "../forecasts/mark-book.ts";

/**
 * All that the API, the page and `explain` need of the running daemon: what it sees, what it decided, and the few things
 * that a person may change. The control loop implements it. Reads are cheap and never touch a cloud; a target that is not
 * known gives `undefined` or a `missing` failure. Times are epoch seconds; an absent number is `undefined`, never zero.
 */
export interface DaemonView {
  readonly version: string;
  readonly startedAtSeconds: number;
  /** The daemon's clock. */
  now(): number;
  /** Each check that readiness needs (journal replayed, inputs warm, heartbeat young …), in a fixed order. */
  health(): readonly HealthCheck[];

  targets(): readonly TargetStatus[];
  target(name: string): TargetStatus | undefined;
  /** One row per tick in [fromSeconds, toSeconds), oldest first. */
  history(target: string, fromSeconds: number, toSeconds: number): Promise<Result<readonly HistoryRow[]>>;
  /** The forecast of demand that the newest decision used. */
  forecast(target: string): Forecast | undefined;
  /** What came of a target's forecasts, and what they are made with. */
  forecastQuality(target: string): ForecastQuality | undefined;
  /** The challenger beside the champion and the HPA; undefined where the policy names none. */
  comparison(target: string): TargetComparison | undefined;
  readonly decisions: Pick<Journal, "decisions" | "decision">;

  /** What forecasts of a target do not learn from, oldest first. */
  marks(target: string): readonly TargetMark[];
  mark(id: string): TargetMark | undefined;
  /** Adds it whole: the caller makes the id. The same id again returns what is stored and changes nothing. */
  addMark(mark: TargetMark): Promise<Result<TargetMark>>;
  /** What it hid is learned from again. One that the daemon found is not found again. */
  undoMark(id: string, by: Attribution): Promise<Result<TargetMark>>;

  readonly money: MoneyView;
  readonly traffic: TrafficView;

  overrides(): readonly Override[];
  /** Adds it whole: the caller makes the id. The same id again returns what is stored and changes nothing. */
  addOverride(override: Override): Promise<Result<Override>>;
  removeOverride(id: string, by: Attribution): Promise<Result<Override>>;
  setMode(target: string, mode: Mode, by: Attribution): Promise<Result<Mode>>;
  killSwitch(): KillSwitchState;
  /** Sets or clears the API's own source; other sources stay as they are. */
  setKillSwitch(engaged: boolean, by: Attribution): Promise<Result<KillSwitchState>>;

  policies(): PolicySet;
  reloadPolicies(by: Attribution): Promise<ReloadReport>;

  /** Calls the listener for each event, in order, after the daemon's own state shows it. Returns how to stop. */
  subscribe(listener: (event: DaemonEvent) => void): () => void;
}

/** Whose hand it was and why; journalled with what it changed. */
export interface Attribution {
  readonly author: string;
  readonly reason: string;
}

export interface HealthCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** What a person needs to know of one target now. */
export interface TargetStatus {
  readonly target: string;
  readonly group: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The mode in force, which may be lower than the policy's. */
  readonly mode: Mode;
  readonly policyDigest: string;
  readonly evaluationIntervalSeconds: number;
  readonly replicas: {
    readonly ready: number | undefined;
    /** What the cloud has been asked for. */
    readonly desired: number | undefined;
    readonly pending: number | undefined;
    readonly min: number;
    readonly max: number;
    /** What the HPA would run now, at its own target, on the same inputs. */
    readonly baseline: number | undefined;
  };
  /** Newest observations by signal: demand, utilization, missRatio, backlog. Those that the policy does not read are left out. */
  readonly signals: Readonly<Record<string, SignalStatus>>;
  /** The load that the ready replicas can carry within the objective, in the demand's unit. */
  readonly capacity: number | undefined;
  readonly forecast: ForecastHealth;
  readonly conditions: readonly Condition[];
  /** Whether an effect would be let through now; if not, the check that stops it (kill-switch, mode, breaker, foreign-write, …). */
  readonly gate: { readonly open: boolean; readonly code: string; readonly detail: string };
  readonly spend: SpendStatus;
  /** What its own replicas missed of the objective and what the HPA's would have on the same load; undefined until both were known. */
  readonly objective: ObjectiveBeside | undefined;
  /** Share of the error budget used in the policy's window: 1 = all of it. */
  readonly errorBudgetUsedShare: number | undefined;
  readonly lastDecision: Decision | undefined;
}

export interface SignalStatus {
  readonly observation: Observation;
  readonly unit: string;
  readonly source: string;
}

/** How far the forecast may be trusted, from matured forecasts alone. */
export interface ForecastHealth {
  /** Empty while no model is installed. */
  readonly model: string;
  readonly used: "forecast" | "reactive" | "hold" | "static";
  /** Mean absolute error over that of seasonal naive: below 1 is better. */
  readonly relativeError: number | undefined;
  /** Share of values that lay at or under the level's path: near `coverageLevel` is good. */
  readonly coverage: number | undefined;
  readonly coverageLevel: number;
  readonly fittedAtSeconds: number | undefined;
  readonly note: string;
}

export const CONDITION_TYPES = ["AbleToScale", "ScalingActive", "ScalingLimited", "ForecastHealthy", "DataFresh", "SafetyLimited"] as const;

/** What came of the forecasts of one horizon, over the last four weeks at most. */
export interface HorizonScore {
  readonly horizonSeconds: number;
  /** Forecasts whose row has come. */
  readonly matured: number;
  /** By level: the share of rows at or under its path; empty until one has matured. */
  readonly coverage: readonly { readonly level: number; readonly share: number }[];
  /** Mean pinball loss over the levels, and mean |value − median|, in the demand's unit. */
  readonly meanPinball: number | undefined;
  readonly meanAbsoluteError: number | undefined;
  /** Mean absolute error over that of the same time a season ago, and of the newest value: below 1 is better. */
  readonly overSeasonalNaive: number | undefined;
  readonly overNow: number | undefined;
  /** Oldest first; days without a matured forecast are left out. */
  readonly days: readonly ScoredDay[];
}

export interface ScoredDay {
  readonly startSeconds: number;
  readonly matured: number;
  /** Share of rows at or under the path of .9. */
  readonly covered90: number;
}

/** What the forecast of a horizon stands on since when, and why it is not the ensemble where it is not. */
export interface HorizonTrust {
  readonly horizonSeconds: number;
  readonly uses: "ensemble" | "seasonal-naive" | "now";
  readonly sinceSeconds: number;
  readonly reason: string;
}

/** How good a target's forecast has been, and what it is made with now. */
export interface ForecastQuality {
  readonly model: string;
  /** When the model that runs was fitted; undefined before the first fit. */
  readonly fittedAtSeconds: number | undefined;
  /** When the next fit is due. */
  readonly nextFitSeconds: number | undefined;
  readonly seasonsSeconds: readonly number[];
  readonly note: string;
  readonly horizons: readonly HorizonScore[];
  readonly trust: readonly HorizonTrust[];
}

/** As in Kubernetes: a type, whether it holds, since when, and a stable reason. */
export interface Condition {
  readonly type: (typeof CONDITION_TYPES)[number];
  readonly status: "true" | "false" | "unknown";
  readonly reason: string;
  readonly message: string;
  readonly sinceSeconds: number;
}

/** Money and carbon now, and what was saved against the HPA on the same inputs since `sinceSeconds` (negative: it cost more). */
export interface SpendStatus {
  readonly sinceSeconds: number;
  readonly costPerHourUsd: number | undefined;
  readonly carbonGramsPerHour: number | undefined;
  readonly baselineCostPerHourUsd: number | undefined;
  readonly baselineCarbonGramsPerHour: number | undefined;
  /** Since `sinceSeconds`, of the time in which both were known. */
  readonly costUsd: number | undefined;
  readonly baselineCostUsd: number | undefined;
  readonly savedUsd: number | undefined;
  readonly savedCarbonGrams: number | undefined;
}

/** One tick as the charts show it. */
export interface HistoryRow {
  readonly timeSeconds: number;
  readonly demand: number | undefined;
  readonly capacity: number | undefined;
  readonly readyReplicas: number | undefined;
  readonly desiredReplicas: number | undefined;
  /** What the HPA would have run; of the time before this process started, replayed on the load that the history holds. */
  readonly baselineReplicas: number | undefined;
  /** What was needed, known only afterwards. */
  readonly neededReplicas: number | undefined;
  readonly missRatio: number | undefined;
}

export interface KillSwitchState {
  readonly engaged: boolean;
  /** Each that is engaged, in this order: file, environment, signal, api. */
  readonly sources: readonly ("file" | "environment" | "signal" | "api")[];
  readonly sinceSeconds: number | undefined;
  readonly reason: string;
  readonly author: string;
}

/** The policies in force, swapped whole. */
export interface PolicySet {
  readonly generation: number;
  readonly loadedAtSeconds: number;
  readonly entries: readonly { readonly policy: Policy; readonly file: string | undefined }[];
  /** Why the newest reload was refused, when it was; the entries are then the ones before it. */
  readonly problems: readonly PolicyProblem[];
}

export interface PolicyProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export type ReloadReport =
  | { readonly ok: true; readonly generation: number; readonly added: readonly string[]; readonly changed: readonly string[]; readonly removed: readonly string[] }
  | { readonly ok: false; readonly generation: number; readonly problems: readonly PolicyProblem[] };

export type DaemonEvent =
  | { readonly type: "observation"; readonly target: string; readonly row: HistoryRow }
  | { readonly type: "decision"; readonly target: string; readonly decision: Decision }
  | { readonly type: "outcome"; readonly target: string; readonly outcome: Outcome }
  | { readonly type: "policy"; readonly report: ReloadReport }
  | { readonly type: "control"; readonly what: "override" | "mode" | "kill-switch" | "mark"; readonly target: string };
