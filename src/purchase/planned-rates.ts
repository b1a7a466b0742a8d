import type { HeldOffering } from "../account/held-capacity.ts";
import type { RatePaths } from "../account/rate-outlook.ts";
import type { Decision } from "../model/decision.ts";
import { valueOf } from "../model/observation.ts";
import type { Policy } from "../model/policy.ts";
import type { TargetSnapshot } from "../model/snapshot.ts";
import type { MoneyTarget } from "./budget-watch.ts";

/** The newest pass of a target, and what it holds. */
export interface PlannedInput {
  readonly policy: Policy;
  /** Whether what is decided is done. */
  readonly acts: boolean;
  readonly decision: Decision;
  readonly seen: TargetSnapshot;
  readonly held: readonly HeldOffering[];
  readonly forecast: RatePaths | undefined;
}

/** Cuts of money and carbon: their first "before" is the count that was planned. */
const CUTS: ReadonlySet<string> = new Set(["cost-limit", "budget-limit"]);

/** What a budget must know of a target: the rates that are planned, before any limit has cut, else those of what is held. */
export function plannedRates({ policy, acts, decision, seen, held, forecast }: PlannedInput): MoneyTarget {
  const isPlanned = acts && decision.costPerHourUsd !== undefined;
  const uncut = isPlanned ? uncutShare(decision) : 1;
  const sum = (rate: "usdPerHour" | "gramsPerHour"): number => held.reduce((total, one) => total + (one[rate] ?? 0), 0);
  return {
    policy,
    planned: {
      usd: isPlanned ? (decision.costPerHourUsd ?? 0) * uncut : held.length > 0 ? sum("usdPerHour") : undefined,
      grams: held.some((one) => one.gramsPerHour !== undefined) ? (isPlanned && decision.carbonGramsPerHour !== undefined ? decision.carbonGramsPerHour * uncut : sum("gramsPerHour")) : undefined,
    },
    replicas: isPlanned ? decision.desiredReplicas * uncut : seen.workload.kind === "value" ? seen.workload.readyReplicas + seen.workload.pendingReplicas : 0,
    load: valueOf(seen.demand),
    forecast,
  };
}

/** How many times what was decided was planned before a limit cut it. */
function uncutShare({ reasons, desiredReplicas }: Decision): number {
  const before = reasons.find(({ code, before: was, after }) => CUTS.has(code) && was > after)?.before;
  return before === undefined || desiredReplicas <= 0 ? 1 : Math.max(1, before / desiredReplicas);
}
