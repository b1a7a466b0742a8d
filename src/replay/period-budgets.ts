import { heldCapacity } from "../account/held-capacity.ts";
import { RunningAccount } from "../account/running-account.ts";
import type { BudgetReading } from "../model/budget.ts";
import type { Decision } from "../model/decision.ts";
import type { Policy } from "../model/policy.ts";
import type { Snapshot, TargetSnapshot } from "../model/snapshot.ts";
import { BudgetWatch } from "../purchase/budget-watch.ts";
import { plannedRates } from "../purchase/planned-rates.ts";

/** Whether a policy names a budget of a day or a month. */
export function hasPeriodBudget({ cost, carbon }: Policy): boolean {
  return cost.maxPerDayUsd !== undefined || cost.maxPerMonthUsd !== undefined || carbon.maxGramsPerDay !== undefined;
}

/**
 * The account that a daemon keeps beside its steps, over simulated time: what targets held is charged after each step, and what
 * their budgets of a day and a month come to is told before it. Without a day-ahead forecast the rates ahead are those of the same
 * hours before, as in a daemon beyond its horizon.
 */
export class PeriodBudgets {
  private readonly accounts = new Map<string, RunningAccount>();
  private readonly newest = new Map<string, { readonly policy: Policy; readonly decision: Decision; readonly seen: TargetSnapshot }>();
  private readonly watch: BudgetWatch;

  constructor(policies: readonly Policy[]) {
    for (const { name } of policies) this.accounts.set(name, new RunningAccount());
    this.watch = new BudgetWatch({
      shared: [],
      spend: {
        spentSince: (target, fromSeconds, unit) => this.accounts.get(target)?.hours.sumSince(fromSeconds, unit) ?? 0,
        pastRates: (target, beforeSeconds, unit) => this.accounts.get(target)?.hours.rates(beforeSeconds, unit) ?? [],
      },
      target: (name) => {
        const last = this.newest.get(name);
        return last && plannedRates({ ...last, acts: true, held: this.accounts.get(name)?.held ?? [], forecast: undefined });
      },
    });
    this.watch.watch(policies);
  }

  readings(policy: Policy, nowSeconds: number): readonly BudgetReading[] | undefined {
    return this.watch.readings(policy, nowSeconds);
  }

  /** Charges what the targets of a step hold. */
  passed(snapshot: Snapshot, policies: readonly Policy[], decisions: readonly Decision[]): void {
    for (const [i, policy] of policies.entries()) {
      const [seen, decision] = [snapshot.targets[policy.name], decisions[i]];
      if (seen === undefined || decision === undefined || seen.workload.kind === "absent") continue;
      this.newest.set(policy.name, { policy, decision, seen });
      const held = heldCapacity({ workload: seen.workload, asked: decision.allocation?.instances, offerings: seen.offerings ?? [], carbon: seen.carbon, cost: policy.cost });
      this.accounts.get(policy.name)?.charge(held, snapshot.timeSeconds);
    }
  }
}
