import type { Reason } from "../model/decision.ts";
import type { Policy } from "../model/policy.ts";
import type { CapacityPlan } from "../model/plan.ts";
import type { Override } from "../model/override.ts";
import type { RecentCounts } from "./recent-counts.ts";

/** What a rule may look at. Every value is of this tick. */
export interface RuleContext {
  readonly timeSeconds: number;
  readonly policy: Policy;
  /** The count that the cloud has been asked for. */
  readonly currentReplicas: number;
  /** Undefined while there is no demand to plan from, and no forecast that stands in for it. */
  readonly plan: CapacityPlan | undefined;
  /** How long demand has been missing; 0 while it is present; Infinity before the first value. */
  readonly demandMissingSeconds: number;
  /** The highest need of the last day: what a fallback never goes below. */
  readonly recentPeak: number;
  readonly recent: RecentCounts;
  /** From tick to tick: the policy's interval, or the pace at which ticks come where that is slower. */
  readonly tickSeconds: number;
  /** How long this target has been watched. */
  readonly watchedSeconds: number;
  readonly overrides: readonly Override[];
  readonly dropIsUnexplained: boolean;
  /** The newest scale-in: when, and from how many. */
  readonly lastScaleIn: { readonly timeSeconds: number; readonly from: number } | undefined;
  /** Share of requests that missed the objective; undefined where it is not measured. */
  readonly missRatio: number | undefined;
  /** What the plan wants now, before rounding up: the larger of the need at the lead time and of the newest data's. */
  readonly wantedReplicas: number;
  readonly changes: ChangeMemory;
  /** Replicas at which each carries the most that one has been seen to carry, and a little more; 0 where that is not known. */
  readonly provenReplicas: number;
  /** Starts that are given up but still pending, the share of starts that fail, and what is ready. */
  readonly starts: { readonly stuck: number; readonly failedShare: number; readonly readyReplicas: number };
  /** The count below which a replica would go that has not run for its minimum time; 0 where none would. */
  readonly youngestLevel: number;
  /** What is known of the load where a policy lets the last replica go; undefined where it does not. */
  readonly zero: ZeroFacts | undefined;
}

export interface ZeroFacts {
  /** How long the load has been known to be zero; 0: it is not. */
  readonly idleSeconds: number;
  readonly idleAfterSeconds: number;
  /** A load was seen: a request, or work that waits. */
  readonly hasLoad: boolean;
  /** Less than one request is foreseen before a replica that is ordered now would be ready. */
  readonly isQuietAhead: boolean;
}

/** Since when a small change waits. */
export interface ChangeMemory {
  readonly shortageSinceSeconds: number | undefined;
  readonly surplusSinceSeconds: number | undefined;
}

/** One rule of the decision: takes the count so far and gives the next one, with its word where it has one. */
export interface Rule {
  readonly code: string;
  apply(count: number, context: RuleContext): RuleResult;
}

export interface RuleResult {
  readonly count: number;
  /** Undefined: the rule had nothing to say. */
  readonly text: string | undefined;
  /** What the rule remembers for the next tick, where it has changed. */
  readonly memory?: ChangeMemory;
}

export function unchanged(count: number): RuleResult {
  return { count, text: undefined };
}

export interface RulesOutcome {
  readonly count: number;
  readonly reasons: readonly Reason[];
  readonly changes: ChangeMemory;
}

/** Applies the rules in order and collects a reason for each that spoke. */
export function applyRules(rules: readonly Rule[], start: number, context: RuleContext): RulesOutcome {
  const reasons: Reason[] = [];
  let count = start;
  let changes = context.changes;
  for (const rule of rules) {
    const result = rule.apply(count, context);
    if (result.text !== undefined) reasons.push({ code: rule.code, text: result.text, before: count, after: result.count });
    count = result.count;
    changes = result.memory ?? changes;
  }
  return { count, reasons, changes };
}
