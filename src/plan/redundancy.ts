import type { CapacityPlan } from "../model/plan.ts";
import type { RedundancySpec } from "../model/policy.ts";

/** The plan with what may be lost on top of each need: spare replicas, or a zone, whichever is more. No need, no redundancy. */
export function withRedundancy(plan: CapacityPlan, spec: RedundancySpec): CapacityPlan {
  const whole = (need: number): number => Math.ceil(redundant(need, spec) - 1e-9);
  const before = Math.max(plan.atLeadTime, plan.reactive);
  const after = whole(before);
  const reason = { code: "redundancy", text: textOf(spec), before, after };
  return {
    ...plan,
    neededReplicas: plan.neededReplicas.map(whole),
    atLeadTime: whole(plan.atLeadTime),
    reactive: whole(plan.reactive),
    hold: whole(plan.hold),
    wanted: redundant(plan.wanted, spec),
    ...(plan.besideDemand !== undefined && { besideDemand: whole(plan.besideDemand) }),
    reasons: after === before ? plan.reasons : [...plan.reasons, reason],
  };
}

/** Replicas for a need, before rounding: with one of `zones` equal zones lost, or with `spareReplicas` lost, the need is still met. */
export function redundant(need: number, { spareReplicas, zones }: RedundancySpec): number {
  if (!(need > 0)) return need;
  return Math.max(need + spareReplicas, zones > 1 ? (need * zones) / (zones - 1) : need);
}

/** The need that a count carries with its redundancy: the inverse of `redundant`. */
export function needCarriedBy(replicas: number, { spareReplicas, zones }: RedundancySpec): number {
  return Math.max(0, Math.min(replicas - spareReplicas, zones > 1 ? (replicas * (zones - 1)) / zones : replicas));
}

/** The next multiple of the zones. */
export function wholeZones(replicas: number, zones: number): number {
  return Math.ceil(replicas / zones) * zones;
}

function textOf({ spareReplicas, zones }: RedundancySpec): string {
  const parts = [...(spareReplicas > 0 ? [`the loss of ${String(spareReplicas)} ${spareReplicas === 1 ? "replica" : "replicas"}`] : []), ...(zones > 1 ? [`the loss of one of ${String(zones)} zones`] : [])];
  return `enough after ${parts.join(", or ")}`;
}
