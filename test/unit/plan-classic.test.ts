import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { replicasByTotal, replicasByUse } from "../../src/plan/classic-replicas.ts";
import { replicasByAverageValue, replicasByUtilization } from "../../src/replay/baselines/hpa.ts";
import { GroupScene } from "../fixtures/scene.ts";
import { policyOf } from "../fixtures/policy.ts";

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

/** Upstream's cases of a CPU metric that do not end in an error; milli-CPU, a request of 1,000 each. */
const CASES: readonly Case[] = [
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

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("a classic target", () => {
  it.each(CASES)("$upstream", ({ current, ready, unready, missing, target, expected }) => {
    const facts = { currentReplicas: current, readyReplicas: ready.length, unreadyReplicas: unready, missingReplicas: missing, tolerance: 0.1 };
    expect(replicasByUse(meanOf(ready) / 1000, target / 100, facts)).toBe(expected);
  });

  // A mean of 100 % cannot be told from a saturated one, and pods without a metric are not seen through a mean: those rows stand above.
  it.each(CASES.filter(({ missing, ready }) => missing === 0 && meanOf(ready) <= 1000))("$upstream, decided by the step", ({ current, ready, unready, target, expected }) => {
    const policy = policyOf({
      scaling: { by: "utilization", target: target / 100 }, forecast: { ...policyOf().forecast, enabled: false },
      behavior: { tolerance: 0.1, scaleInStabilizationSeconds: 0, scaleOutStabilizationSeconds: 0, maxScaleOutShare: 1, maxScaleOutReplicas: 4, maxScaleInShare: 1, maxScaleInReplicas: 1 },
    });
    const scene = new GroupScene([policy], current);
    const decision = scene.tick({ web: { demand: 100, utilization: meanOf(ready) / 1000, ready: ready.length, pending: unready } }).of("web");
    expect(decision.reasons.find(({ code }) => code === "forecast-quantile")?.after).toBe(expected);
  });

  it("agrees with the HPA of the replay, which was written apart from it, for any fleet", () => {
    const fleets = fc.record({
      ready: fc.array(fc.integer({ min: 0, max: 1500 }), { minLength: 1, maxLength: 30 }), unready: fc.integer({ min: 0, max: 10 }), missing: fc.integer({ min: 0, max: 5 }),
      target: fc.integer({ min: 10, max: 95 }), tolerance: fc.constantFrom(0, 0.02, 0.1),
    });
    fc.assert(fc.property(fleets, ({ ready, unready, missing, target, tolerance }) => {
      const current = ready.length + unready + missing;
      const ours = replicasByUse(meanOf(ready) / 1000, target / 100, { currentReplicas: current, readyReplicas: ready.length, unreadyReplicas: unready, missingReplicas: missing, tolerance });
      const theirs = replicasByUtilization({ currentReplicas: current, readyUse: ready, unreadyPods: unready, missingPods: missing, request: 1000, targetPercent: target, tolerance });
      expect(ours).toBe(theirs);
    }), { numRuns: 2000, seed: 22 });
  });

  it("shares a total as an external metric's average value is shared", () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 100_000 }), fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 200 }), (total, target, current) => {
      expect(replicasByTotal(total, target, { currentReplicas: current, tolerance: 0.1 })).toBe(replicasByAverageValue(total, target, { replicas: current, tolerance: 0.1 }));
    }), { seed: 22 });
  });
});
