/**
 * Combines the members' forecasts of one row: their weighted mean after each was drawn to within one weighted mean distance
 * of the weighted median, so that a member that has lost its way is outvoted. Weights sum to 1.
 */
export class Combination {
  private readonly order: Int32Array;
  private readonly values: Float64Array;
  private readonly weights: Float64Array;

  constructor(members: number) {
    this.order = new Int32Array(members);
    this.values = new Float64Array(members);
    this.weights = new Float64Array(members);
  }

  /** Sets one member's forecast and weight for the next `result`. */
  set(member: number, value: number, weight: number): void {
    this.values[member] = value;
    this.weights[member] = weight;
  }

  result(): number {
    const { values, weights } = this;
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
    for (let j = 0; j < values.length; j++) {
      let at = j;
      while (at > 0 && values[order[at - 1]!]! > values[j]!) {
        order[at] = order[at - 1]!;
        at--;
      }
      order[at] = j;
    }
    let reached = 0;
    for (const j of order) {
      reached += weights[j]!;
      if (reached >= 0.5) return values[j]!;
    }
    return values[order[values.length - 1]!]!;
  }
}
