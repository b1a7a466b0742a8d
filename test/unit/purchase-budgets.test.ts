import { describe, expect, it } from "vitest";
import type { BudgetReading } from "../../src/model/budget.ts";
import { limitFlatPrice } from "../../src/purchase/flat-price.ts";
import { purchase } from "../../src/purchase/purchase.ts";
import type { PurchaseResult } from "../../src/purchase/purchase-request.ts";
import { NO_LIMIT, NOW, offering, request } from "../fixtures/purchase/request.ts";

const DOLLARS: BudgetReading = { name: "month", unit: "usd", period: "month", limit: 100, spent: 60, forecast: 140, breachSeconds: NOW + 3600, breachProbability: 0.9, affordableShare: 0.5, onLimit: "cut-headroom" };
const GRAMS: BudgetReading = { ...DOLLARS, name: "carbon", unit: "grams", period: "day" };
const ON_DEMAND = { onDemandBase: 12, spotShare: 0, maxDomainShare: 1, regions: [], instanceTypes: [], replicasPerInstance: 1 };
const codes = (result: Pick<PurchaseResult, "reasons">): readonly string[] => result.reasons.map(({ code }) => code);
const dirty = offering("us-east-1a", "on-demand", { intensityGramsPerKwh: 500, powerWatts: 10, pricePerHourUsd: 0.09 });
const clean = offering("us-east-1b", "on-demand", { intensityGramsPerKwh: 50, powerWatts: 10, pricePerHourUsd: 0.1 });

describe("a budget of dollars that will not hold", () => {
  it("changes nothing where the policy only alerts, and says when it is passed", () => {
    const before = purchase(request({ purchase: ON_DEMAND }));
    const result = purchase(request({ purchase: ON_DEMAND, budgets: [{ ...DOLLARS, onLimit: "alert" }] }));
    expect(result.allocation).toEqual(before.allocation);
    expect(codes(result)).toEqual(["budget-breach-forecast"]);
    expect(result.reasons[0]?.text).toBe("budget month: $60.00 spent, $140.00 of $100.00 expected this month, passed at 2023-11-14T23:13Z (chance 90 %)");
  });

  it("cuts the headroom and never the need that is seen", () => {
    const result = purchase(request({ purchase: ON_DEMAND, budgets: [DOLLARS] }));
    expect(result.desiredReplicas).toBe(10);
    expect(codes(result)).toEqual(["budget-breach-forecast", "budget-limit", "budget-limit-exceeded"]);
  });

  it("cuts the objective's capacity only where the policy says so, down to what the rest affords", () => {
    const result = purchase(request({ purchase: ON_DEMAND, budgets: [{ ...DOLLARS, onLimit: "cut-capacity" }] }));
    expect(result.desiredReplicas).toBe(6);
    expect(result.limit?.code).toBe("budget");
  });

  it("takes a cheaper mix before it cuts", () => {
    const result = purchase(request({ offerings: [offering("us-east-1a", "on-demand"), offering("us-east-1a", "spot", { interruptionsPerHour: 60, startSeconds: 600 })], purchase: { ...ON_DEMAND, onDemandBase: 0, spotShare: 1 }, running: {}, budgets: [DOLLARS] }));
    expect(result.desiredReplicas).toBe(12);
    expect(codes(result)).toContain("budget-limit-mix");
  });

  it("is one of several: each is applied to what the one before has left", () => {
    const result = purchase(request({ purchase: ON_DEMAND, budgets: [{ ...DOLLARS, onLimit: "cut-capacity" }, { ...DOLLARS, name: "day", onLimit: "cut-capacity", affordableShare: 0.5 }] }));
    expect(result.desiredReplicas).toBe(3);
  });
});

describe("a budget of grams that will not hold", () => {
  it("moves to the cleaner offerings first and keeps the count", () => {
    const result = purchase(request({ purchase: ON_DEMAND, offerings: [dirty, clean], budgets: [GRAMS] }));
    expect(result.desiredReplicas).toBe(12);
    expect(result.allocation?.carbonGramsPerHour).toBeLessThanOrEqual(12 * 5 * 0.5 + 1e-9);
    expect(codes(result)).toContain("budget-limit-mix");
  });

  it("keeps the count where no mix is clean enough and the policy only alerts", () => {
    const result = purchase(request({ purchase: ON_DEMAND, offerings: [dirty], budgets: [{ ...GRAMS, onLimit: "alert" }] }));
    expect(result.desiredReplicas).toBe(12);
    expect(codes(result)).toContain("budget-limit-exceeded");
  });

  it("cuts capacity where the policy says so", () => {
    const result = purchase(request({ purchase: ON_DEMAND, offerings: [dirty], budgets: [{ ...GRAMS, onLimit: "cut-capacity" }] }));
    expect(result.desiredReplicas).toBe(6);
  });

  it("says that it can do nothing where the grid is not known", () => {
    const result = purchase(request({ purchase: ON_DEMAND, budgets: [GRAMS] }));
    expect(result.desiredReplicas).toBe(12);
    expect(codes(result)).toContain("carbon-unknown");
  });
});

describe("limits where only a replica's price is known", () => {
  const flat = { neededReplicas: 12, floorReplicas: 10, minReplicas: 2, replicaPerHourUsd: 1, cost: NO_LIMIT, budgets: [] };

  it("hold by the count", () => {
    expect(limitFlatPrice(flat)).toEqual({ desiredReplicas: 12, reasons: [] });
    expect(limitFlatPrice({ ...flat, cost: { ...NO_LIMIT, maxPerHourUsd: 11, onLimit: "cut-headroom" } })).toMatchObject({ desiredReplicas: 11, reasons: [{ code: "cost-limit", before: 12, after: 11 }] });
    expect(limitFlatPrice({ ...flat, cost: { ...NO_LIMIT, maxPerHourUsd: 5, onLimit: "cut-headroom" } }).desiredReplicas).toBe(10);
    expect(limitFlatPrice({ ...flat, cost: { ...NO_LIMIT, maxPerHourUsd: 5, onLimit: "cut-capacity" } }).desiredReplicas).toBe(5);
    expect(limitFlatPrice({ ...flat, budgets: [{ ...DOLLARS, onLimit: "cut-capacity" }] }).desiredReplicas).toBe(6);
  });

  it("only alert where the policy says no more", () => {
    const limited = limitFlatPrice({ ...flat, cost: { ...NO_LIMIT, maxPerHourUsd: 5 } });
    expect([limited.desiredReplicas, ...codes(limited)]).toEqual([12, "cost-limit-exceeded"]);
  });
});
