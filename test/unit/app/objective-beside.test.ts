import { describe, expect, it } from "vitest";

import { ObjectiveBook } from "../../../src/app/shadow/objective-beside.ts";
import { replayedBaseline } from "../../../src/app/shadow/replayed-baseline.ts";
import { missing, present } from "../../../src/model/observation.ts";
import type { TargetSnapshot } from "../../../src/model/snapshot.ts";
import { policyOf } from "../../fixtures/policy.ts";

const NONE = missing("absent", "not read");
const RATE = 100;
const policy = policyOf();

function seenAt(timeSeconds: number, demand: number, readyReplicas: number): TargetSnapshot {
  return {
    demand: present(demand, timeSeconds), utilization: NONE, missRatio: NONE, backlog: NONE, notices: [],
    workload: { kind: "value", timeSeconds, desiredReplicas: readyReplicas, readyReplicas, pendingReplicas: 0 },
  };
}

describe("the objective beside the HPA", () => {
  it("charges each its own shortage under the same load, and counts the time over the error budget", () => {
    const book = new ObjectiveBook();
    const interval = policy.evaluationIntervalSeconds;
    for (let tick = 0; tick <= 10; tick += 1) book.add(policy, { timeSeconds: tick * interval, seen: seenAt(tick * interval, 900, 20), requestsPerSecondPerReplica: RATE, baselineReplicas: 8 });
    const seen = book.view(policy);
    expect(seen?.seconds).toBe(10 * interval);
    expect(seen?.own.requests).toBe(900 * 10 * interval);
    expect(seen?.own.requests).toBe(seen?.baseline.requests);
    expect(seen?.own.overSeconds).toBe(0);
    expect(seen?.baseline.overSeconds).toBe(10 * interval);
    expect(seen?.baseline.missed).toBeGreaterThan(0.1 * (seen?.baseline.requests ?? NaN));
    expect(seen?.own.missed).toBeLessThan(0.001 * (seen?.own.requests ?? NaN));
  });

  it("takes the service's own measure for its own, and adds to it for the HPA what the model says of fewer replicas", () => {
    const book = new ObjectiveBook();
    const interval = policy.evaluationIntervalSeconds;
    const measuring = (tick: number): TargetSnapshot => ({ ...seenAt(tick * interval, 900, 20), missRatio: present(0.02, tick * interval) });
    for (let tick = 0; tick <= 10; tick += 1) book.add(policy, { timeSeconds: tick * interval, seen: measuring(tick), requestsPerSecondPerReplica: RATE, baselineReplicas: 20 });
    const equal = book.view(policy);
    expect(equal?.isMeasured).toBe(true);
    expect(equal?.own.missed).toBeCloseTo(0.02 * (equal?.own.requests ?? NaN), 6);
    expect(equal?.baseline.missed).toBeCloseTo(equal?.own.missed ?? NaN, 6);
    for (let tick = 11; tick <= 20; tick += 1) book.add(policy, { timeSeconds: tick * interval, seen: measuring(tick), requestsPerSecondPerReplica: RATE, baselineReplicas: 8 });
    expect(book.view(policy)?.baseline.missed).toBeGreaterThan(2 * (book.view(policy)?.own.missed ?? NaN));
  });

  it("says nothing until both are known, and counts no long pause", () => {
    const book = new ObjectiveBook();
    book.add(policy, { timeSeconds: 0, seen: seenAt(0, 900, 20), requestsPerSecondPerReplica: undefined, baselineReplicas: 8 });
    book.add(policy, { timeSeconds: 60, seen: { ...seenAt(60, 900, 20), demand: NONE }, requestsPerSecondPerReplica: RATE, baselineReplicas: 8 });
    book.add(policy, { timeSeconds: 120, seen: seenAt(120, 900, 20), requestsPerSecondPerReplica: RATE, baselineReplicas: undefined });
    expect(book.view(policy)).toBeUndefined();
    book.add(policy, { timeSeconds: 100_000, seen: seenAt(100_000, 900, 20), requestsPerSecondPerReplica: RATE, baselineReplicas: 8 });
    expect(book.view(policy)?.seconds).toBe(4 * policy.evaluationIntervalSeconds);
  });
});

describe("the HPA on a load of the past", () => {
  const known = { requestsPerSecondPerReplica: RATE, leadTimeSeconds: 30 };
  const ramp = Array.from({ length: 60 }, (_, row) => ({ timeSeconds: row * 5, demand: 200 + 20 * row }));

  it("follows a rising load, later than it", () => {
    const counts = replayedBaseline(policy, ramp, { ...known, stepSeconds: 5 });
    expect(counts).toHaveLength(ramp.length);
    expect(counts[0]).toBe(3);
    expect(counts.at(-1)).toBeGreaterThan(12);
    expect(counts.at(-1)).toBeLessThan(Math.ceil((ramp.at(-1)?.demand ?? NaN) / (RATE * 0.7)) + 1);
  });

  it("is not guessed from steps coarser than its own, nor without a capacity", () => {
    expect(replayedBaseline(policy, ramp, { ...known, stepSeconds: 60 }).every((count) => count === undefined)).toBe(true);
    expect(replayedBaseline(policy, ramp, { ...known, requestsPerSecondPerReplica: undefined, stepSeconds: 5 }).every((count) => count === undefined)).toBe(true);
  });
});
