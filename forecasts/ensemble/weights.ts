export interface WeightOptions {
  /** A member's weight falls with this power of its error over the best one's. */
  readonly power: number;
  /** A member whose error is more than this many times the best one's gets nothing. */
  readonly cut: number;
}

export const DEFAULT_WEIGHT_OPTIONS: WeightOptions = { power: 4, cut: 2 };

/** Weights of the members, summing to 1, from their mean absolute errors at one horizon: inverse powers of the relative error. */
export function weightsFromErrors(errors: ArrayLike<number>, out: Float64Array, options: WeightOptions = DEFAULT_WEIGHT_OPTIONS): Float64Array {
  let least = Infinity;
  for (let j = 0; j < errors.length; j++) least = Math.min(least, errors[j]!);
  const floor = 1e-9 * (1 + Math.abs(least));
  let total = 0;
  for (let j = 0; j < errors.length; j++) {
    const ratio = (errors[j]! + floor) / (least + floor);
    out[j] = ratio > options.cut ? 0 : ratio ** -options.power;
    total += out[j]!;
  }
  for (let j = 0; j < errors.length; j++) out[j] = out[j]! / total;
  return out;
}
