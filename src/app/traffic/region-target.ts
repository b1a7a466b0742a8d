import { valueOf } from "../../model/observation.ts";
import type { Allocation } from "../../model/offering.ts";
import type { RegionView, Shares } from "../../plan/traffic-shift.ts";
import type { TargetStatus } from "../status/daemon-view.ts";

/** Replicas by region of an allocation, as shares; the region is the longest of those given that an offering's zone begins with. */
export function allocatedShares(allocation: Allocation | undefined, regions: readonly string[]): Shares | undefined {
  const counts: Record<string, number> = Object.fromEntries(regions.map((region) => [region, 0]));
  let total = 0;
  for (const [id, count] of Object.entries(allocation?.instances ?? {})) {
    const zone = id.slice(0, Math.max(0, id.indexOf("/")));
    const region = regions.filter((one) => zone.startsWith(one)).sort((a, b) => b.length - a.length)[0];
    if (region === undefined) continue;
    counts[region] = (counts[region] ?? 0) + count;
    total += count;
  }
  return total === 0 ? undefined : Object.fromEntries(Object.entries(counts).map(([region, count]) => [region, count / total]));
}

/** What the desk asks of a target: the load that arrives, and what its ready replicas carry. */
export function regionTarget({ replicas, capacity, signals }: TargetStatus): Omit<RegionView, "region" | "share"> {
  const { ready } = replicas;
  return {
    demandPerSecond: valueOf(signals["demand"]?.observation), readyReplicas: ready, maxReplicas: replicas.max,
    perReplica: capacity !== undefined && ready !== undefined && ready > 0 ? capacity / ready : undefined,
  };
}
