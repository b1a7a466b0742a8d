import { describe, expect, it } from "vitest";

import { breakerAfter, CLOSED_BREAKER } from "../../src/learn/breaker.ts";
import { believedCapacity, learnCapacity } from "../../src/learn/capacity.ts";
import { initialErrorBudget, learnPrice, priceOf } from "../../src/learn/error-budget.ts";
import { believedLeadTime, orderPlaced, ordersDropped, plannedLeadTimeSeconds, readySeen } from "../../src/learn/lead-time.ts";
import type { OutcomeKind } from "../../src/model/intent.ts";

describe("the learned capacity", () => {
  it("comes to the utilization law's value from a belief that is 15 % wrong, within a day", () => {
    for (const belief of [85, 115]) {
      let capacity = believedCapacity(belief);
      for (let i = 0; i < 1000; i += 1) capacity = learnCapacity(capacity, { demandPerSecond: 700, utilization: 0.7 * (1 + 0.01 * Math.sin(i)), readyReplicas: 10, fleetChanged: false });
      expect(Math.abs(capacity.requestsPerSecondPerReplica / 100 - 1)).toBeLessThan(0.01);
    }
  });

  it.each([
    ["a saturated sample", { demandPerSecond: 700, utilization: 1, readyReplicas: 5, fleetChanged: false }],
    ["an idle one", { demandPerSecond: 7, utilization: 0.01, readyReplicas: 5, fleetChanged: false }],
    ["one while the fleet changes", { demandPerSecond: 700, utilization: 0.5, readyReplicas: 5, fleetChanged: true }],
    ["one without replicas", { demandPerSecond: 700, utilization: 0.5, readyReplicas: 0, fleetChanged: false }],
  ])("learns nothing from %s", (_name, sample) => {
    expect(learnCapacity(believedCapacity(100), sample)).toEqual(believedCapacity(100));
  });
});

describe("the measured lead time", () => {
  it("is the 0.8 quantile of what was measured, once there are five", () => {
    let lead = believedLeadTime(30);
    for (const [i, seconds] of [100, 110, 120, 130, 140].entries()) {
      lead = readySeen(orderPlaced(lead, i * 1000, 10 + i), i * 1000 + seconds, 10 + i);
      if (i === 3) expect(plannedLeadTimeSeconds(lead)).toBe(30);
    }
    expect(plannedLeadTimeSeconds(lead)).toBe(130);
  });

  it("forgets orders when a scale-in blurs them", () => {
    expect(readySeen(ordersDropped(orderPlaced(believedLeadTime(30), 0, 5)), 60, 5).measuredSeconds).toEqual([]);
  });
});

describe("the price of a miss", () => {
  const day = { seconds: 15, daySeconds: 86_400, errorBudget: 0.001, demandPerSecond: 1000, leadTimeSeconds: 120 };
  const after = (missRatio: number): number => {
    let budget = initialErrorBudget(120);
    for (let i = 0; i < 5760; i += 1) budget = learnPrice(budget, { ...day, missRatio });
    return priceOf(budget);
  };

  it("stays where the misses are at the budget, rises above it and falls under it", () => {
    const prior = priceOf(initialErrorBudget(120));
    expect(after(0.001)).toBeCloseTo(prior, 6);
    expect(after(0.002)).toBeGreaterThan(prior * 1.1);
    expect(after(0)).toBeLessThan(prior * 0.9);
  });

  it("does not move without a measurement", () => {
    expect(after(NaN)).toBe(priceOf(initialErrorBudget(120)));
  });
});

describe("the breaker", () => {
  const outcomes = (...kinds: OutcomeKind[]) => kinds.map((kind, i) => ({ idempotencyKey: String(i), target: "web", kind, timeSeconds: 0, code: "x", detail: "" }));

  it("opens after three writes without effect, and closes with the first that had one", () => {
    const two = breakerAfter(CLOSED_BREAKER, outcomes("failed", "unknown"), 100);
    expect(two.openUntilSeconds).toBe(-Infinity);
    const open = breakerAfter(two, outcomes("no-op"), 115);
    expect(open.openUntilSeconds).toBe(415);
    expect(breakerAfter(open, outcomes("applied"), 430)).toEqual(CLOSED_BREAKER);
  });

  it("does not count what the gate refused", () => {
    expect(breakerAfter(CLOSED_BREAKER, outcomes("rejected", "rejected", "rejected"), 0)).toBe(CLOSED_BREAKER);
  });
});
