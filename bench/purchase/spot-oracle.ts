import type { SpotTrace } from "./spot-trace.ts";

/**
 * The clairvoyant bill per replica-hour of on-demand: every change of availability is known, a replacement is always ready in
 * time (100 % available), each launch pays its start. Exact over zone counts by dynamic programming over the changes; that a
 * zone must be up before the change to launch in is left out, so it is a lower bound. Imports nothing of what it judges.
 */
export function clairvoyantCost(trace: SpotTrace, replicas: number, startSeconds: number, spotPrice: number): number {
  const states = zoneCounts(trace.zones.length, replicas);
  const launchSpot = spotPrice * startSeconds;
  const launchOnDemand = startSeconds;
  const ticks = trace.capacity[0]?.length ?? 0;
  let cost: Float64Array | undefined;
  let at = 0;
  while (at < ticks) {
    let end = at + 1;
    while (end < ticks && trace.capacity.every((zone) => zone[end] === zone[at])) end += 1;
    const seconds = (end - at) * trace.tickSeconds;
    const next = new Float64Array(states.length).fill(Infinity);
    states.forEach((state, index) => {
      if (state.some((count, zone) => count > (trace.capacity[zone]?.[at] ?? 0))) return;
      const spot = state.reduce((sum, count) => sum + count, 0);
      const run = (spot * spotPrice + (replicas - spot)) * seconds;
      if (cost === undefined) {
        next[index] = run;
        return;
      }
      let best = Infinity;
      for (let from = 0; from < states.length; from += 1) {
        const before = cost[from] ?? Infinity;
        if (before >= best) continue;
        const old = states[from] ?? [];
        let launches = 0;
        let oldSpot = 0;
        for (let zone = 0; zone < state.length; zone += 1) {
          launches += Math.max(0, (state[zone] ?? 0) - (old[zone] ?? 0));
          oldSpot += old[zone] ?? 0;
        }
        const total = before + launches * launchSpot + Math.max(0, oldSpot - spot) * launchOnDemand;
        if (total < best) best = total;
      }
      next[index] = best + run;
    });
    cost = next;
    at = end;
  }
  return Math.min(...(cost ?? [NaN])) / (replicas * ticks * trace.tickSeconds);
}

/** Every way to place at most `most` instances in so many zones. */
function zoneCounts(zones: number, most: number): readonly (readonly number[])[] {
  if (zones === 0) return [[]];
  const all: number[][] = [];
  for (let count = 0; count <= most; count += 1) for (const rest of zoneCounts(zones - 1, most - count)) all.push([count, ...rest]);
  return all;
}
