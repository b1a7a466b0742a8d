import type { SpotTrace } from "./spot-trace.ts";

/**
 * Bills as shares of the need on demand, for a need that is known and moves that are free: of who knows each loss (as much spot as
 * there is), and of who does not and is never short when any one zone goes. Imports nothing of what it judges.
 */
export function billsOfNeed(trace: SpotTrace, need: readonly number[], spotPrice: number): { readonly foreseen: number; readonly robust: number } {
  const known = new Map<string, number>();
  let total = 0;
  let foreseen = 0;
  let robust = 0;
  need.forEach((count, tick) => {
    const zones = trace.capacity.map((zone) => zone[tick] ?? 0);
    const spot = Math.min(count, zones.reduce((sum, zone) => sum + zone, 0));
    const key = `${zones.join()}:${count}`;
    const least = known.get(key) ?? leastRobust(zones, count, spotPrice);
    known.set(key, least);
    total += count;
    foreseen += spot * spotPrice + count - spot;
    robust += least;
  });
  return { foreseen: foreseen / total, robust: robust / total };
}

/** The cheapest mix that still has `need` when any one zone is lost: with so much spot and on demand, no zone may hold more than what is over. */
function leastRobust(zones: readonly number[], need: number, spotPrice: number): number {
  let least = need;
  for (let onDemand = 0; onDemand <= need; onDemand += 1) {
    for (let spot = need - onDemand; spot <= 2 * need; spot += 1) {
      const over = spot + onDemand - need;
      if (zones.reduce((sum, zone) => sum + Math.min(zone, over), 0) >= spot) least = Math.min(least, spot * spotPrice + onDemand);
    }
  }
  return least;
}
