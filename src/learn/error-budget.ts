/** Requests and misses seen lately, and the price of a miss that follows. Plain data. */
export interface ErrorBudget {
  readonly requests: number;
  readonly missed: number;
  /** Replica-seconds that one missed request is worth. */
  readonly price: number;
}

const PRIOR_PRICE = 0.25;

export function initialErrorBudget(): ErrorBudget {
  return { requests: 0, missed: 0, price: PRIOR_PRICE };
}
