import { expect, test } from "vitest";
import { defaultPolicy } from "../../src/replay/default-policy.ts";
import { seededNormal } from "../../src/replay/random.ts";
import { BENCHMARK_OBSERVATION, simulate } from "../../src/replay/simulate.ts";
import { StepController } from "../../src/replay/step-controller.ts";
import { BENCHMARK_CLUSTER } from "../../src/twin/cluster.ts";
import { BENCHMARK_SERVICE } from "../../src/twin/service.ts";

const DAY_STEPS = 5760;

/** Every half hour a burst to 2.5 times the load, two minutes long, known by the minute and linear between. */
function burstsEveryHalfHour(days: number): Float64Array {
  const normal = seededNormal(5);
  return Float64Array.from({ length: days * DAY_STEPS }, (_, i) => {
    const inHalfHour = (i / 4) % 30;
    const edge = Math.min(1, Math.max(0, Math.min(inHalfHour, 3 - inHalfHour)));
    return 1500 * (1 + 1.5 * edge) * (1 + 0.015 * normal());
  });
}

test.each([120, 300])("what was ordered for a short burst is still there when it comes (%d s)", (leadTimeSeconds) => {
  const world = {
    load: burstsEveryHalfHour(7), startSeconds: 1_760_054_400, stepSeconds: 15, scoreFrom: 5 * DAY_STEPS, service: BENCHMARK_SERVICE,
    cluster: BENCHMARK_CLUSTER(leadTimeSeconds), minReplicas: 1, maxReplicas: 200, observation: BENCHMARK_OBSERVATION,
  };
  const score = simulate(world, new StepController(defaultPolicy({ leadTimeSeconds, requestsPerSecondPerReplica: 100, errorBudget: 0.001 })));
  expect(score.missShare).toBeLessThan(0.002);
});
