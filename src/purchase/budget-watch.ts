import { breachChance, dayOf, forecastBudget, hourOf, monthOf, type Budget } from "../account/budget.ts";
import { pathOf, rateOutlook, sumPaths, type RatePaths } from "../account/rate-outlook.ts";
import type { BudgetPeriod, BudgetReading, BudgetUnit } from "../model/budget.ts";
import type { Policy } from "../model/policy.ts";
import type { DaemonConfig } from "../policy/daemon-schema.ts";
import { budgetsOf, type BudgetTerms } from "./budget-terms.ts";

/** What was spent, by target. */
export interface SpendReader {
  spentSince(target: string, fromSeconds: number, unit: BudgetUnit): number;
  /** Mean rates of past hours, oldest first. */
  pastRates(target: string, beforeSeconds: number, unit: BudgetUnit): readonly { readonly timeSeconds: number; readonly perHour: number }[];
}

/** What a budget must know of a target that it covers. */
export interface MoneyTarget {
  readonly policy: Policy;
  /** Dollars and grams per hour that are planned now, before any limit has cut; undefined where not known. */
  readonly planned: { readonly usd: number | undefined; readonly grams: number | undefined };
  readonly replicas: number;
  readonly load: number | undefined;
  /** The outlook's load at the quantiles .1, .5 and .9. */
  readonly forecast: RatePaths | undefined;
}

/** Where a budget stands and what it will come to. */
export interface BudgetStatus extends BudgetTerms {
  readonly members: readonly string[];
  readonly periodStartSeconds: number;
  readonly periodEndSeconds: number;
  /** Why nothing is known of what the members spend: `spent` and what is expected are then no amounts. */
  readonly unknown?: string;
  /** Members whose rate is not known: the amounts are those of the others alone, and so the least that it can be. */
  readonly unknownMembers?: readonly string[];
  readonly spent: number;
  readonly spentShare: number;
  readonly elapsedShare: number;
  readonly forecast: number;
  readonly forecastLow: number;
  readonly forecastHigh: number;
  readonly breachSeconds: number | undefined;
  readonly breachProbability: number | undefined;
  /** Share of what is planned that the rest affords: 1 where the budget holds. */
  readonly affordableShare: number;
}

/** Between two looks ahead: a period is long, and each look reads all paths to its end. */
const LOOK_EVERY_SECONDS = 60;
const PERIODS: Readonly<Record<BudgetPeriod, (nowSeconds: number) => Omit<Budget, "limit">>> = { hour: hourOf, day: dayOf, month: monthOf };

/** The budgets of policies and of foretide.yaml: what is spent, what lies ahead, and what each target is told of it. */
export class BudgetWatch {
  readonly #spend: SpendReader;
  readonly #shared: DaemonConfig["budgets"];
  readonly #target: (name: string) => MoneyTarget | undefined;
  #terms: readonly (BudgetTerms & { readonly members: readonly string[] })[] = [];
  #statuses: readonly BudgetStatus[] = [];
  #lookedAtSeconds = -Infinity;

  constructor(parts: { readonly spend: SpendReader; readonly shared: DaemonConfig["budgets"]; target(name: string): MoneyTarget | undefined }) {
    this.#spend = parts.spend;
    this.#shared = parts.shared;
    this.#target = (name) => parts.target(name);
  }

  watch(policies: readonly Policy[]): void {
    this.#terms = budgetsOf(policies, this.#shared);
    this.#lookedAtSeconds = -Infinity;
  }

  statuses(nowSeconds: number): readonly BudgetStatus[] {
    if (nowSeconds >= this.#lookedAtSeconds + LOOK_EVERY_SECONDS || nowSeconds < this.#lookedAtSeconds) {
      this.#lookedAtSeconds = nowSeconds;
      const paths = new Map<string, RatePaths>();
      this.#statuses = this.#terms.map((terms) => this.#stand(terms, nowSeconds, paths));
    }
    return this.#statuses;
  }

