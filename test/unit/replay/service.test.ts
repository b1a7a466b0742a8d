import { describe, expect, it } from "vitest";

import { useForBudget } from "../../../src/replay/tally.ts";
import { BENCHMARK_SERVICE, erlangC, missProbability, serveStep } from "../../../src/twin/service.ts";
import { missShare } from "../../../src/plan/queue-tail.ts";

describe("the modelled service", () => {
  it.each([
    [0.6, 6.34e-6], [0.7, 1.497e-4], [0.75, 6.89e-4], [0.8, 3.084e-3], [0.9, 5.76e-2],
  ])("misses as the specification says at a use of %d", (use, expected) => {
    const missed = missProbability(BENCHMARK_SERVICE, use);
    expect(Math.abs(missed / expected - 1)).toBeLessThan(2e-3);
  });

  it("has the specification's mean wait of 22.9 ms at a use of 0.8", () => {
    const meanWait = erlangC(8, 6.4) / (8 / 0.08 - 80);
    expect(meanWait).toBeCloseTo(0.0229, 4);
  });

  it("misses 0.1 % at a use of 0.76234", () => {
    expect(useForBudget(BENCHMARK_SERVICE, 0.001)).toBeCloseTo(0.76234, 5);
  });

  it("is the queue that the planner assumes, below saturation", () => {
    for (const use of [0.5, 0.7, 0.8, 0.9, 0.99]) {
      expect(missShare({ workers: 8, requestsPerSecondPerReplica: 100, objectiveSeconds: 0.25 }, use)).toBeCloseTo(missProbability(BENCHMARK_SERVICE, use), 12);
    }
  });

  it("keeps a backlog within the time that a client waits", () => {
    const step = serveStep(BENCHMARK_SERVICE, { backlog: 0, arrivalsPerSecond: 1000, readyReplicas: 2, stepSeconds: 15 });
    expect(step.backlog).toBe(2000);
    expect(step.dropped).toBe(10_000);
    expect(step.served).toBe(3000);
  });

  it("misses everything with no replica at all", () => {
    expect(serveStep(BENCHMARK_SERVICE, { backlog: 0, arrivalsPerSecond: 10, readyReplicas: 0, stepSeconds: 15 }).missed).toBe(150);
  });
});
