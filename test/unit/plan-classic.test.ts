import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { replicasByTotal, replicasByUse } from "../../src/plan/classic-replicas.ts";
import { replicasByAverageValue, replicasByUtilization } from "../../src/replay/baselines/hpa.ts";
import { GroupScene } from "../fixtures/scene.ts";
import { UPSTREAM_CPU_CASES } from "../fixtures/hpa-upstream-cases.ts";
import { policyOf } from "../fixtures/policy.ts";

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("a classic target", () => {
  it.each(UPSTREAM_CPU_CASES)("$upstream", ({ current, ready, unready, missing, target, expected }) => {
    const facts = { currentReplicas: current, readyReplicas: ready.length, unreadyReplicas: unready, missingReplicas: missing, tolerance: 0.1 };
    expect(replicasByUse(meanOf(ready) / 1000, target / 100, facts)).toBe(expected);
  });

  // A mean of 100 % cannot be told from a saturated one, and pods without a metric are not seen through a mean: those rows stand above.
  it.each(UPSTREAM_CPU_CASES.filter(({ missing, ready }) => missing === 0 && meanOf(ready) <= 1000))("$upstream, decided by the step", ({ current, ready, unready, target, expected }) => {
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
