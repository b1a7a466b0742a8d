import type { Reason } from "../model/decision.ts";
import type { Allocation, CarbonSignal, Offering } from "../model/offering.ts";
import type { CapacityPlan } from "../model/plan.ts";
import type { Policy } from "../model/policy.ts";
import type { Snapshot, TargetSnapshot } from "../model/snapshot.ts";
import { limitFlatPrice } from "../purchase/flat-price.ts";
import { purchase } from "../purchase/purchase.ts";
import type { PurchaseState } from "../purchase/purchase-request.ts";
import { ownValue } from "../model/record.ts";
import { needChance } from "./need-chance.ts";
import type { TargetState } from "./state.ts";

/** What a target remembers of its market: offerings and intensity until they change, and what the purchase keeps. */
export interface PurchaseMemory {
  readonly offerings: readonly Offering[];
  readonly carbon: CarbonSignal | undefined;
  readonly state: PurchaseState | undefined;
  readonly allocation: Allocation | undefined;
}

export interface Purchased {
  readonly allocation: Allocation | undefined;
  readonly desiredReplicas: number;
  readonly reasons: readonly Reason[];
  readonly memory: PurchaseMemory | undefined;
  /** Whether the instances wanted are others than those that were asked for last. */
  readonly changed: boolean;
}

export interface PurchaseInput {
  readonly snapshot: Snapshot;
  readonly seen: TargetSnapshot;
  readonly policy: Policy;
  readonly desiredReplicas: number;
  readonly plan: CapacityPlan | undefined;
  /** What no limit may cut; by default the policy's minimum. */
  readonly leastReplicas?: number;
}

/** Chooses the offerings for a decided count, where the snapshot has named any; a limit of the policy may cut the count. */
export function purchaseFor(state: TargetState, input: PurchaseInput): Purchased {
  const { seen, desiredReplicas } = input;
  const offerings = seen.offerings ?? state.purchase?.offerings ?? [];
  if (offerings.length === 0) return { allocation: undefined, ...limitFlat(input), memory: state.purchase, changed: false };
  const carbon = seen.carbon ?? state.purchase?.carbon;
  const { workload } = seen;
  const running = workload.kind === "value" ? (workload.runningByOffering ?? state.purchase?.allocation?.instances ?? {}) : (state.purchase?.allocation?.instances ?? {});
  const pending = workload.kind === "value" ? workload.pendingByOffering : undefined;
  const allowance = input.snapshot.allowances?.maxCostPerHourUsd;
  const capacityErrors = refusedOfferings(state, input, { running, pending: pending ?? {} });
  const chance = needChance(state, { policy: input.policy, plan: input.plan, replicas: desiredReplicas });
  const result = purchase({
    timeSeconds: input.snapshot.timeSeconds,
    neededReplicas: desiredReplicas,
    floorReplicas: Math.min(desiredReplicas, input.plan?.reactive ?? desiredReplicas),
    minReplicas: input.leastReplicas ?? input.policy.replicas.min,
    maxReplicas: input.policy.replicas.max,
    offerings, running, notices: seen.notices, purchase: input.policy.purchase, cost: input.policy.cost, carbonSpec: input.policy.carbon,
    state: state.purchase?.state,
    ...(chance !== undefined && { needChance: chance }),
    ...(seen.budgets !== undefined && { budgets: seen.budgets }),
    ...(pending !== undefined && { pending }),
    ...(capacityErrors.length > 0 && { capacityErrors }),
    ...(carbon !== undefined && { carbon }),
    ...(allowance !== undefined && { allowanceUsdPerHour: allowance }),
  });
  const asked = state.purchase?.allocation?.instances ?? running;
  return {
    allocation: result.allocation, desiredReplicas: result.desiredReplicas, reasons: result.reasons,
    memory: { offerings, carbon, state: result.nextState, allocation: result.allocation },
    changed: result.allocation !== undefined && !sameCounts(asked, result.allocation.instances),
  };
}

/** Offerings of the last order that the cloud has refused for want of capacity: those that were to have more than there are. */
function refusedOfferings(state: TargetState, { snapshot, policy }: PurchaseInput, now: { readonly running: Readonly<Record<string, number>>; readonly pending: Readonly<Record<string, number>> }): readonly string[] {
  if (!snapshot.outcomes.some(({ target, code }) => target === policy.name && code === "capacity")) return [];
  const asked = Object.entries(state.purchase?.allocation?.instances ?? {});
  return asked.filter(([id, count]) => count > (ownValue(now.running, id) ?? 0) + (ownValue(now.pending, id) ?? 0)).map(([id]) => id);
}

/** Without offerings a limit holds by what the policy says that a replica costs. */
function limitFlat({ snapshot, seen, policy, plan, desiredReplicas, leastReplicas }: PurchaseInput): { readonly desiredReplicas: number; readonly reasons: readonly Reason[] } {
  const { cost, replicas } = policy;
  const allowance = snapshot.allowances?.maxCostPerHourUsd;
  if (cost.replicaPerHourUsd === undefined || (cost.maxPerHourUsd === undefined && allowance === undefined && seen.budgets === undefined)) return { desiredReplicas, reasons: [] };
  return limitFlatPrice({
    neededReplicas: desiredReplicas, floorReplicas: Math.min(desiredReplicas, plan?.reactive ?? desiredReplicas), minReplicas: leastReplicas ?? replicas.min,
    replicaPerHourUsd: cost.replicaPerHourUsd, cost, budgets: seen.budgets ?? [],
    ...(allowance !== undefined && { allowanceUsdPerHour: allowance }),
  });
}

function sameCounts(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  for (const name of names) if ((a[name] ?? 0) !== (b[name] ?? 0)) return false;
  return true;
}
