import { billHour } from "../../src/account/bill.ts";
import type { Reservation, SavingsPlan, UsageLine } from "../../src/account/bill.ts";
import { bruteForceBill } from "./bill-oracle.ts";
import { randomFrom } from "./random.ts";

export interface BillScore {
  readonly mixes: number;
  readonly differing: number;
  readonly largestDifferenceUsd: number;
}

const ACCOUNTS = ["payer", "shop", "search"];
const REGIONS = ["us-east-1", "eu-central-1"];
const FAMILIES = ["m5", "c6g"];
const UNITS = [4, 8, 16, 32];

/** Random hours of random mixes, billed by the engine and by brute force; equal to a hundred-millionth of a dollar. */
export function scoreBills(mixes: number, seed: number): BillScore {
  const random = randomFrom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  let differing = 0;
  let largest = 0;
  for (let mix = 0; mix < mixes; mix += 1) {
    const usage = Array.from({ length: 1 + Math.floor(random() * 6) }, (): UsageLine => {
      const units = pick(UNITS);
      const rateUsd = Math.round(units * (15 + random() * 15) * 10) / 10_000;
      return {
        account: pick(ACCOUNTS), region: pick(REGIONS), family: pick(FAMILIES), units, capacityType: random() < 0.25 ? "spot" : "on-demand",
        instanceHours: random() < 0.5 ? Math.ceil(random() * 20) : random() * 20, rateUsd,
        ...(random() < 0.8 ? { ec2PlanRateUsd: rateUsd * pick([0.6, 0.62, 0.7]) } : {}), ...(random() < 0.9 ? { computePlanRateUsd: rateUsd * pick([0.66, 0.72, 0.8]) } : {}),
      };
    });
    const reservations = Array.from({ length: Math.floor(random() * 3) }, (): Reservation => ({ account: pick(ACCOUNTS), region: pick(REGIONS), family: pick(FAMILIES), units: Math.ceil(random() * 80), hourlyUsd: random() }));
    const plans = Array.from({ length: Math.floor(random() * 4) }, (): SavingsPlan => random() < 0.5
      ? { kind: "ec2-instance", account: pick(ACCOUNTS), region: pick(REGIONS), family: pick(FAMILIES), hourlyUsd: random() * 2 }
      : { kind: "compute", account: pick(ACCOUNTS), hourlyUsd: random() * 2 });
    const difference = Math.abs(billHour(usage, reservations, plans).totalUsd - bruteForceBill(usage.map((line) => ({ ...line })), [...reservations], [...plans]));
    largest = Math.max(largest, difference);
    if (!(difference <= 1e-8)) differing += 1;
  }
  return { mixes, differing, largestDifferenceUsd: largest };
}
