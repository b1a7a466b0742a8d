import { describe, expect, it } from "vitest";
import { scoreBills } from "../../bench/purchase/bill-rows.ts";
import { billHour } from "../../src/account/bill.ts";
import type { UsageLine } from "../../src/account/bill.ts";

const line = (more: Partial<UsageLine> = {}): UsageLine => ({ account: "shop", region: "us-east-1", family: "m5", units: 4, capacityType: "on-demand", instanceHours: 10, rateUsd: 0.1, ec2PlanRateUsd: 0.06, computePlanRateUsd: 0.07, ...more });

describe("one hour of a bill", () => {
  it("applies reservations, then EC2 Instance plans, then Compute plans, then on-demand", () => {
    const bill = billHour([line()], [{ account: "shop", region: "us-east-1", family: "m5", units: 12, hourlyUsd: 0.15 }], [
      { kind: "compute", account: "shop", hourlyUsd: 0.14 },
      { kind: "ec2-instance", account: "shop", region: "us-east-1", family: "m5", hourlyUsd: 0.12 },
    ]);
    // 3 by the reservation, 0.12 / 0.06 = 2 by the EC2 plan, 0.14 / 0.07 = 2 by the Compute plan, 3 on demand.
    expect(bill.uncoveredHours[0]).toBeCloseTo(3, 9);
    expect(bill.totalUsd).toBeCloseTo(0.15 + 0.12 + 0.14 + 0.3, 9);
  });

  it("never covers spot, and loses what is not used", () => {
    const bill = billHour([line({ capacityType: "spot", rateUsd: 0.03 })], [{ account: "shop", region: "us-east-1", family: "m5", units: 8, hourlyUsd: 0.1 }], [{ kind: "compute", account: "shop", hourlyUsd: 1 }]);
    expect(bill).toMatchObject({ unusedReservedUnits: 8, unusedPlanUsd: 1, onDemandUsd: 0 });
    expect(bill.totalUsd).toBeCloseTo(0.3 + 0.1 + 1, 9);
  });

  it("spends a plan where it saves the largest share", () => {
    const usage = [line({ computePlanRateUsd: 0.08 }), line({ family: "c6g", computePlanRateUsd: 0.06 })];
    expect(billHour(usage, [], [{ kind: "compute", account: "shop", hourlyUsd: 0.6 }]).uncoveredHours).toEqual([10, 0]);
  });

  it("covers the owner's account before the ones that share", () => {
    const usage = [line({ account: "other", computePlanRateUsd: 0.05 }), line()];
    expect(billHour(usage, [], [{ kind: "compute", account: "shop", hourlyUsd: 0.7 }]).uncoveredHours[1]).toBeCloseTo(0, 9);
  });

  it("equals an independent brute force on a thousand random mixes", () => {
    expect(scoreBills(1000, 11)).toMatchObject({ differing: 0 });
  });
});
