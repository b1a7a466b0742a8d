import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { IntensityBook } from "../../../src/app/sources/intensity-book.ts";
import { MarketWatch } from "../../../src/app/sources/market-watch.ts";
import { createLog } from "../../../src/app/telemetry/log.ts";
import type { PurchaseSpec } from "../../../src/model/policy.ts";
import { useCredentials } from "../../fixtures/aws/cloud.ts";
import { priceListFake } from "../../fixtures/aws/price-list-service.ts";
import { spotMarketFake } from "../../fixtures/aws/spot-market-service.ts";
import { startWire } from "../../fixtures/aws/wire.ts";
import { policyOf } from "../../fixtures/policy.ts";

const PURCHASE: PurchaseSpec = { onDemandBase: 1, spotShare: 0.5, maxDomainShare: 0.5, regions: [], instanceTypes: ["m5.large"], replicasPerInstance: 1 };

const emptyBook = async (): Promise<IntensityBook> => IntensityBook.open(join(await mkdtemp(join(tmpdir(), "foretide-market-")), "intensity.json"), () => undefined);

async function watchOf(): Promise<MarketWatch> {
  return new MarketWatch({ clock: { nowSeconds: () => 1_790_000_000 }, log: createLog({ level: "silent" }), intensities: await emptyBook(), carbonProvider: {}, marketProvider: {} });
}

describe("the market of a policy", () => {
  it("is the target's own region where the policy names none", async () => {
    const watch = await watchOf();
    const policy = policyOf({ purchase: PURCHASE, actuator: { type: "aws-asg", config: { group: "web", region: "eu-west-1" } } });
    watch.watch([policy]);
    const offerings = watch.offerings(policy) ?? [];
    expect(new Set(offerings.map(({ region }) => region))).toEqual(new Set(["eu-west-1"]));
    expect(new Set(offerings.map(({ capacityType }) => capacityType))).toEqual(new Set(["on-demand", "spot"]));
    watch.close();
  });

  it("is every type of the catalogue where the policy names none", async () => {
    const watch = await watchOf();
    const policy = policyOf({ purchase: { ...PURCHASE, regions: ["eu-west-1"], instanceTypes: [] } });
    watch.watch([policy]);
    expect(new Set(watch.offerings(policy)?.map(({ instanceType }) => instanceType)).size).toBeGreaterThan(20);
    watch.close();
  });

  it("is nothing for a policy without a purchase clause", async () => {
    const watch = await watchOf();
    watch.watch([policyOf()]);
    expect(watch.offerings(policyOf())).toBeUndefined();
    watch.close();
  });
});

describe("live sources that foretide.yaml names", () => {
  it("are read by the daemon: spot prices by zone and list prices, each with source and age, before the tables", async () => {
    useCredentials("AKIDMARKET");
    const now = Date.parse("2026-11-24T12:00:00Z") / 1000;
    const wire = await startWire([
      spotMarketFake([{ zone: "us-east-1a", instanceType: "m5.large", price: "0.0365", time: "2026-11-24T11:30:00Z" }], {}),
      priceListFake([{ instanceType: "m5.large", regionCode: "us-east-1", usd: "0.0970" }]),
    ], () => now);
    const watch = new MarketWatch({ clock: { nowSeconds: () => now }, log: createLog({ level: "silent" }), intensities: await emptyBook(), carbonProvider: {}, marketProvider: { aws: { endpoint: wire.endpoint, priceListEndpoint: wire.endpoint } } });
    const policy = policyOf({ purchase: { ...PURCHASE, regions: ["us-east-1"] } });
    watch.watch([policy]);
    expect(new Set(watch.offerings(policy)?.map(({ source }) => source))).toEqual(new Set(["embedded"]));
    await watch.refresh();
    const seen = watch.offerings(policy)?.map(({ id, pricePerHourUsd, source }) => [id, pricePerHourUsd, source]);
    expect(seen).toContainEqual(["us-east-1a/m5.large/on-demand", 0.097, "aws-price-list"]);
    expect(seen).toContainEqual(["us-east-1a/m5.large/spot", 0.0365, "aws-spot-price-history"]);
    expect(seen?.find(([id]) => id === "us-east-1b/m5.large/spot")?.[2]).toBe("embedded");
    watch.close();
    await wire.close();
  });
});
