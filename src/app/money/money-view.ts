import type { CostRow } from "../../account/showback.ts";
import type { Result } from "../../model/result.ts";
import type { BudgetStatus } from "../../purchase/budget-watch.ts";
import type { TargetSizing } from "./sizing-book.ts";

/** What the API, the page and the metrics need of the daemon's account. */
export interface MoneyView {
  /** Every budget in force, with what it has spent and will come to. */
  budgets(): readonly BudgetStatus[];
  /** What was held and what it cost, one row an offering and an hour; the bounds are cut to whole hours. */
  costs(span: CostSpan): Promise<Result<readonly CostRow[]>>;
  /** Measured use per replica and the machines that would carry it; targets without a usage clause are left out. */
  sizings(): readonly TargetSizing[];
}

export interface CostSpan {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  /** Only these targets; all where absent. */
  readonly targets?: readonly string[] | undefined;
}
