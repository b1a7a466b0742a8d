// Least privilege of what only observes: with the listed actions each source does all that it can; without any one it does not.
import { SQSClient } from "@aws-sdk/client-sqs";
import { EC2Client } from "@aws-sdk/client-ec2";
import { PricingClient } from "@aws-sdk/client-pricing";
import { afterEach, describe, expect, it } from "vitest";
import { queueActions, SPOT_MARKET_ACTIONS } from "../../src/observe/aws-actions.ts";
import { readInterruptionQueue } from "../../src/observe/market/interruptions/sqs-interruptions.ts";
import { awsMarket } from "../../src/observe/market/aws-market.ts";
import { awsPriceList } from "../../src/observe/market/aws-price-list.ts";
import { iamPolicy } from "../../src/act/aws/permissions.ts";
import { priceListFake } from "../fixtures/aws/price-list-service.ts";
import { spotMarketFake } from "../fixtures/aws/spot-market-service.ts";
import { spotWarning, sqsFake } from "../fixtures/aws/sqs-fake.ts";
import { startWire, type AwsWire } from "../fixtures/aws/wire.ts";

let wire: AwsWire | undefined;
let closeQueue: () => void = () => undefined;
afterEach(async () => {
  closeQueue();
  await wire?.close();
});
const client = { region: "us-east-1", maxAttempts: 1, credentials: { accessKeyId: "AKIDSOURCE", secretAccessKey: "b" } };
const QUEUE = "https://sqs.us-east-1.amazonaws.com/123456789012/interruptions";

async function queueWorks(actions: readonly string[]): Promise<boolean> {
  const sqs = sqsFake();
  closeQueue = () => { sqs.close(); };
  wire = await startWire([sqs], () => 1_795_521_600);
  wire.allow("AKIDSOURCE", actions);
  sqs.send(spotWarning("i-1", 1_795_521_600));
  const stop = new AbortController();
  let seen = 0;
  const errors: unknown[] = [];
  const reading = readInterruptionQueue({
    client: new SQSClient({ ...client, endpoint: wire.endpoint }), queueUrl: `${wire.endpoint}/123456789012/interruptions`, signal: stop.signal,
    onMessages: (messages) => { seen += messages.length; }, onError: (error) => { errors.push(error); },
  });
  while (errors.length === 0 && sqs.depth() > 0) await new Promise((resolve) => setTimeout(resolve, 2));
  stop.abort();
  await reading;
  return errors.length === 0 && seen === 1;
}

async function marketWorks(actions: readonly string[]): Promise<boolean> {
  wire = await startWire([spotMarketFake([{ zone: "us-east-1a", instanceType: "m5.large", price: "0.03", time: "2026-11-24T11:30:00Z" }], { "us-east-1": 7 }), priceListFake([{ instanceType: "m5.large", regionCode: "us-east-1", usd: "0.096" }])], () => 1_795_521_600);
  wire.allow("AKIDSOURCE", actions);
  const { endpoint } = wire;
  const read = await awsMarket({ client: () => new EC2Client({ ...client, endpoint }) }).read({ regions: ["us-east-1"], instanceTypes: ["m5.large", "c5.large", "r5.large"], nowSeconds: 1_795_521_600 });
  const listed = await awsPriceList({ client: () => new PricingClient({ ...client, endpoint }) }).read({ regions: ["us-east-1"], instanceTypes: ["m5.large"], nowSeconds: 1_795_521_600 });
  return read.ok && new Set(read.value.map(({ kind }) => kind)).size === 2 && listed.ok && listed.value.length === 1;
}

describe.each([
  ["the interruption queue", queueWorks, queueActions(QUEUE, "us-east-1").map(({ action }) => action)],
  ["the spot market", marketWorks, SPOT_MARKET_ACTIONS.map(({ action }) => action)],
] as const)("the policy of %s", (_, works, actions) => {
  it("suffices", async () => { expect(await works(actions)).toBe(true); });
  it.each([...actions])("needs %s", async (action) => { expect(await works(actions.filter((one) => one !== action))).toBe(false); });
});

it("narrows the queue to itself", () => {
  expect(queueActions(QUEUE, "us-east-1").map(({ resource }) => resource)).toEqual(Array<string>(2).fill("arn:aws:sqs:us-east-1:123456789012:interruptions"));
  expect(queueActions(QUEUE.replace("us-east-1", "cn-north-1"), "cn-north-1")[0]?.resource).toBe("arn:aws-cn:sqs:cn-north-1:123456789012:interruptions");
});

it("is written down beside those of the targets (renewed by `npx vitest run test/contract/aws-source-permissions.test.ts -u`)", async () => {
  const page = (title: string, actions: readonly { readonly action: string; readonly resource: string }[]): string =>
    [`## ${title}`, "", "```json", JSON.stringify(iamPolicy(actions.map((one) => ({ ...one, write: false })), { writes: false }), null, 2), "```", ""].join("\n");
  const head = "# The least that AWS must allow to what observes\n\nGenerated from the code, as docs/aws-permissions.md is for targets.\n";
  await expect([head, page("sources.interruptions.sqs", queueActions(QUEUE, "us-east-1")), page("sources.market.aws", SPOT_MARKET_ACTIONS)].join("\n")).toMatchFileSnapshot("../../docs/aws-source-permissions.md");
});
