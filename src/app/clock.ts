/** The only way in which the daemon's parts learn the time; simulations inject their own. */
export interface Clock {
  /** Epoch seconds. */
  nowSeconds(): number;
}

export const SYSTEM_CLOCK: Clock = { nowSeconds: () => Date.now() / 1000 };
