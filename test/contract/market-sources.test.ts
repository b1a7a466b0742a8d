import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EC2Client } from "@aws-sdk/client-ec2";
import { PricingClient } from "@aws-sdk/client-pricing";
import { afterEach, describe, expect, it } from "vitest";
import { awsMarket } from "../../src/observe/market/aws-market.ts";
import { awsPriceList } from "../../src/observe/market/aws-price-list.ts";
import { embeddedMarket } from "../../src/observe/market/embedded-market.ts";
import { fileMarket } from "../../src/observe/market/file-market.ts";
import { marketFigures } from "../../src/observe/market/market-figures.ts";
import type { MarketQuery } from "../../src/observe/market/market-source.ts";
import { offeringsFor } from "../../src/observe/market/offerings.ts";
import { priceListFake } from "../fixtures/aws/price-list-service.ts";
import { spotMarketFake } from "../fixtures/aws/spot-market-service.ts";
import { startWire } from "../fixtures/aws/wire.ts";
import type { AwsWire } from "../fixtures/aws/wire.ts";
import { marketSourceContract } from "./market-source.contract.ts";
import type { MarketCounterpart } from "./market-source.contract.ts";

const NOW = Date.parse("2026-11-24T12:00:00Z") / 1000;
const QUERY: MarketQuery = { regions: ["us-east-1"], instanceTypes: ["m5.large", "m6i.large", "m6g.large"], nowSeconds: NOW };
const POINTS = [
  { zone: "us-east-1a", instanceType: "m5.large", price: "0.041000", time: "2026-11-20T00:00:00Z" },
  { zone: "us-east-1a", instanceType: "m5.large", price: "0.036500", time: "2026-11-24T11:30:00Z" },
  { zone: "us-east-1b", instanceType: "m5.large", price: "0.033000", time: "2026-11-24T02:00:00Z" },
];
const wires: AwsWire[] = [];
afterEach(async () => {
  await Promise.all(wires.splice(0).map((wire) => wire.close()));
});

async function aws(): Promise<MarketCounterpart & { readonly wire: AwsWire }> {
  const wire = await startWire([spotMarketFake(POINTS, { "us-east-1": 7 })], () => NOW);
  wires.push(wire);
  const source = awsMarket({ client: (region) => new EC2Client({ region, endpoint: wire.endpoint, maxAttempts: 1, credentials: { accessKeyId: "a", secretAccessKey: "b" } }) });
  return { source, wire, query: QUERY, spot: { region: "us-east-1", zone: "us-east-1a", instanceType: "m5.large", value: 0.0365 } };
}

function file(): Promise<MarketCounterpart> {
  const path = join(mkdtempSync(join(tmpdir(), "foretide-market-")), "prices.json");
  writeFileSync(path, JSON.stringify([{ capacityType: "spot", region: "us-east-1", instanceType: "m5.large", value: 0.02, asOf: "2026-11-01T00:00:00Z" }]));
  return Promise.resolve({ source: fileMarket(path), query: QUERY, spot: { region: "us-east-1", instanceType: "m5.large", value: 0.02 } });
}

const LISTED = [
  { instanceType: "m5.large", regionCode: "us-east-1", usd: "0.0970000000" },
  { instanceType: "m5.large", regionCode: "us-east-1", usd: "0.1880000000", operatingSystem: "Windows" },
  { instanceType: "m5.large", regionCode: "eu-west-1", usd: "0.1070000000" },
  { instanceType: "m5.large", regionCode: "us-east-1", usd: "0.0000000000", capacitystatus: "AllocatedCapacityReservation" },
  { instanceType: "m6i.large", regionCode: "us-east-1", usd: "0.0965000000" },
  { instanceType: "m6g.large", regionCode: "us-east-1", usd: "0.0000000000" },
  { instanceType: "c7.large", regionCode: "us-east-1", usd: "0.0900000000" },
];

async function priceList(): Promise<MarketCounterpart & { readonly wire: AwsWire }> {
  const wire = await startWire([priceListFake(LISTED)], () => NOW);
  wires.push(wire);
  const client = new PricingClient({ region: "us-east-1", endpoint: wire.endpoint, maxAttempts: 1, credentials: { accessKeyId: "a", secretAccessKey: "b" } });
  return { source: awsPriceList({ client: () => client }), wire, query: QUERY, spot: { capacityType: "on-demand", region: "us-east-1", instanceType: "m5.large", value: 0.097 } };
}

marketSourceContract("aws", aws);
marketSourceContract("aws-price-list", priceList);
marketSourceContract("file", file);
marketSourceContract("embedded", () => Promise.resolve({ source: embeddedMarket(), query: QUERY, spot: { region: "us-east-1", instanceType: "m5.large", value: 0.03168 } }));

