import { describe, expect, it } from "vitest";

import { benchmarkWorld, traceFolder } from "../../../bench/scaling/traces.ts";
import { budgetedOptimum } from "../../../src/replay/clairvoyant/budgeted.ts";
import { strictOptimumHours } from "../../../src/replay/clairvoyant/strict.ts";
import { simulate } from "../../../src/replay/simulate.ts";
import type { ReplayWorld } from "../../../src/replay/simulate.ts";
import { BENCHMARK_OBSERVATION } from "../../../src/replay/simulate.ts";
import { BENCHMARK_CLUSTER } from "../../../src/twin/cluster.ts";
import { BENCHMARK_SERVICE } from "../../../src/twin/service.ts";

const folder = traceFolder();

/** Billed replica-hours by trace: strict, 0.1 %, 1 % at 120 s; then at 300 s; then at 30 s. From the specification. */
const CHECK_VALUES: readonly (readonly [string, number, readonly number[]])[] = [
  ["ms_mongo01", 120, [3830, 3739, 3395]], ["ms_mongo01", 300, [3879, 3771, 3424]], ["ms_mongo01", 30, [3792, 3720, 3378]],
  ["ms_ingress01", 120, [7229, 7092, 6439]],
];

describe.skipIf(folder === undefined)("the clairvoyant optimum on the open traces", () => {
  it.each(CHECK_VALUES)("bills the specification's replica-hours: %s at %d s", (trace, lead, [strict = NaN, tight = NaN, loose = NaN]) => {
    const world = benchmarkWorld(folder ?? "", trace, lead);
    expect(Math.abs(strictOptimumHours(world, lead) - strict)).toBeLessThanOrEqual(0.6);
    expect(Math.abs(budgetedOptimum(world, lead, 0.001).planHours / tight - 1)).toBeLessThan(0.001);
    expect(Math.abs(budgetedOptimum(world, lead, 0.01).planHours / loose - 1)).toBeLessThan(0.001);
  });
});

describe("the plan of the optimum", () => {
  it("keeps its budget when it is replayed, and is billed what it says", () => {
    const load = Float64Array.from({ length: 400 }, (_, i) => 800 + 500 * Math.sin(i / 30));
    const world: ReplayWorld = {
      load, startSeconds: 0, stepSeconds: 15, scoreFrom: 40, service: BENCHMARK_SERVICE, cluster: BENCHMARK_CLUSTER(60), minReplicas: 1, maxReplicas: 200, observation: BENCHMARK_OBSERVATION,
    };
    const optimum = budgetedOptimum(world, 60, 0.001);
    let index = 0;
    const plan = { decide: (): number => {
      const ahead = Math.max(0, Math.min(optimum.ready.length - 1, index - 40 + 4));
      const now = Math.max(0, Math.min(optimum.ready.length - 1, index - 40));
      index += 1;
      return Math.max(optimum.ready[ahead] ?? 1, optimum.ready[now] ?? 1);
    } };
    const score = simulate(world, plan);
    expect(score.missShare).toBeLessThan(0.0012);
    expect(score.replicaHours).toBeLessThan(optimum.planHours * 1.05);
    expect(score.replicaHours).toBeGreaterThanOrEqual(optimum.boundHours * 0.999);
  });
});
