/**
 * One hour of an AWS bill: reserved instances first, then EC2 Instance Savings Plans, then Compute Savings Plans, the rest on
 * demand; spot is never covered and unused commitment is lost (docs.aws.amazon.com, "How Savings Plans apply to your usage").
 */

/** Machines of one kind that ran in the hour. Rates are US dollars per instance-hour. */
export interface UsageLine {
  readonly account: string;
  readonly region: string;
  readonly family: string;
  /** Normalisation units of the size: large 4, xlarge 8, 2xlarge 16, … */
  readonly units: number;
  readonly capacityType: "on-demand" | "spot";
  readonly instanceHours: number;
  /** The on-demand rate, or the spot price for spot. */
  readonly rateUsd: number;
  /** Absent where no such plan covers it. */
  readonly ec2PlanRateUsd?: number;
  readonly computePlanRateUsd?: number;
}

/** A regional, size-flexible reservation: so many normalisation units of a family, paid each hour whether used or not. */
export interface Reservation {
  readonly account: string;
  readonly region: string;
  readonly family: string;
  readonly units: number;
  readonly hourlyUsd: number;
}

export type SavingsPlan =
  | { readonly kind: "ec2-instance"; readonly account: string; readonly region: string; readonly family: string; readonly hourlyUsd: number }
  | { readonly kind: "compute"; readonly account: string; readonly hourlyUsd: number };

export interface HourlyBill {
  readonly totalUsd: number;
  readonly onDemandUsd: number;
  readonly spotUsd: number;
  readonly reservedUsd: number;
  readonly planUsd: number;
  /** Paid for and not used in this hour. */
  readonly unusedReservedUnits: number;
  readonly unusedPlanUsd: number;
  /** On-demand instance-hours left uncovered, in the order of the usage lines (0 for spot). */
  readonly uncoveredHours: readonly number[];
}

/** Bills one hour. Amounts below zero count as zero; the owner's account is covered before the others that share. */
export function billHour(usage: readonly UsageLine[], reservations: readonly Reservation[], plans: readonly SavingsPlan[]): HourlyBill {
  const left = usage.map((line) => (line.capacityType === "on-demand" ? Math.max(0, line.instanceHours) : 0));
  let unusedReservedUnits = 0;
  for (const reservation of reservations) unusedReservedUnits += applyReservation(usage, left, reservation);
  let unusedPlanUsd = 0;
  for (const kind of ["ec2-instance", "compute"] as const) {
    for (const plan of plans) if (plan.kind === kind) unusedPlanUsd += applyPlan(usage, left, plan);
  }
  let onDemandUsd = 0;
  let spotUsd = 0;
  usage.forEach((line, at) => {
    if (line.capacityType === "spot") spotUsd += Math.max(0, line.instanceHours) * line.rateUsd;
    else onDemandUsd += (left[at] ?? 0) * line.rateUsd;
  });
  const reservedUsd = reservations.reduce((sum, { hourlyUsd }) => sum + hourlyUsd, 0);
  const planUsd = plans.reduce((sum, { hourlyUsd }) => sum + hourlyUsd, 0);
  return { totalUsd: onDemandUsd + spotUsd + reservedUsd + planUsd, onDemandUsd, spotUsd, reservedUsd, planUsd, unusedReservedUnits, unusedPlanUsd, uncoveredHours: left };
}

/** Covers from the smallest size up, the owner's first; returns the units left over. */
function applyReservation(usage: readonly UsageLine[], left: number[], reservation: Reservation): number {
  const lines = usage
    .map((line, at) => ({ line, at }))
    .filter(({ line }) => line.capacityType === "on-demand" && line.region === reservation.region && line.family === reservation.family)
    .sort((a, b) => ownerFirst(a.line, b.line, reservation.account) || a.line.units - b.line.units || a.at - b.at);
  let units = Math.max(0, reservation.units);
  for (const { line, at } of lines) {
    const covered = Math.min(left[at] ?? 0, units / line.units);
    left[at] = (left[at] ?? 0) - covered;
    units -= covered * line.units;
  }
  return units;
}

/** Covers the highest saving share first, ties to the lower plan rate; the owner's account before all others. Returns the dollars left over. */
function applyPlan(usage: readonly UsageLine[], left: number[], plan: SavingsPlan): number {
  const lines = usage
    .map((line, at) => ({ line, at, rate: planRate(line, plan) }))
    .filter((entry): entry is { line: UsageLine; at: number; rate: number } => entry.rate !== undefined && entry.rate > 0)
    .sort((a, b) => ownerFirst(a.line, b.line, plan.account) || saving(b.line, b.rate) - saving(a.line, a.rate) || a.rate - b.rate || a.at - b.at);
  let dollars = Math.max(0, plan.hourlyUsd);
  for (const { at, rate } of lines) {
    const covered = Math.min(left[at] ?? 0, dollars / rate);
    left[at] = (left[at] ?? 0) - covered;
    dollars -= covered * rate;
  }
  return dollars;
}

function planRate(line: UsageLine, plan: SavingsPlan): number | undefined {
  if (line.capacityType === "spot") return undefined;
  if (plan.kind === "compute") return line.computePlanRateUsd;
  return line.region === plan.region && line.family === plan.family ? line.ec2PlanRateUsd : undefined;
}

function saving(line: UsageLine, rate: number): number {
  return 1 - rate / line.rateUsd;
}

function ownerFirst(a: UsageLine, b: UsageLine, owner: string): number {
  return Number(b.account === owner) - Number(a.account === owner);
}
