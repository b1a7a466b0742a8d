import { describe, expect, it } from "vitest";

import { Hpa, replicasByAverageValue, replicasByUtilization } from "../../../src/replay/baselines/hpa.ts";

interface Case {
  /** The function of the same name in kubernetes pkg/controller/podautoscaler/replica_calculator_test.go. */
  readonly upstream: string;
  readonly current: number;
  readonly ready: readonly number[];
  readonly unready: number;
  readonly missing: number;
  readonly target: number;
  readonly expected: number;
}

/** Every upstream case of a CPU metric that does not end in an error; milli-CPU, a request of 1,000 each. Pods that failed or are being deleted are not pods. */
const CPU_CASES: readonly Case[] = [
  { upstream: "TestReplicaCalcScaleUp", current: 3, ready: [300, 500, 700], unready: 0, missing: 0, target: 30, expected: 5 },
  { upstream: "TestReplicaCalcScaleUpUnreadyLessScale", current: 3, ready: [500, 700], unready: 1, missing: 0, target: 30, expected: 4 },
  { upstream: "TestReplicaCalcScaleUpHotCpuLessScale", current: 3, ready: [500, 700], unready: 1, missing: 0, target: 30, expected: 4 },
  { upstream: "TestReplicaCalcScaleUpUnreadyNoScale", current: 3, ready: [400], unready: 2, missing: 0, target: 30, expected: 3 },
  { upstream: "TestReplicaCalcScaleHotCpuNoScale", current: 3, ready: [400], unready: 2, missing: 0, target: 30, expected: 3 },
  { upstream: "TestReplicaCalcScaleUpIgnoresFailedPods", current: 2, ready: [500, 700], unready: 0, missing: 0, target: 30, expected: 4 },
  { upstream: "TestReplicaCalcScaleUpIgnoresDeletionPods", current: 2, ready: [500, 700], unready: 0, missing: 0, target: 30, expected: 4 },
  { upstream: "TestReplicaCalcScaleDown", current: 5, ready: [100, 300, 500, 250, 250], unready: 0, missing: 0, target: 50, expected: 3 },
  { upstream: "TestReplicaCalcScaleDownIncludeUnreadyPods", current: 5, ready: [100, 300, 500], unready: 2, missing: 0, target: 50, expected: 2 },
  { upstream: "TestReplicaCalcScaleDownExcludeUnscheduledPods", current: 5, ready: [100], unready: 4, missing: 0, target: 50, expected: 1 },
  { upstream: "TestReplicaCalcScaleDownIgnoreHotCpuPods", current: 5, ready: [100, 300, 500], unready: 2, missing: 0, target: 50, expected: 2 },
  { upstream: "TestReplicaCalcScaleDownIgnoresFailedPods", current: 5, ready: [100, 300, 500, 250, 250], unready: 0, missing: 0, target: 50, expected: 3 },
  { upstream: "TestReplicaCalcScaleDownIgnoresDeletionPods", current: 5, ready: [100, 300, 500, 250, 250], unready: 0, missing: 0, target: 50, expected: 3 },
  { upstream: "TestReplicaCalcTolerance", current: 3, ready: [1010, 1030, 1020], unready: 0, missing: 0, target: 100, expected: 3 },
  { upstream: "TestReplicaCalcSuperfluousMetrics", current: 4, ready: [4000, 9500, 3000, 7000], unready: 0, missing: 0, target: 100, expected: 24 },
  { upstream: "TestReplicaCalcMissingMetrics", current: 4, ready: [400, 95], unready: 0, missing: 2, target: 100, expected: 3 },
  { upstream: "TestReplicaCalcMissingMetricsNoChangeEq", current: 2, ready: [1000], unready: 0, missing: 1, target: 100, expected: 2 },
  { upstream: "TestReplicaCalcMissingMetricsNoChangeGt", current: 2, ready: [1900], unready: 0, missing: 1, target: 100, expected: 2 },
  { upstream: "TestReplicaCalcMissingMetricsNoChangeLt", current: 2, ready: [600], unready: 0, missing: 1, target: 100, expected: 2 },
  { upstream: "TestReplicaCalcMissingMetricsUnreadyChange", current: 3, ready: [450], unready: 1, missing: 1, target: 50, expected: 3 },
  { upstream: "TestReplicaCalcMissingMetricsHotCpuNoChange", current: 3, ready: [450], unready: 1, missing: 1, target: 50, expected: 3 },
  { upstream: "TestReplicaCalcMissingMetricsUnreadyScaleUp", current: 3, ready: [2000], unready: 1, missing: 1, target: 50, expected: 4 },
  { upstream: "TestReplicaCalcMissingMetricsHotCpuScaleUp", current: 3, ready: [2000], unready: 1, missing: 1, target: 50, expected: 4 },
  { upstream: "TestReplicaCalcMissingMetricsUnreadyScaleDown", current: 4, ready: [100, 100], unready: 1, missing: 1, target: 50, expected: 3 },
  { upstream: "TestReplicaCalcDuringRollingUpdateWithMaxSurge", current: 2, ready: [100, 100], unready: 0, missing: 1, target: 50, expected: 2 },
];

const EXTERNAL_CASES = [
  { upstream: "TestReplicaCalcScaleUpPerPodCMExternal", current: 3, total: 8600, target: 2150, expected: 4 },
  { upstream: "TestReplicaCalcScaleDownPerPodCMExternal", current: 5, total: 8600, target: 2867, expected: 3 },
  { upstream: "TestReplicaCalcTolerancePerPodCMExternal", current: 3, total: 8600, target: 2900, expected: 3 },
];

describe("the HPA baseline", () => {
  it.each(CPU_CASES)("$upstream", ({ current, ready, unready, missing, target, expected }) => {
    expect(replicasByUtilization({ currentReplicas: current, readyUse: ready, unreadyPods: unready, missingPods: missing, request: 1000, targetPercent: target, tolerance: 0.1 })).toBe(expected);
  });

  it.each(EXTERNAL_CASES)("$upstream", ({ current, total, target, expected }) => {
    expect(replicasByAverageValue(total, target, { replicas: current, tolerance: 0.1 })).toBe(expected);
  });

  it("holds 28 upstream cases", () => {
    expect(new Set([...CPU_CASES, ...EXTERNAL_CASES].map(({ upstream }) => upstream)).size).toBe(28);
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
