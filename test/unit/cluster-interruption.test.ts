import { describe, expect, it } from "vitest";

import { advanceCluster, BENCHMARK_CLUSTER, interrupt, readCluster, setDesired, startCluster } from "../../src/twin/cluster.ts";
import type { ClusterState } from "../../src/twin/cluster.ts";
import { drainDoomed } from "../../src/twin/drain-doomed.ts";

const SPEC = { ...BENCHMARK_CLUSTER(60), drainSeconds: 10 };

function countsAt(state: ClusterState, seconds: readonly number[]): readonly (readonly [number, number])[] {
  let now = state;
  return seconds.map((second) => {
    now = advanceCluster(now, SPEC, second);
    const { readyReplicas, pendingReplicas } = readCluster(now);
    return [readyReplicas, pendingReplicas];
  });
}

describe("an interruption in the simulated cluster", () => {
  it("is made good once the replica is gone, a start time later", () => {
    const doomed = interrupt(startCluster(0, 4, 1), 1, 120);
    expect(countsAt(doomed, [15, 105, 120, 165, 180])).toEqual([[4, 0], [4, 0], [3, 1], [3, 1], [4, 0]]);
  });

  it("is made good before, where one more is ordered", () => {
    const doomed = interrupt(startCluster(0, 4, 1), 1, 120);
    const ordered = setDesired(doomed, SPEC, 5).state;
    expect(countsAt(ordered, [15, 60, 119])).toEqual([[4, 1], [5, 0], [5, 0]]);
    const gone = advanceCluster(advanceCluster(ordered, SPEC, 60), SPEC, 120);
    expect(countsAt(setDesired(gone, SPEC, 4).state, [135, 300])).toEqual([[4, 0], [4, 0]]);
  });

  it("is made good at once where the replica is drained", () => {
    const drained = drainDoomed(interrupt(startCluster(0, 4, 1), 1, 120), SPEC, 120);
    expect(countsAt(drained, [5, 15, 64, 65])).toEqual([[4, 1], [3, 1], [3, 1], [4, 0]]);
  });

  it("takes ready replicas alone, the oldest first", () => {
    const growing = setDesired(startCluster(0, 1, 1), SPEC, 3).state;
    const { replicas } = interrupt(growing, 3, 120);
    expect(replicas.map((replica) => replica.isDoomed === true)).toEqual([true, false, false]);
  });

  it("bills a doomed replica to its end, and not after", () => {
    const alone = advanceCluster(interrupt(startCluster(0, 1, 1), 1, 50), { ...SPEC, minBillingSeconds: 0 }, 49);
    expect(advanceCluster(alone, SPEC, 50).billedSeconds).toBe(50);
  });
});