  /** The budgets that cover a target and will not hold; undefined where all hold, or none covers it. */
  readings(policy: Policy, nowSeconds: number): readonly BudgetReading[] | undefined {
    const readings = this.statuses(nowSeconds).flatMap((status): BudgetReading[] => {
      if (status.forecast <= status.limit || !status.members.includes(policy.name)) return [];
      const { name, unit, period, limit, spent, forecast, affordableShare, breachSeconds, breachProbability } = status;
      return [{
        name, unit, period, limit, spent: rounded(spent), forecast: rounded(forecast), affordableShare: rounded(affordableShare),
        onLimit: unit === "usd" ? policy.cost.onLimit : (policy.carbon.onLimit ?? "alert"),
        ...(breachSeconds !== undefined && { breachSeconds: Math.round(breachSeconds / 60) * 60 }),
        ...(breachProbability !== undefined && { breachProbability: rounded(breachProbability) }),
      }];
    });
    return readings.length > 0 ? readings : undefined;
  }

  #stand(terms: BudgetTerms & { readonly members: readonly string[] }, nowSeconds: number, paths: Map<string, RatePaths>): BudgetStatus {
    const { limit, unit, period, members } = terms;
    const bounds = PERIODS[period](nowSeconds);
    const ahead = sumPaths(members.map((member) => this.#pathsOf(member, { unit, period, nowSeconds, untilSeconds: bounds.periodEndSeconds }, paths)));
    const spent = members.reduce((sum, member) => sum + this.#spend.spentSince(member, bounds.periodStartSeconds, unit), 0);
    const unknownMembers = members.filter((member) => !this.#isKnown(member, unit));
    const isUnknown = spent === 0 && unknownMembers.length === members.length;
    const standAt = (path: "low" | "median" | "high") => forecastBudget({ limit, ...bounds }, spent, nowSeconds, pathOf(ahead, path));
    const [low, median, high] = [standAt("low"), standAt("median"), standAt("high")];
    const rest = median.forecast - spent;
    return {
      ...terms, ...bounds, ...(isUnknown ? { unknown: this.#whyUnknown(members, unit) } : unknownMembers.length > 0 && { unknownMembers }), spent, spentShare: median.spentShare, elapsedShare: median.elapsedShare,
      forecast: median.forecast, forecastLow: low.forecast, forecastHigh: high.forecast, breachSeconds: median.breachSeconds,
      breachProbability: breachChance(limit, { spent, low: low.forecast, median: median.forecast, high: high.forecast }),
      affordableShare: median.forecast <= limit || rest <= 0 ? 1 : Math.max(0, (limit - spent) / rest),
    };
  }

  /** Absent is never zero; but a target without replicas spends nothing, and that is known. */
  #isKnown(member: string, unit: BudgetUnit): boolean {
    const target = this.#target(member);
    return target !== undefined && (target.planned[unit] !== undefined || target.replicas === 0);
  }

  #whyUnknown(members: readonly string[], unit: BudgetUnit): string {
    if (members.every((member) => this.#target(member) === undefined)) return "no target that it covers has been seen yet";
    return `${unit === "usd" ? "what a replica costs" : "the grid or the machines"} of ${members.join(", ")} is not known`;
  }

  #pathsOf(name: string, span: { readonly unit: BudgetUnit; readonly period: BudgetPeriod; readonly nowSeconds: number; readonly untilSeconds: number }, known: Map<string, RatePaths>): RatePaths {
    const { unit, period, nowSeconds, untilSeconds } = span;
    const key = `${unit} ${period} ${name}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const target = this.#target(name);
    const ratePerHour = target?.planned[unit];
    if (target === undefined || ratePerHour === undefined) return { timeSeconds: [], low: [], median: [], high: [] };
    const unitRate = target.replicas > 0 ? ratePerHour / target.replicas : 0;
    const paths = rateOutlook({
      nowSeconds, untilSeconds, ratePerHour, load: target.load, forecast: target.forecast, past: this.#spend.pastRates(name, nowSeconds, unit),
      leastPerHour: unitRate * target.policy.replicas.min, mostPerHour: unitRate * target.policy.replicas.max,
    });
    known.set(key, paths);
    return paths;
  }
}

/** Three digits: a reading that has hardly moved is the same, and the journal stays small. */
function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
