/** A limit over a period: US dollars a month, grams of CO2e a day, or any other sum of a rate. */
export interface Budget {
  readonly limit: number;
  readonly periodStartSeconds: number;
  readonly periodEndSeconds: number;
}

export interface BudgetState {
  readonly spent: number;
  /** Share of the limit spent, and of the period passed. */
  readonly spentShare: number;
  readonly elapsedShare: number;
  /** What the period will come to at the rates ahead. */
  readonly forecast: number;
  /** When the limit is passed at the rates ahead; undefined where it is not within the period. */
  readonly breachSeconds: number | undefined;
  /** The rate per hour that would just meet the limit from now on; 0 where it is already passed. */
  readonly affordablePerHour: number;
}

/** A rate per hour that holds from a time on, until the next one. */
export interface RateAhead {
  readonly timeSeconds: number;
  readonly perHour: number;
}

/**
 * Where a budget stands and when it breaks. `ahead` is ascending; its first rate holds from now; with none, nothing more is
 * spent. Times outside the period are clamped to it.
 */
export function forecastBudget(budget: Budget, spent: number, nowSeconds: number, ahead: readonly RateAhead[]): BudgetState {
  const now = Math.min(Math.max(nowSeconds, budget.periodStartSeconds), budget.periodEndSeconds);
  const hoursLeft = (budget.periodEndSeconds - now) / 3600;
  let sum = spent;
  let breachSeconds = spent > budget.limit ? now : undefined;
  ahead.forEach((rate, at) => {
    const from = at === 0 ? now : Math.max(now, rate.timeSeconds);
    const until = Math.min(ahead[at + 1]?.timeSeconds ?? budget.periodEndSeconds, budget.periodEndSeconds);
    const hours = Math.max(0, until - from) / 3600;
    const next = sum + hours * rate.perHour;
    if (breachSeconds === undefined && next > budget.limit) breachSeconds = from + ((budget.limit - sum) / rate.perHour) * 3600;
    sum = next;
  });
  return {
    spent, forecast: sum, breachSeconds,
    spentShare: spent / budget.limit,
    elapsedShare: (now - budget.periodStartSeconds) / (budget.periodEndSeconds - budget.periodStartSeconds),
    affordablePerHour: hoursLeft > 0 ? Math.max(0, (budget.limit - spent) / hoursLeft) : 0,
  };
}

/** The calendar month (UTC) that holds a time. */
export function monthOf(nowSeconds: number): Omit<Budget, "limit"> {
  const date = new Date(nowSeconds * 1000);
  const at = (months: number): number => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1) / 1000;
  return { periodStartSeconds: at(0), periodEndSeconds: at(1) };
}

/** The day (UTC) that holds a time. */
export function dayOf(nowSeconds: number): Omit<Budget, "limit"> {
  const periodStartSeconds = Math.floor(nowSeconds / 86_400) * 86_400;
  return { periodStartSeconds, periodEndSeconds: periodStartSeconds + 86_400 };
}
