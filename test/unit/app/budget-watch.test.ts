import { describe, expect, it } from "vitest";
import type { HeldOffering } from "../../../src/account/held-capacity.ts";
import { BudgetWatch, type MoneyTarget } from "../../../src/purchase/budget-watch.ts";
import { SpendBook } from "../../../src/app/money/spend-book.ts";
import { openMemoryHistory } from "../../../src/history/memory-history.ts";
import type { Policy } from "../../../src/model/policy.ts";
import { policyOf } from "../../fixtures/policy.ts";

const HOUR = 3600;
const DAY = 86_400;
const MONDAY = Date.UTC(2026, 5, 1) / 1000;
const held = (usdPerHour: number, gramsPerHour?: number): HeldOffering => ({ offering: { id: "replica", region: "", zone: "", instanceType: "", capacityType: "on-demand" }, instances: 10, usdPerHour, listUsdPerHour: usdPerHour, gramsPerHour });
const COST = { maxPerHourUsd: undefined, onLimit: "cut-headroom", replicaPerHourUsd: 0.1 } as const;

async function watch(policies: readonly Policy[], parts: { readonly shared?: ConstructorParameters<typeof BudgetWatch>[0]["shared"]; readonly targets?: Readonly<Record<string, Partial<MoneyTarget>>> } = {}): Promise<{ readonly budgets: BudgetWatch; readonly spend: SpendBook }> {
  const spend = new SpendBook({ history: openMemoryHistory(), onFailure: () => undefined });
  await spend.open(policies.map(({ name }) => name), MONDAY);
  const budgets = new BudgetWatch({
    spend, shared: parts.shared ?? [],
    target: (name) => {
      const policy = policies.find((one) => one.name === name);
      return policy === undefined ? undefined : { policy, planned: { usd: 1, grams: 100 }, replicas: 10, load: 500, forecast: undefined, ...parts.targets?.[name] };
    },
  });
  budgets.watch(policies);
  return { budgets, spend };
}

