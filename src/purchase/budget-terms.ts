import type { BudgetPeriod, BudgetUnit } from "../model/budget.ts";
import type { Policy } from "../model/policy.ts";
import type { DaemonConfig } from "../policy/daemon-schema.ts";

export interface BudgetTerms {
  readonly name: string;
  readonly scope: "target" | "group" | "labels" | "fleet";
  readonly unit: BudgetUnit;
  readonly period: BudgetPeriod;
  readonly limit: number;
}

/** Every budget in force with the targets that it covers: the policies' own, then those of foretide.yaml. */
export function budgetsOf(policies: readonly Policy[], shared: DaemonConfig["budgets"]): readonly (BudgetTerms & { readonly members: readonly string[] })[] {
  const own = policies.flatMap(({ name, cost, carbon }) => {
    const of = (unit: BudgetUnit, period: BudgetPeriod, limit: number | undefined) => (limit === undefined ? [] : [{ name: `${name}-${period}${unit === "grams" ? "-carbon" : ""}`, scope: "target" as const, unit, period, limit, members: [name] }]);
    return [...of("usd", "day", cost.maxPerDayUsd), ...of("usd", "month", cost.maxPerMonthUsd), ...of("grams", "day", carbon.maxGramsPerDay)];
  });
  return [...own, ...shared.flatMap(({ name, group, match, per, limitUsd, limitGrams }) => {
    const limit = limitUsd ?? limitGrams;
    if (limit === undefined) return [];
    const labels = Object.entries(match);
    const members = policies.filter((policy) => (group === undefined || policy.group === group) && labels.every(([key, value]) => policy.labels[key] === value)).map((policy) => policy.name);
    return [{ name, scope: group !== undefined ? ("group" as const) : labels.length > 0 ? ("labels" as const) : ("fleet" as const), unit: limitUsd === undefined ? ("grams" as const) : ("usd" as const), period: per, limit, members }];
  })];
}
