import { describe, expect, it } from "vitest";
import { addUsage, adviseSize, EMPTY_USAGE, usageQuantile } from "../../src/account/right-size.ts";
import type { UsageHistogram } from "../../src/account/right-size.ts";

const HOUR = 3600;
const CPU = 0.01;
const MEMORY = 0.01;
const fill = (uses: readonly number[], first: number, from = 0): UsageHistogram => uses.reduce((histogram, use, at) => addUsage(histogram, use, from + at * HOUR, first), EMPTY_USAGE);

describe("decaying histograms of use", () => {
  it("give a quantile within one bucket of the samples'", () => {
    const uses = Array.from({ length: 20 }, (_, at) => 0.1 + at * 0.05);
    const p90 = usageQuantile(fill(uses.map((use) => use), CPU), 0.9, CPU) ?? NaN;
    expect(p90).toBeGreaterThanOrEqual(0.95);
    expect(p90).toBeLessThan(1.05 * 1.06 + CPU);
  });

  it("forget by half a day after day", () => {
    let histogram = addUsage(EMPTY_USAGE, 4, 0, CPU);
    for (let day = 7; day < 14; day += 1) histogram = addUsage(histogram, 1, day * 86_400, CPU);
    expect(usageQuantile(histogram, 0.98, CPU)).toBeLessThan(1.1);
  });

  it("stay finite over years, and leave bad samples out", () => {
    let histogram = EMPTY_USAGE;
    for (let day = 0; day < 3650; day += 5) histogram = addUsage(histogram, 1, day * 86_400, CPU);
    expect(histogram.weights.every((weight) => Number.isFinite(weight))).toBe(true);
    expect(usageQuantile(histogram, 0.9, CPU)).toBeGreaterThanOrEqual(1);
    for (const bad of [NaN, -1, Infinity]) expect(addUsage(histogram, bad, 1, CPU)).toBe(histogram);
    expect(usageQuantile(EMPTY_USAGE, 0.9, CPU)).toBeUndefined();
  });
});

describe("right-sizing", () => {
  const options = [
    { instanceType: "m5.large", vcpu: 2, memoryGib: 8, pricePerHourUsd: 0.096 },
    { instanceType: "c6i.large", vcpu: 2, memoryGib: 4, pricePerHourUsd: 0.085 },
    { instanceType: "t3.small", vcpu: 1, memoryGib: 1, pricePerHourUsd: 0.02 },
  ];

  it("puts the cheapest type per replica first, with its saving and its risk, and leaves out what cannot hold one", () => {
    const cpu = fill(Array.from({ length: 20 }, () => 0.8), CPU);
    const memory = fill(Array.from({ length: 20 }, () => 1.5), MEMORY);
    const advice = adviseSize(cpu, memory, options, { level: 0.9, cpuFirst: CPU, memoryFirst: MEMORY, perReplicaUsdNow: 0.096 });
    expect(advice.map(({ instanceType, replicas }) => [instanceType, replicas])).toEqual([["c6i.large", 2], ["m5.large", 2]]);
    expect(advice[0]?.savingShare).toBeCloseTo(1 - 0.0425 / 0.096, 9);
    expect(advice[0]).toMatchObject({ cpuShortShare: 0, memoryShortShare: 0 });
  });

  it("tells how often a replica would have been short", () => {
    const cpu = fill(Array.from({ length: 100 }, (_, at) => (at % 10 === 0 ? 1.7 : 0.4)), CPU);
    const memory = fill(Array.from({ length: 100 }, () => 0.5), MEMORY);
    const [first] = adviseSize(cpu, memory, options, { level: 0.8, cpuFirst: CPU, memoryFirst: MEMORY, perReplicaUsdNow: 0.096 });
    expect(first?.cpuShortShare).toBeGreaterThan(0.05);
    expect(first?.cpuShortShare).toBeLessThan(0.15);
  });

  it("advises nothing without measurements", () => {
    expect(adviseSize(EMPTY_USAGE, EMPTY_USAGE, options, { level: 0.9, cpuFirst: CPU, memoryFirst: MEMORY, perReplicaUsdNow: 1 })).toEqual([]);
  });
});
