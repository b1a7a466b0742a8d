/** An hour (or other slot) in which deferrable work may run: what one unit of capacity costs and emits in it. */
export interface WorkSlot {
  readonly usdPerUnit: number;
  readonly gramsPerUnit: number;
  /** Most units that may run in it. */
  readonly maxUnits: number;
}

export interface DeferralTerms {
  /** Unit-slots of work left, at the rate of the first unit. */
  readonly work: number;
  readonly usdPerGram: number;
  /** What the n-th unit adds to the rate of work, relative to the first; 1 for each where absent (linear). Not increasing. */
  readonly marginalCapacity?: readonly number[];
}

/**
 * Units to run in each slot until the deadline: the cheapest work first, by marginal capacity per dollar and gram, until it is
 * done (CarbonScaler, SIGMETRICS'24, algorithm 1). The last unit may be fractional. Where the slots cannot hold the work, all
 * run full: the deadline is missed by as little as can be.
 */
export function planDeferral(slots: readonly WorkSlot[], terms: DeferralTerms): readonly number[] {
  const units: number[] = slots.map(() => 0);
  const offers: { readonly slot: number; readonly gain: number; readonly rate: number }[] = [];
  slots.forEach((slot, at) => {
    const price = slot.usdPerUnit + terms.usdPerGram * slot.gramsPerUnit;
    for (let unit = 0; unit < slot.maxUnits; unit += 1) {
      const gain = terms.marginalCapacity === undefined ? 1 : (terms.marginalCapacity[unit] ?? 0);
      if (gain > 0) offers.push({ slot: at, gain, rate: price / gain });
    }
  });
  offers.sort((a, b) => a.rate - b.rate || a.slot - b.slot);
  let left = terms.work;
  for (const { slot, gain } of offers) {
    if (left <= 1e-9) break;
    const share = Math.min(1, left / gain);
    units[slot] = (units[slot] ?? 0) + share;
    left -= share * gain;
  }
  return units;
}

/** The last time at which the work can still start and be done: two changeovers are kept in hand. */
export function latestSafeStartSeconds(deadlineSeconds: number, remainingSeconds: number, changeoverSeconds: number): number {
  return deadlineSeconds - remainingSeconds - 2 * changeoverSeconds;
}