describe("live prices with the tables behind them", () => {
  const terms = { purchase: { regions: ["us-east-1"], instanceTypes: ["m5.large"], replicasPerInstance: 1 }, carbon: { signal: "average" as const }, startSeconds: 120 };

  it("a zone's live price wins, and the table's stands where there is none", async () => {
    const { source } = await aws();
    const { figures, tablesOnly } = await marketFigures([source])(QUERY);
    expect(tablesOnly).toBe(false);
    const spot = offeringsFor({ ...terms, figures }).filter(({ capacityType }) => capacityType === "spot");
    expect(spot.map(({ zone, pricePerHourUsd, source: from }) => [zone, pricePerHourUsd, from])).toEqual([
      ["us-east-1a", 0.0365, "aws-spot-price-history"], ["us-east-1b", 0.033, "aws-spot-price-history"], ["us-east-1c", 0.03168, "embedded"],
    ]);
  });

  it("with all sources dead the offerings are the tables', and flagged", async () => {
    const { source, wire } = await aws();
    wire.faults.push({ action: "DescribeSpotPriceHistory", at: "before", times: 9, how: { code: "RequestLimitExceeded", message: "slow down", status: 503 } });
    const read = await marketFigures([source])(QUERY);
    expect(read.tablesOnly).toBe(true);
    expect(read.failures).toEqual([expect.stringMatching(/^aws: DescribeSpotPriceHistory: RequestLimitExceeded/u)]);
    expect(offeringsFor({ ...terms, figures: read.figures })).toEqual(offeringsFor({ ...terms, figures: (await marketFigures([])(QUERY)).figures }));
  });

  it("keeps what was known for a day when a source fails, then falls back", async () => {
    const { source, wire } = await aws();
    const ask = marketFigures([source]);
    await ask(QUERY);
    wire.faults.push({ action: "DescribeSpotPriceHistory", at: "before", times: 9, how: "drop" });
    expect((await ask({ ...QUERY, nowSeconds: NOW + 3600 })).tablesOnly).toBe(false);
    expect((await ask({ ...QUERY, nowSeconds: NOW + 86_401 })).tablesOnly).toBe(true);
  });

  it("tells a refusal apart from a busy service", async () => {
    const { source, wire } = await aws();
    wire.faults.push({ action: "DescribeSpotPriceHistory", at: "before", times: 1, how: { code: "UnauthorizedOperation", message: "no", status: 403 } });
    expect(await source.read(QUERY)).toMatchObject({ ok: false, failure: "permanent" });
  });

  it("asks for placement scores at most hourly", async () => {
    const { source, wire } = await aws();
    await source.read(QUERY);
    await source.read({ ...QUERY, nowSeconds: NOW + 60 });
    expect(wire.calls.filter(({ action }) => action === "GetSpotPlacementScores")).toHaveLength(1);
    await source.read({ ...QUERY, nowSeconds: NOW + 3600 });
    expect(wire.calls.filter(({ action }) => action === "GetSpotPlacementScores")).toHaveLength(2);
  });

  it("offers every type and zone with its power, risk and grid, and leaves out what has no price", async () => {
    const { figures } = await marketFigures([])(QUERY);
    const offerings = offeringsFor({ ...terms, purchase: { ...terms.purchase, instanceTypes: ["m5.large", "x99.nothing"] }, figures });
    expect(offerings).toHaveLength(6);
    for (const offering of offerings) {
      expect(offering.intensityGramsPerKwh).toBeGreaterThan(100);
      expect(offering.powerWatts).toBeGreaterThan(5);
      expect(offering.embodiedGramsPerHour).toBeGreaterThan(0.1);
      expect(offering.interruptionsPerHour).toBeLessThan(0.01);
    }
  });
});

describe("the AWS price list", () => {
  it("gives the hourly price of Linux on shared hardware alone, with source, unit and age", async () => {
    const { source } = await priceList();
    const read = await source.read(QUERY);
    expect(read.ok && read.value).toEqual(["m5.large", "m6i.large"].map((instanceType, at) =>
      ({ kind: "price", capacityType: "on-demand", region: "us-east-1", instanceType, value: [0.097, 0.0965][at], unit: "USD/h", source: "aws-price-list", asOfSeconds: NOW })));
  });

  it("is asked once a day, type by type where there are few, page by page where there are many", async () => {
    const { source, wire } = await priceList();
    await source.read(QUERY);
    await source.read({ ...QUERY, nowSeconds: NOW + 86_399 });
    expect(wire.calls).toHaveLength(3);
    await source.read({ ...QUERY, nowSeconds: NOW + 86_400 });
    expect(wire.calls).toHaveLength(6);
    const many = Array.from({ length: 20 }, (_, at) => `x${String(at)}.large`);
    const read = await source.read({ ...QUERY, instanceTypes: [...many, "c7.large"] });
    expect(read.ok && read.value.map(({ instanceType }) => instanceType)).toEqual(["c7.large"]);
    expect(wire.calls).toHaveLength(8);
  });

  it("stands before the tables and falls back to them, flagged, when it fails", async () => {
    const { source, wire } = await priceList();
    const terms = { purchase: { regions: ["us-east-1"], instanceTypes: ["m5.large"], replicasPerInstance: 1 }, carbon: { signal: "average" as const }, startSeconds: 120 };
    const priced = async (): Promise<readonly unknown[]> => {
      const { figures, tablesOnly } = await marketFigures([source])({ ...QUERY, nowSeconds: NOW + 86_400 });
      const [offering] = offeringsFor({ ...terms, figures });
      return [offering?.pricePerHourUsd, offering?.source, tablesOnly];
    };
    expect(await priced()).toEqual([0.097, "aws-price-list", false]);
    const dead = await priceList();
    dead.wire.faults.push({ action: "GetProducts", at: "before", times: 9, how: { code: "ThrottlingException", message: "slow down", status: 400 } });
    const read = await marketFigures([dead.source])(QUERY);
    expect(read).toMatchObject({ tablesOnly: true, failures: [expect.stringContaining("aws-price-list: GetProducts: ThrottlingException")] });
    expect(wire.calls.length).toBeGreaterThan(0);
  });
});
