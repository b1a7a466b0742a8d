/** The weights of two tracked horizons, and the share of the second one. */
export interface MixedWeights {
  readonly near: Float64Array;
  readonly far: Float64Array;
  readonly share: number;
}

/**
 * Combines the members' forecasts of one row: their weighted mean after each was drawn to within one weighted mean distance
 * of the weighted median, so that a member that has lost its way is outvoted. Weights sum to 1.
 */
export class Combination {
  private readonly order: Int32Array;
  private readonly values: Float64Array;
  private readonly weights: Float64Array;

  constructor(members: number) {
    this.order = Int32Array.from({ length: members }, (_, j) => j);
    this.values = new Float64Array(members);
    this.weights = new Float64Array(members);
  }

  /** Combines what stands at `place` of each member's path. */
  at(place: number, paths: readonly Float64Array[], { near, far, share }: MixedWeights): number {
    const { values, weights } = this;
    for (let j = 0; j < values.length; j++) {
      values[j] = paths[j]![place]!;
      weights[j] = near[j]! + share * (far[j]! - near[j]!);
    }
    const middle = this.median();
    let spread = 0;
    for (let j = 0; j < values.length; j++) spread += weights[j]! * Math.abs(values[j]! - middle);
    let sum = 0;
    for (let j = 0; j < values.length; j++) sum += weights[j]! * Math.max(middle - spread, Math.min(middle + spread, values[j]!));
    return sum;
  }

  /** The least forecast at which half of the weight is reached. */
  private median(): number {
    const { order, values, weights } = this;
    // From the order of the row before, which is seldom far from this one's. Equal forecasts stand in the members' order, whatever came before.
    for (let j = 1; j < order.length; j++) {
      const member = order[j]!;
      const value = values[member]!;
      let at = j;
      for (; at > 0 && isAfter(values[order[at - 1]!]! - value, order[at - 1]! - member); at--) order[at] = order[at - 1]!;
      order[at] = member;
    }
    let reached = 0;
    for (let j = 0; j < order.length; j++) {
      reached += weights[order[j]!]!;
      if (reached >= 0.5) return values[order[j]!]!;
    }
    return values[order[order.length - 1]!]!;
  }
}

function isAfter(byValue: number, byMember: number): boolean {
  return byValue > 0 || (byValue === 0 && byMember > 0);
}
