import { describe, expect, it } from "vitest";

import { MarketWatch } from "../../../src/app/market-watch.ts";
import { createLog } from "../../../src/app/telemetry/log.ts";
import type { PurchaseSpec } from "../../../src/model/policy.ts";
import { policyOf } from "../../fixtures/policy.ts";

const PURCHASE: PurchaseSpec = { onDemandBase: 1, spotShare: 0.5, maxDomainShare: 0.5, regions: [], instanceTypes: ["m5.large"], replicasPerInstance: 1 };

function watchOf(): MarketWatch {
  return new MarketWatch({ clock: { nowSeconds: () => 1_790_000_000 }, log: createLog({ level: "silent" }), carbonProvider: {}, marketProvider: {} });
}

describe("the market of a policy", () => {
  it("is the target's own region where the policy names none", () => {
    const watch = watchOf();
    const policy = policyOf({ purchase: PURCHASE, actuator: { type: "aws-asg", config: { group: "web", region: "eu-west-1" } } });
    watch.watch([policy]);
    const offerings = watch.offerings(policy) ?? [];
    expect(new Set(offerings.map(({ region }) => region))).toEqual(new Set(["eu-west-1"]));
    expect(new Set(offerings.map(({ capacityType }) => capacityType))).toEqual(new Set(["on-demand", "spot"]));
    watch.close();
  });

  it("is every type of the catalogue where the policy names none", () => {
    const watch = watchOf();
    const policy = policyOf({ purchase: { ...PURCHASE, regions: ["eu-west-1"], instanceTypes: [] } });
    watch.watch([policy]);
    expect(new Set(watch.offerings(policy)?.map(({ instanceType }) => instanceType)).size).toBeGreaterThan(20);
    watch.close();
  });

  it("is nothing for a policy without a purchase clause", () => {
    const watch = watchOf();
    watch.watch([policyOf()]);
    expect(watch.offerings(policyOf())).toBeUndefined();
    watch.close();
  });
});
