/**
 * An hourly bill by brute force: each usage line is cut into slices of time, and every slice asks each commitment in turn what is
 * still left of it. Slower and written apart from the engine; imports nothing of it.
 */
export interface OracleUsage { account: string; region: string; family: string; units: number; capacityType: string; instanceHours: number; rateUsd: number; ec2PlanRateUsd?: number; computePlanRateUsd?: number }
export interface OracleReservation { account: string; region: string; family: string; units: number; hourlyUsd: number }
export interface OraclePlan { kind: string; account: string; region?: string; family?: string; hourlyUsd: number }

const SLICES_PER_HOUR = 12;

interface Slice { line: OracleUsage; index: number; hours: number; cost: number }

export function bruteForceBill(usage: OracleUsage[], reservations: OracleReservation[], plans: OraclePlan[]): number {
  let open: Slice[] = [];
  usage.forEach((line, index) => {
    for (let cut = 0; cut < SLICES_PER_HOUR; cut += 1) open.push({ line, index, hours: line.instanceHours / SLICES_PER_HOUR, cost: 0 });
  });
  let bill = 0;
  const uncovered: Slice[] = [];
  for (const slice of open) if (slice.line.capacityType === "spot") bill += slice.hours * slice.line.rateUsd;
  open = open.filter((slice) => slice.line.capacityType !== "spot");
  for (const reservation of reservations) {
    bill += reservation.hourlyUsd;
    let units = reservation.units;
    for (;;) {
      const candidates = open.filter((slice) => slice.hours > 0 && slice.line.region === reservation.region && slice.line.family === reservation.family);
      if (candidates.length === 0 || units <= 0) break;
      const pick = candidates.reduce((best, slice) => (rankReserved(slice, reservation) < rankReserved(best, reservation) ? slice : best));
      const hours = Math.min(pick.hours, units / pick.line.units);
      pick.hours -= hours;
      units -= hours * pick.line.units;
      if (units < 1e-12) break;
    }
  }
  for (const kind of ["ec2-instance", "compute"]) {
    for (const plan of plans) {
      if (plan.kind !== kind) continue;
      bill += plan.hourlyUsd;
      let money = plan.hourlyUsd;
      for (;;) {
        const candidates = open.filter((slice) => slice.hours > 0 && rateUnder(slice, plan) !== undefined);
        if (candidates.length === 0 || money <= 1e-12) break;
        const pick = candidates.reduce((best, slice) => (before(slice, best, plan) ? slice : best));
        const rate = rateUnder(pick, plan) ?? 1;
        const hours = Math.min(pick.hours, money / rate);
        pick.hours -= hours;
        money -= hours * rate;
      }
    }
  }
  for (const slice of open) uncovered.push(slice);
  for (const slice of uncovered) bill += slice.hours * slice.line.rateUsd;
  return bill;
}

function rankReserved(slice: Slice, reservation: OracleReservation): number {
  return (slice.line.account === reservation.account ? 0 : 1e9) + slice.line.units * 1e3 + slice.index;
}

function rateUnder(slice: Slice, plan: OraclePlan): number | undefined {
  if (plan.kind === "compute") return slice.line.computePlanRateUsd;
  if (slice.line.region !== plan.region || slice.line.family !== plan.family) return undefined;
  return slice.line.ec2PlanRateUsd;
}

function before(a: Slice, b: Slice, plan: OraclePlan): boolean {
  const owners = Number(b.line.account === plan.account) - Number(a.line.account === plan.account);
  if (owners !== 0) return owners < 0;
  const rateA = rateUnder(a, plan) ?? 0;
  const rateB = rateUnder(b, plan) ?? 0;
  const savingA = (a.line.rateUsd - rateA) / a.line.rateUsd;
  const savingB = (b.line.rateUsd - rateB) / b.line.rateUsd;
  if (Math.abs(savingA - savingB) > 1e-12) return savingA > savingB;
  if (rateA !== rateB) return rateA < rateB;
  return a.index < b.index;
}
