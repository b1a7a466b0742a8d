import { describe, expect, it } from "vitest";
import { dayOf, forecastBudget, monthOf } from "../../src/account/budget.ts";
import { embodiedGramsPerHour, gridWatts, sci } from "../../src/account/carbon.ts";
import { focusCsv, showback } from "../../src/account/showback.ts";
import type { CostRow } from "../../src/account/showback.ts";

const NOON = Date.parse("2026-11-24T12:00:00Z") / 1000;

describe("a budget", () => {
  const budget = { limit: 100, ...dayOf(NOON) };

  it("tells when the rates ahead pass the limit", () => {
    const state = forecastBudget(budget, 60, NOON, [{ timeSeconds: NOON, perHour: 5 }, { timeSeconds: NOON + 4 * 3600, perHour: 10 }]);
    expect(state).toMatchObject({ forecast: 60 + 20 + 80, spentShare: 0.6, elapsedShare: 0.5 });
    expect(state.breachSeconds).toBe(NOON + 6 * 3600);
    expect(state.affordablePerHour).toBeCloseTo(40 / 12, 9);
  });

  it("is not broken within its period by rates that it can bear, nor by what comes after it", () => {
    expect(forecastBudget(budget, 60, NOON, [{ timeSeconds: NOON, perHour: 3 }, { timeSeconds: NOON + 86_400, perHour: 1e9 }]).breachSeconds).toBeUndefined();
  });

  it("is broken now where it is overspent, and can afford nothing", () => {
    expect(forecastBudget(budget, 101, NOON, [])).toMatchObject({ breachSeconds: NOON, affordablePerHour: 0 });
  });

  it("runs over calendar months", () => {
    expect(monthOf(NOON)).toEqual({ periodStartSeconds: Date.parse("2026-11-01T00:00:00Z") / 1000, periodEndSeconds: Date.parse("2026-12-01T00:00:00Z") / 1000 });
  });
});

describe("showback", () => {
  const row = (target: string, tags: Record<string, string>, more: Partial<CostRow> = {}): CostRow => ({
    target, tags, offering: { id: "us-east-1a/m5.large/spot", region: "us-east-1", zone: "us-east-1a", instanceType: "m5.large", capacityType: "spot" },
    fromSeconds: NOON, toSeconds: NOON + 3600, instanceHours: 4, pricePerHourUsd: 0.03, listPricePerHourUsd: 0.096, carbonGrams: 16, ...more,
  });

  it("sums by a tag, and never takes an unknown grid for a clean one", () => {
    const sums = showback([row("web", { team: "shop" }), row("api", { team: "shop" }), row("etl", { team: "data" }, { carbonGrams: undefined }), row("x", {})], "team");
    expect(sums.get("shop")?.costUsd).toBeCloseTo(0.24, 9);
    expect(sums.get("shop")?.carbonGrams).toBe(32);
    expect(sums.get("data")?.carbonGrams).toBeUndefined();
    expect(sums.get("")?.instanceHours).toBe(4);
  });

  it("writes FOCUS columns as CSV, quoted and disarmed", () => {
    const [head = "", first = ""] = focusCsv([row("=cmd()", { team: "shop", service: "a,b" })]).split("\r\n");
    expect(head.split(",").slice(0, 4)).toEqual(["BilledCost", "EffectiveCost", "ListCost", "BillingCurrency"]);
    expect(first.startsWith("0.120000,0.120000,0.384000,USD,Usage,2026-11-24T12:00:00.000Z,2026-11-24T13:00:00.000Z,4,Hours,Dynamic,")).toBe(true);
    expect(first).toContain("\"{\"\"team\"\":\"\"shop\"\",\"\"service\"\":\"\"a,b\"\"}\"");
    expect(first).toContain(",'=cmd(),16");
  });
});

describe("carbon of a machine", () => {
  // 2 vCPU, 8 GiB of Skylake at 60 % (cloud-carbon-footprint coefficients).
  const machine = { vcpu: 2, memoryGib: 8, idleWattsPerVcpu: 0.613, fullWattsPerVcpu: 4.1042, serverVcpu: 96, serverEmbodiedKg: 1200 };

  it("draws what its coefficients say, the data centre's overhead included", () => {
    expect(gridWatts(machine, 0.6, 1)).toBeCloseTo(2 * (0.613 + 0.6 * 3.4912) + 8 * 0.392, 9);
    expect(gridWatts(machine, 0.6, 1.15) / gridWatts(machine, 0.6, 1)).toBeCloseTo(1.15, 9);
  });

  it("carries its share of the server over four years, and nothing that is not known", () => {
    expect(embodiedGramsPerHour(machine)).toBeCloseTo((1_200_000 / 35_040) * (2 / 96), 9);
    expect(embodiedGramsPerHour({ ...machine, serverEmbodiedKg: null })).toBeUndefined();
  });

  it("gives SCI per thousand requests", () => {
    expect(sci(0.01, 400, 1, 5)).toBeCloseTo(1, 9);
    expect(sci(0.01, 400, 1, 0)).toBeUndefined();
  });
});
