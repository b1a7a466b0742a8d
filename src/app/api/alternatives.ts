import type { Decision } from "../../model/decision.ts";
import type { Offering } from "../../model/offering.ts";
import type { DecisionRecord } from "./explain.ts";
import type { Alternative } from "./schemas/explanation.ts";

/** What one replica costs and emits in an hour; absent where nothing tells. */
interface Rate {
  readonly costUsd: number | undefined;
  readonly carbonGrams: number | undefined;
  readonly basis: string;
}

/**
 * What else could have been done, and what it would have cost and emitted per hour: other counts that the rules spoke of, at
 * the decision's own average rate per replica, and the same count bought otherwise, at the prices that the step saw.
 */
export function alternativesTo({ decision, snapshot }: DecisionRecord): Alternative[] {
  const offerings = snapshot.targets[decision.target]?.offerings ?? [];
  return [...otherCounts(decision), ...otherPurchases(decision, offerings)];
}

function otherCounts(decision: Decision): Alternative[] {
  const rate = averageRate(decision);
  const counts = new Map<number, { name: string; notTaken: string }>();
  const note = (count: number, name: string, notTaken: string): void => {
    if (count !== decision.desiredReplicas && !counts.has(count)) counts.set(count, { name, notTaken });
  };
  note(decision.currentReplicas, "stay as it was", "the rules called for a change");
  if (decision.binding !== undefined) note(decision.binding.desiredReplicas, `without ${decision.binding.withoutCode}`, textOf(decision, decision.binding.withoutCode));
  for (const reason of decision.reasons) {
    if (reason.before !== reason.after) note(reason.before, `without ${reason.code}`, reason.text);
  }
  return [...counts].map(([replicas, { name, notTaken }]) => priced(decision, { name, replicas, notTaken }, rate));
}

function textOf(decision: Decision, code: string): string {
  return decision.reasons.findLast((reason) => reason.code === code)?.text ?? code;
}

function averageRate(decision: Decision): Rate {
  const { allocation, desiredReplicas } = decision;
  const per = (total: number | undefined, count: number) => (total === undefined || count <= 0 ? undefined : total / count);
  const count = allocation === undefined || allocation.replicas <= 0 ? desiredReplicas : allocation.replicas;
  return {
    costUsd: per(decision.costPerHourUsd ?? allocation?.costPerHourUsd, count),
    carbonGrams: per(decision.carbonGramsPerHour ?? allocation?.carbonGramsPerHour, count),
    basis: "the decision's own average per replica",
  };
}

/** The same count bought at one kind of price alone: the cheapest, the cleanest, the cheapest on-demand. */
function otherPurchases(decision: Decision, offerings: readonly Offering[]): Alternative[] {
  const launchable = offerings.filter((offering) => offering.launchable && offering.replicas > 0);
  if (launchable.length === 0 || decision.desiredReplicas === 0) return [];
  const cost = (offering: Offering) => offering.pricePerHourUsd / offering.replicas;
  const carbon = (offering: Offering) => gramsPerHour(offering) ?? Number.POSITIVE_INFINITY;
  const least = (among: readonly Offering[], by: (offering: Offering) => number) => among.toSorted((a, b) => by(a) - by(b) || a.id.localeCompare(b.id))[0];
  const candidates = [
    { name: "all at the lowest price", offering: least(launchable, cost) },
    { name: "all at the lowest carbon", offering: least(launchable.filter((one) => gramsPerHour(one) !== undefined), carbon) },
    { name: "all on demand", offering: least(launchable.filter((one) => one.capacityType === "on-demand"), cost) },
  ];
  return candidates.flatMap(({ name, offering }) => {
    if (offering === undefined || isAllOf(decision, offering.id)) return [];
    const rate = { costUsd: cost(offering), carbonGrams: gramsPerHour(offering), basis: `${offering.id} at the price that the step saw` };
    const alternative = priced(decision, { name, replicas: decision.desiredReplicas, notTaken: "" }, rate);
    return [{ ...alternative, notTaken: against(offering, alternative) }];
  });
}

/** What speaks against buying all of one offering: its cost where it is dearer, else that all would stand and fall together. */
function against(offering: Offering, { costDifferencePerHourUsd: cost, carbonDifferenceGramsPerHour: carbon }: Alternative): string {
  if (cost !== undefined && cost > 0) return carbon !== undefined && carbon < 0 ? "cleaner, but dearer" : "dearer";
  const risk = offering.interruptionsPerHour > 0 ? `, each interrupted ${String(Number(offering.interruptionsPerHour.toPrecision(2)))} times an hour` : "";
  return `all in one place, ${offering.zone}${risk}`;
}

function isAllOf(decision: Decision, offering: string): boolean {
  const bought = Object.entries(decision.allocation?.instances ?? {}).filter(([, count]) => count > 0);
  return bought.length === 1 && bought[0]?.[0] === offering;
}

/** Operational (power × intensity, gCO2e/kWh) and embodied grams of one replica in an hour; absent where either figure of use is. */
function gramsPerHour({ powerWatts, intensityGramsPerKwh, embodiedGramsPerHour = 0, replicas }: Offering): number | undefined {
  if (powerWatts === undefined || intensityGramsPerKwh === undefined) return undefined;
  return ((powerWatts / 1000) * intensityGramsPerKwh + embodiedGramsPerHour) / replicas;
}

function priced(decision: Decision, alternative: { name: string; replicas: number; notTaken: string }, rate: Rate): Alternative {
  const times = (value: number | undefined) => (value === undefined ? undefined : value * alternative.replicas);
  const less = (value: number | undefined, base: number | undefined) => (value === undefined || base === undefined ? undefined : value - base);
  const costPerHourUsd = times(rate.costUsd);
  const carbonGramsPerHour = times(rate.carbonGrams);
  const costDifferencePerHourUsd = less(costPerHourUsd, decision.costPerHourUsd ?? decision.allocation?.costPerHourUsd);
  const carbonDifferenceGramsPerHour = less(carbonGramsPerHour, decision.carbonGramsPerHour ?? decision.allocation?.carbonGramsPerHour);
  return {
    name: alternative.name,
    replicas: alternative.replicas,
    ...(costPerHourUsd === undefined ? {} : { costPerHourUsd }),
    ...(carbonGramsPerHour === undefined ? {} : { carbonGramsPerHour }),
    ...(costDifferencePerHourUsd === undefined ? {} : { costDifferencePerHourUsd }),
    ...(carbonDifferenceGramsPerHour === undefined ? {} : { carbonDifferenceGramsPerHour }),
    basis: rate.basis,
    notTaken: alternative.notTaken,
  };
}
