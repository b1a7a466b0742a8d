// What only observes, against moto, a server of AWS's wire that is not ours: the interruption queue and the spot market.
import { EC2Client } from "@aws-sdk/client-ec2";
import { ChangeResourceRecordSetsCommand, CreateHostedZoneCommand, Route53Client } from "@aws-sdk/client-route-53";
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSwitch } from "../../src/act/traffic/registry.ts";
import { awsMarket } from "../../src/observe/market/aws-market.ts";
import type { InterruptionMessage } from "../../src/observe/market/interruptions/interruption-message.ts";
import { readInterruptionQueue } from "../../src/observe/market/interruptions/sqs-interruptions.ts";
import { useCredentials } from "../fixtures/aws/cloud.ts";
import { motoMissing, startMoto } from "../fixtures/aws/moto.ts";
import { rebalanceAdvice, spotWarning } from "../fixtures/aws/sqs-fake.ts";

const missing = motoMissing();

describe.skipIf(missing !== undefined)(`sources against moto${missing === undefined ? "" : ` (left out: ${missing})`}`, () => {
  let moto: Awaited<ReturnType<typeof startMoto>>;
  beforeAll(async () => {
    useCredentials("AKIDMOTO");
    moto = await startMoto();
  }, 120_000);
  afterAll(async () => { await moto.close(); });

  it("reads what EventBridge puts into a queue, and deletes it, the unknown too", async () => {
    const client = new SQSClient({ region: "us-east-1", endpoint: moto.endpoint });
    const { QueueUrl: queueUrl = "" } = await client.send(new CreateQueueCommand({ QueueName: "interruptions" }));
    for (const MessageBody of [spotWarning("i-1", 1_795_521_600), rebalanceAdvice("i-2", 1_795_521_600), "<html>"]) await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody }));
    const depth = async (): Promise<number> => {
      const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"] }));
      return Number(Attributes?.["ApproximateNumberOfMessages"]) + Number(Attributes?.["ApproximateNumberOfMessagesNotVisible"]);
    };
    const stop = new AbortController();
    const seen: InterruptionMessage[] = [];
    const errors: unknown[] = [];
    const reading = readInterruptionQueue({ client, queueUrl, signal: stop.signal, onMessages: (messages) => { seen.push(...messages); }, onError: (error) => errors.push(error) });
    while ((await depth()) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    stop.abort();
    await reading;
    expect(errors).toEqual([]);
    expect(seen.map(({ kind, instanceId }) => `${kind} ${instanceId}`).sort()).toEqual(["interruption i-1", "rebalance i-2"]);
    client.destroy();
  }, 60_000);

  it("reads spot prices; placement scores, which moto does not know, are left out and the prices serve", async () => {
    const client = new EC2Client({ region: "us-east-1", endpoint: moto.endpoint, maxAttempts: 1 });
    const read = await awsMarket({ client: () => client }).read({ regions: ["us-east-1"], instanceTypes: ["m5.large", "c5.large", "r5.large"], nowSeconds: 1_795_521_600 });
    if (!read.ok) throw new Error(read.message);
    expect(read.value.length).toBeGreaterThan(0);
    expect(new Set(read.value.map(({ kind, unit }) => `${kind} ${unit}`))).toEqual(new Set(["price USD/h"]));
    client.destroy();
  });

  it("moves the weights of Route 53's records, and refuses to where another hand has moved them", async () => {
    const client = new Route53Client({ region: "us-east-1", endpoint: moto.endpoint });
    const { HostedZone } = await client.send(new CreateHostedZoneCommand({ Name: "example.com", CallerReference: "1" }));
    const hostedZoneId = HostedZone?.Id?.replace("/hostedzone/", "") ?? "";
    const set = (SetIdentifier: string, Weight: number) => client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: hostedZoneId, ChangeBatch: { Changes: [{ Action: "UPSERT", ResourceRecordSet: { Name: "shop.example.com", Type: "A", SetIdentifier, Weight, TTL: 60, ResourceRecords: [{ Value: "192.0.2.1" }] } }] } }));
    await set("us-east-1", 100);
    await set("eu-west-1", 100);
    const made = await createSwitch({ route53: { hostedZoneId, recordName: "shop.example.com", region: "us-east-1", endpoint: moto.endpoint } }, { split: "shop", regions: ["us-east-1", "eu-west-1"], now: () => Date.now() / 1_000 });
    if (!made.ok) throw new Error(made.message);
    const before = await made.value.read();
    if (!before.ok) throw new Error(before.message);
    expect(before.value).toMatchObject({ shares: { "us-east-1": 0.5, "eu-west-1": 0.5 }, ttlSeconds: 60 });
    const order = { shares: { "us-east-1": 0.1, "eu-west-1": 0.9 }, version: before.value.version, idempotencyKey: "k-1", reason: "a test" };
    expect(await made.value.write(order)).toMatchObject({ ok: true, value: { applied: true } });
    expect(await made.value.read()).toMatchObject({ ok: true, value: { shares: { "us-east-1": 0.1, "eu-west-1": 0.9 } } });
    expect(await made.value.write(order)).toMatchObject({ ok: false, code: "foreign-write" });
    await made.value.close();
    client.destroy();
  });
});
