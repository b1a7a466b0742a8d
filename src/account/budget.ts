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

/** The hour (UTC) that holds a time. */
export function hourOf(nowSeconds: number): Omit<Budget, "limit"> {
  const periodStartSeconds = Math.floor(nowSeconds / 3600) * 3600;
  return { periodStartSeconds, periodEndSeconds: periodStartSeconds + 3600 };
}

/** z of the .9 quantile of a standard normal. */
const Z90 = 1.2815515655;

/**
 * The chance that a period's sum passes its limit, from its low (.1), median and high (.9) sums: a normal through the median whose
 * spread is the wider side's. The paths' errors are taken to go together, so the spread is rather too wide than too narrow.
 * Undefined where low and high do not differ (nothing is known of the spread) unless the limit is passed already.
 */
export function breachChance(limit: number, sums: { readonly spent: number; readonly low: number; readonly median: number; readonly high: number }): number | undefined {
  if (sums.spent > limit) return 1;
  const sigma = Math.max(sums.high - sums.median, sums.median - sums.low) / Z90;
  return sigma > 0 ? normalCdf((sums.median - limit) / sigma) : undefined;
}

/** Abramowitz & Stegun 26.2.17, absolute error below 7.5e-8. */
function normalCdf(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const tail = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return z >= 0 ? 1 - tail : tail;
}
