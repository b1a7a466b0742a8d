import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { BASELINES } from "../../src/replay/baselines/registry.ts";
import { budgetedOptimum } from "../../src/replay/clairvoyant/budgeted.ts";
import { strictOptimumHours } from "../../src/replay/clairvoyant/strict.ts";
import { BENCHMARK_OBSERVATION, simulate } from "../../src/replay/simulate.ts";
import type { ReplayWorld } from "../../src/replay/simulate.ts";
import { StepController } from "../../src/replay/step-controller.ts";
import { seededRandom } from "../../src/replay/random.ts";
import { BENCHMARK_CLUSTER } from "../../src/twin/cluster.ts";
import { BENCHMARK_SERVICE, serveStep } from "../../src/twin/service.ts";
import { policyOf } from "../fixtures/policy.ts";

/** A load of a few hours: a wave with bursts. */
function worldOf(seed: number, leadTimeSeconds: number): ReplayWorld {
  const random = seededRandom(seed);
  let burst = 0;
  const load = Float64Array.from({ length: 720 }, (_, i) => {
    burst = random() < 0.01 ? 1500 * random() : burst * 0.97;
    return Math.max(0, 900 + 600 * Math.sin(i / 90 + seed) + burst + 60 * (random() - 0.5));
  });
  return {
    load, startSeconds: 1_700_000_000, stepSeconds: 15, scoreFrom: 120, service: BENCHMARK_SERVICE, cluster: BENCHMARK_CLUSTER(leadTimeSeconds),
    minReplicas: 1, maxReplicas: 200, observation: { ...BENCHMARK_OBSERVATION, seed },
  };
}

describe("the replay", () => {
  it("conserves requests in every step: arrived and waiting before are served, dropped or waiting after", () => {
    fc.assert(fc.property(fc.double({ min: 0, max: 20_000, noNaN: true }), fc.double({ min: 0, max: 5000, noNaN: true }), fc.integer({ min: 0, max: 60 }), (backlog, arrivalsPerSecond, readyReplicas) => {
      const step = serveStep(BENCHMARK_SERVICE, { backlog, arrivalsPerSecond, readyReplicas, stepSeconds: 15 });
      expect(step.served + step.dropped + step.backlog).toBeCloseTo(step.arrived + backlog, 6);
      expect(step.missed).toBeGreaterThanOrEqual(0);
      expect(step.missed).toBeLessThanOrEqual(step.arrived * (1 + 1e-12));
      expect(step.served).toBeGreaterThanOrEqual(-1e-9);
    }), { numRuns: 500 });
  });

  it("lets no policy beat the proven bound at what it missed itself", () => {
    for (const seed of [1, 2, 3]) {
      for (const lead of [30, 120]) {
        const world = worldOf(seed, lead);
        const controllers = [...Object.values(BASELINES).map((baseline) => baseline.create({ requestsPerSecondPerReplica: 100, leadTimeSeconds: lead, peakLoad: 2000 }, baseline.defaultTarget)), new StepController(policyOf({ leadTimeSeconds: lead }))];
        for (const controller of controllers) {
          const score = simulate(world, controller);
          const { boundHours } = budgetedOptimum(world, lead, Math.max(score.missShare, 1e-6));
          expect(score.replicaHours).toBeGreaterThanOrEqual(boundHours * (1 - 1e-9));
        }
      }
    }
  });

  it("orders the optima: a larger budget is never dearer, and being never short is the dearest", () => {
    for (const seed of [4, 5]) {
      const world = worldOf(seed, 120);
      const tight = budgetedOptimum(world, 120, 0.001);
      const loose = budgetedOptimum(world, 120, 0.01);
      expect(loose.planHours).toBeLessThanOrEqual(tight.planHours);
      expect(tight.boundHours).toBeLessThanOrEqual(tight.planHours * (1 + 1e-9));
      expect(tight.planHours).toBeLessThanOrEqual(strictOptimumHours(world, 120) * 1.001);
    }
  });

  it("gives the same score for the same seed", () => {
    const world = worldOf(6, 120);
    const once = simulate(world, new StepController(policyOf()));
    expect(simulate(world, new StepController(policyOf()))).toEqual(once);
  });
});
