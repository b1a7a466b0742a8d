/** Horizons at which something is estimated: 1 to `dense`, then growing by `ratio` (at least by one row), the last one `horizon`. */
export function geometricKnots(horizon: number, ratio: number, dense = 1): number[] {
  const knots = [1];
  let knot = 1;
  while (knot < horizon) {
    const next = knot < dense ? knot + 1 : Math.max(knot + 1, Math.round(knot * ratio));
    // A last gap of less than half a step is merged into the end.
    knot = next * Math.sqrt(ratio) >= horizon ? horizon : next;
    knots.push(knot);
  }
  return knots;
}

/** For each horizon 1…h: the knot at or below it and the share of the next one, linear in the logarithm of the horizon. */
export interface KnotTable {
  readonly lower: Int32Array;
  readonly share: Float64Array;
}

export function interpolateKnots(knots: readonly number[], horizon: number): KnotTable {
  const lower = new Int32Array(horizon);
  const share = new Float64Array(horizon);
  let index = 0;
  for (let k = 1; k <= horizon; k++) {
    while (index < knots.length - 2 && knots[index + 1]! <= k) index++;
    const from = knots[index]!;
    const to = knots[index + 1] ?? from;
    lower[k - 1] = index;
    share[k - 1] = to > from ? Math.min(1, Math.max(0, Math.log(k / from) / Math.log(to / from))) : 0;
  }
  return { lower, share };
}