describe("a budget", () => {
  it("holds where what is spent and what lies ahead stay below it, and says nothing to the step", async () => {
    const policy = policyOf({ cost: { ...COST, maxPerDayUsd: 30 } });
    const { budgets } = await watch([policy]);
    expect(budgets.statuses(MONDAY)[0]).toMatchObject({ name: "web-day", spent: 0, forecast: 24, affordableShare: 1, breachSeconds: undefined });
    expect(budgets.readings(policy, MONDAY)).toBeUndefined();
  });

  it("tells when it will be passed, and the share that the rest affords", async () => {
    const policy = policyOf({ cost: { ...COST, maxPerDayUsd: 12 } });
    const { budgets, spend } = await watch([policy]);
    spend.charge("web", [held(1)], MONDAY);
    spend.charge("web", [held(1)], MONDAY + 6 * HOUR);
    const [status] = budgets.statuses(MONDAY + 6 * HOUR);
    expect(status?.spent).toBeCloseTo(6, 6);
    expect(status?.forecast).toBeCloseTo(24, 6);
    expect(status?.breachSeconds).toBeCloseTo(MONDAY + 12 * HOUR, 3);
    expect(budgets.readings(policy, MONDAY + 6 * HOUR)).toMatchObject([{ name: "web-day", limit: 12, spent: 6, forecast: 24, affordableShare: 0.333, onLimit: "cut-headroom" }]);
  });

  it("follows the outlook's load as far as it looks, with the chance that its spread gives", async () => {
    const policy = policyOf({ cost: { ...COST, maxPerDayUsd: 36 }, replicas: { min: 1, max: 100 } });
    const hours = Array.from({ length: 24 }, (_, at) => MONDAY + (at + 1) * HOUR);
    const forecast = { timeSeconds: hours, low: hours.map(() => 500), median: hours.map(() => 750), high: hours.map(() => 1000) };
    const { budgets } = await watch([policy], { targets: { web: { forecast } } });
    const [status] = budgets.statuses(MONDAY);
    expect(status).toMatchObject({ forecastLow: 24, forecast: 36, forecastHigh: 48 });
    expect(status?.breachProbability).toBeCloseTo(0.5, 6);
  });

  it("expects beyond the outlook what the same hour of the week has cost", async () => {
    const policy = policyOf({ cost: { ...COST, maxPerDayUsd: 1000 } });
    const { budgets, spend } = await watch([policy]);
    for (let hour = 0; hour < 7 * 24; hour += 1) for (let quarter = 0; quarter < 4; quarter += 1) spend.charge("web", [held(hour % 24 < 12 ? 1 : 3)], MONDAY + hour * HOUR + quarter * 900);
    spend.charge("web", [held(1)], MONDAY + 7 * DAY);
    const [status] = budgets.statuses(MONDAY + 7 * DAY);
    expect(status?.forecast).toBeCloseTo(12 * 1 + 12 * 3, 6);
  });

  it("of the fleet is shared by all: the same part of what each has planned", async () => {
    const [a, b] = [policyOf({ name: "a", group: "g", cost: COST }), policyOf({ name: "b", group: "h", cost: { ...COST, onLimit: "alert" } })];
    const { budgets } = await watch([a, b], { shared: [{ name: "fleet", match: {}, per: "day", limitUsd: 24 }], targets: { b: { planned: { usd: 3, grams: undefined } } } });
    expect(budgets.statuses(MONDAY)[0]).toMatchObject({ scope: "fleet", members: ["a", "b"], forecast: 96, affordableShare: 0.25 });
    expect(budgets.readings(a, MONDAY)).toMatchObject([{ affordableShare: 0.25, onLimit: "cut-headroom" }]);
    expect(budgets.readings(b, MONDAY)).toMatchObject([{ affordableShare: 0.25, onLimit: "alert" }]);
  });

  it("of a label or a group covers those alone, in grams too", async () => {
    const policies = [policyOf({ name: "a", group: "g", labels: { team: "shop" } }), policyOf({ name: "b", group: "h" })];
    const { budgets } = await watch(policies, { shared: [{ name: "team", match: { team: "shop" }, per: "day", limitGrams: 1200 }, { name: "g", group: "h", match: {}, per: "month", limitUsd: 10_000 }] });
    expect(budgets.statuses(MONDAY).map(({ name, scope, members, unit, forecast }) => [name, scope, members, unit, Math.round(forecast)])).toEqual([["team", "labels", ["a"], "grams", 2400], ["g", "group", ["b"], "usd", 720]]);
    expect(budgets.readings(policies[0] as Policy, MONDAY)).toMatchObject([{ unit: "grams", affordableShare: 0.5, onLimit: "alert" }]);
  });

  it("whose limit is passed affords nothing more", async () => {
    const policy = policyOf({ cost: { ...COST, maxPerDayUsd: 2 } });
    const { budgets, spend } = await watch([policy]);
    spend.charge("web", [held(1)], MONDAY);
    spend.charge("web", [held(1)], MONDAY + 3 * HOUR);
    expect(budgets.statuses(MONDAY + 3 * HOUR)[0]).toMatchObject({ affordableShare: 0, breachProbability: 1, breachSeconds: MONDAY + 3 * HOUR });
  });

  it("begins anew with its period", async () => {
    const policy = policyOf({ cost: { ...COST, maxPerDayUsd: 2 } });
    const { budgets, spend } = await watch([policy]);
    spend.charge("web", [held(1)], MONDAY);
    spend.charge("web", [held(1)], MONDAY + 23 * HOUR);
    expect(budgets.statuses(MONDAY + DAY)[0]?.spent).toBe(0);
  });

  it("of targets whose price nobody knows tells no amount, but why", async () => {
    const policy = policyOf({ cost: { ...COST, maxPerDayUsd: 30 } });
    const { budgets } = await watch([policy], { targets: { web: { planned: { usd: undefined, grams: undefined } } } });
    expect(budgets.statuses(MONDAY)[0]).toMatchObject({ unknown: "what a replica costs of web is not known" });
    expect(budgets.readings(policy, MONDAY)).toBeUndefined();
    const idle = await watch([policy], { targets: { web: { planned: { usd: undefined, grams: undefined }, replicas: 0 } } });
    expect(idle.budgets.statuses(MONDAY)[0]?.unknown).toBeUndefined();
  });

  it("names the members whose price is not known, beside the sum of the others", async () => {
    const { budgets } = await watch([policyOf({ name: "a" }), policyOf({ name: "b" })], { shared: [{ name: "fleet", match: {}, per: "day", limitUsd: 100 }], targets: { b: { planned: { usd: undefined, grams: undefined } } } });
    const [status] = budgets.statuses(MONDAY);
    expect(status).toMatchObject({ forecast: 24, unknownMembers: ["b"] });
    expect(status?.unknown).toBeUndefined();
  });
});
