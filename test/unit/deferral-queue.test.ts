import { describe, expect, it } from "vitest";
import { deferQueue } from "../../src/purchase/defer-queue.ts";
import { hourPrices } from "../../src/purchase/hour-prices.ts";
import { watchQueue, type Cohort } from "../../src/purchase/waiting-work.ts";

const HOUR = 3600;
const hoursAt = (grams: readonly number[], usd = 0.1) => grams.map((gramsPerReplica, at) => ({ startSeconds: at * HOUR, usdPerReplica: usd, gramsPerReplica }));
const TERMS = { nowSeconds: 0, itemsPerSecondPerReplica: 1, minReplicas: 0, maxReplicas: 4, usdPerGram: 0.001, leadSeconds: 120, changeoverSeconds: 300 };

describe("work that waits, by its deadlines", () => {
  it("takes what is gone from the oldest and gives what is new its own deadline", () => {
    const first = watchQueue([], { timeSeconds: 0, backlog: 100, arrived: 0, deadlineSeconds: 7200 });
    const second = watchQueue(first, { timeSeconds: 3600, backlog: 90, arrived: 50, deadlineSeconds: 7200 });
    expect(second).toEqual([{ deadlineSeconds: 7200, items: 40 }, { deadlineSeconds: 10_800, items: 50 }]);
  });

  it("counts as new what waits and was not known to have come", () => {
    const cohorts = watchQueue([{ deadlineSeconds: 100, items: 10 }], { timeSeconds: 2000, backlog: 30, arrived: 0, deadlineSeconds: 7200 });
    expect(cohorts).toEqual([{ deadlineSeconds: 100, items: 10 }, { deadlineSeconds: 9200, items: 20 }]);
  });

  it("stays small however many ticks bring work", () => {
    let cohorts: readonly Cohort[] = [];
    for (let tick = 0; tick < 2880; tick += 1) cohorts = watchQueue(cohorts, { timeSeconds: tick * 15, backlog: tick + 1, arrived: 1, deadlineSeconds: 12 * HOUR });
    expect(cohorts.length).toBeLessThanOrEqual(49);
    expect(cohorts.reduce((sum, { items }) => sum + items, 0)).toBe(2880);
  });
});

describe("deferring a queue", () => {
  it("runs in the cleanest hours before the deadline", () => {
    const plan = deferQueue({ ...TERMS, cohorts: [{ deadlineSeconds: 6 * HOUR, items: 2 * HOUR }], hours: hoursAt([500, 400, 50, 300, 60, 500]) });
    expect(plan.replicas).toEqual([0, 0, 2, 0, 0, 0]);
    expect(plan.urgentReplicas).toBe(0);
  });

  it("spends the hours of the earlier deadline on it first", () => {
    const plan = deferQueue({ ...TERMS, cohorts: [{ deadlineSeconds: 2 * HOUR + 600, items: 4 * HOUR }, { deadlineSeconds: 4 * HOUR + 600, items: 4 * HOUR }], hours: hoursAt([10, 500, 400, 300]) });
    expect(plan.replicas).toEqual([4, 0, 0, 4]);
  });

  it("weighs dollars against grams by the price of carbon", () => {
    const hours = [{ startSeconds: 0, usdPerReplica: 0.1, gramsPerReplica: 100 }, { startSeconds: HOUR, usdPerReplica: 0.2, gramsPerReplica: 10 }];
    const cohorts = [{ deadlineSeconds: 2 * HOUR + 600, items: HOUR }];
    expect(deferQueue({ ...TERMS, usdPerGram: 0.0001, cohorts, hours }).replicas).toEqual([1, 0]);
    expect(deferQueue({ ...TERMS, usdPerGram: 0.01, cohorts, hours }).replicas).toEqual([0, 1]);
  });

  it("runs everything once the latest safe start has come, and not a moment earlier", () => {
    const work = { deadlineSeconds: 6 * HOUR, items: 4 * HOUR };
    const hours = hoursAt([500, 500, 500, 500, 500, 1]);
    const latest = 6 * HOUR - HOUR - 2 * 300 - 120;
    expect(deferQueue({ ...TERMS, nowSeconds: latest - 1, cohorts: [work], hours }).urgentReplicas).toBe(0);
    expect(deferQueue({ ...TERMS, nowSeconds: latest, cohorts: [work], hours }).urgentReplicas).toBe(4);
  });
});

describe("what an hour costs", () => {
  const offering = { id: "a", region: "eu-west-1", zone: "a", instanceType: "m5.large", capacityType: "on-demand", replicas: 2, pricePerHourUsd: 0.2, interruptionsPerHour: 0, launchable: true, startSeconds: 60, powerWatts: 20, embodiedGramsPerHour: 5 } as const;
  it("is the price of a replica and the grams of the forecast hour", () => {
    const carbon = { signal: "average", intensityGramsPerKwh: 300, timeSeconds: 0, forecast: [{ timeSeconds: 0, intensityGramsPerKwh: 300 }, { timeSeconds: HOUR, intensityGramsPerKwh: 100 }] } as const;
    const hours = hourPrices({ nowSeconds: 0, untilSeconds: 2 * HOUR, offerings: [offering], carbon, replicaPerHourUsd: undefined, usdByHour: new Array<number>(24).fill(NaN) });
    expect(hours).toEqual([{ startSeconds: 0, usdPerReplica: 0.1, gramsPerReplica: 3 }, { startSeconds: HOUR, usdPerReplica: 0.1, gramsPerReplica: 1 }]);
  });

  it("is flat where nothing is forecast", () => {
    const hours = hourPrices({ nowSeconds: 0, untilSeconds: 3 * HOUR, offerings: [], carbon: undefined, replicaPerHourUsd: 0.3, usdByHour: new Array<number>(24).fill(NaN) });
    expect(hours.map(({ usdPerReplica, gramsPerReplica }) => [usdPerReplica, gramsPerReplica])).toEqual([[0.3, 0], [0.3, 0], [0.3, 0]]);
  });
});
