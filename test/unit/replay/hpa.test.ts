import { describe, expect, it } from "vitest";

import { UPSTREAM_CPU_CASES } from "../../fixtures/hpa-upstream-cases.ts";
import { Hpa, replicasByAverageValue, replicasByUtilization } from "../../../src/replay/baselines/hpa.ts";

const EXTERNAL_CASES = [
  { upstream: "TestReplicaCalcScaleUpPerPodCMExternal", current: 3, total: 8600, target: 2150, expected: 4 },
  { upstream: "TestReplicaCalcScaleDownPerPodCMExternal", current: 5, total: 8600, target: 2867, expected: 3 },
  { upstream: "TestReplicaCalcTolerancePerPodCMExternal", current: 3, total: 8600, target: 2900, expected: 3 },
];

describe("the HPA baseline", () => {
  it.each(UPSTREAM_CPU_CASES)("$upstream", ({ current, ready, unready, missing, target, expected }) => {
    expect(replicasByUtilization({ currentReplicas: current, readyUse: ready, unreadyPods: unready, missingPods: missing, request: 1000, targetPercent: target, tolerance: 0.1 })).toBe(expected);
  });

  it.each(EXTERNAL_CASES)("$upstream", ({ current, total, target, expected }) => {
    expect(replicasByAverageValue(total, target, { replicas: current, tolerance: 0.1 })).toBe(expected);
  });

  it("holds 28 upstream cases", () => {
    expect(new Set([...UPSTREAM_CPU_CASES, ...EXTERNAL_CASES].map(({ upstream }) => upstream)).size).toBe(28);
  });

  it("goes down to the highest recommendation of five minutes, and up at most to double or four more", () => {
    const hpa = new Hpa();
    const see = (timeSeconds: number, utilization: number, readyReplicas: number): number => hpa.decide({ timeSeconds, load: 0, utilization, missRatio: 0, readyReplicas, pendingReplicas: 0 });
    expect(see(0, 1, 3)).toBe(4);
    expect(see(15, 0.2, 10)).toBe(4);
    expect(see(300, 0.2, 10)).toBe(4);
    expect(see(330, 0.2, 10)).toBe(3);
    expect(see(345, NaN, 10)).toBe(10);
  });
});
