import type { UseRow } from "./inferred-misses.ts";

/** What a missed request is worth, found from the misses: an integral controller. Plain data. */
export interface ErrorBudget {
  /** log of the price in replica-seconds that one missed request is worth. */
  readonly logPrice: number;
  /** Mean demand of about a day, requests per second: what a miss is weighed against. NaN before the first row. */
  readonly meanDemand: number;
  /** The newest rows without a gap, while the misses are not measured. */
  readonly unmeasured?: readonly UseRow[];
}

export interface BudgetSample {
  readonly demandPerSecond: number;
  /** Share of requests that missed. */
  readonly missRatio: number;
  /** Allowed share. */
  readonly errorBudget: number;
  readonly seconds: number;
  readonly daySeconds: number;
  readonly leadTimeSeconds: number;
}

/** What the controller begins with and how fast it moves. The leave-one-out scoreboard tries others; nothing else sets them. */
export const BUDGET_CONTROL: { readonly priorPrice: number; readonly priceDays: number } = {
  priorPrice: 0.22,
  /** Days over which one budget's worth of misses too many moves the price by a factor e. */
  priceDays: 5,
};
const LEAST_PRICE = 0.02;
const MOST_PRICE = 11;
/** The lead time that the two constants are for. A longer one makes each miss dearer to prevent, and the price slower to follow. */
const USUAL_LEAD_SECONDS = 120;

export function initialErrorBudget(leadTimeSeconds: number): ErrorBudget {
  return { logPrice: Math.log(BUDGET_CONTROL.priorPrice * leadShare(leadTimeSeconds) ** 0.5), meanDemand: NaN };
}

function leadShare(leadTimeSeconds: number): number {
  return Math.max(1, leadTimeSeconds / USUAL_LEAD_SECONDS);
}

/**
 * Moves the price so that the realised misses come to the budget: up by what was missed over it, down by what was not spent,
 * each weighed by its load. One price over a long time is what perfect foresight would pay (the Lagrange multiplier of the
 * budget), so that it moves slowly: a shock that no price could have met does not set it.
 */
export function learnPrice(state: ErrorBudget, sample: BudgetSample): ErrorBudget {
  const { demandPerSecond, missRatio, errorBudget, seconds, daySeconds } = sample;
  if (!(demandPerSecond >= 0)) return state;
  const share = seconds / daySeconds;
  const known = Number.isNaN(state.meanDemand) ? demandPerSecond : state.meanDemand;
  const meanDemand = known + (demandPerSecond - known) * Math.min(1, share);
  if (!(missRatio >= 0) || !(meanDemand > 0) || !(errorBudget > 0)) return { ...state, meanDemand };
  const overspent = (missRatio / errorBudget) * (demandPerSecond / meanDemand) - 1;
  const logPrice = state.logPrice + (overspent * share) / (BUDGET_CONTROL.priceDays * leadShare(sample.leadTimeSeconds));
  return { logPrice: Math.max(Math.log(LEAST_PRICE), Math.min(Math.log(MOST_PRICE), logPrice)), meanDemand };
}

export function priceOf(state: ErrorBudget): number {
  return Math.exp(state.logPrice);
}
