/** What gives way when a limit binds: nothing, the headroom above the need that is seen, or the objective's own capacity. */
export type OnLimit = "alert" | "cut-headroom" | "cut-capacity";

export type BudgetUnit = "usd" | "grams";
export type BudgetPeriod = "hour" | "day" | "month";

/**
 * A budget that will not hold at what is planned, as one target sees it at one tick. It is an input of the step (the account of
 * what is spent and what lies ahead is kept beside it), so that a journal replays byte for byte.
 */
export interface BudgetReading {
  readonly name: string;
  readonly unit: BudgetUnit;
  readonly period: BudgetPeriod;
  readonly limit: number;
  readonly spent: number;
  /** What the period will come to at what is planned; the median. */
  readonly forecast: number;
  /** When the limit is passed at what is planned; absent where only the high path passes it. */
  readonly breachSeconds?: number;
  /** Chance that the period passes the limit, 0..1; absent where nothing is known of it. */
  readonly breachProbability?: number;
  /** Share of what is planned that the rest of the budget affords, 0..1: the same for each hour left, so that peaks keep their shape. */
  readonly affordableShare: number;
  /** What the target may give up. */
  readonly onLimit: OnLimit;
}
