// What only observes, against moto, a server of AWS's wire that is not ours: the interruption queue and the spot market.
import { EC2Client } from "@aws-sdk/client-ec2";
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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
});
