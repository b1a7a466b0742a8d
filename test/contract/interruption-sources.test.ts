import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { SQSClient } from "@aws-sdk/client-sqs";
import { afterEach, describe, expect, it } from "vitest";
import { pollAwsMetadata } from "../../src/observe/market/interruptions/instance-metadata.ts";
import type { InterruptionMessage } from "../../src/observe/market/interruptions/interruption-message.ts";
import { readInterruptionQueue } from "../../src/observe/market/interruptions/sqs-interruptions.ts";

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => {
    server.closeAllConnections();
    server.close(resolve);
  })));
});

async function listen(handle: (request: IncomingMessage, body: string, response: ServerResponse) => void): Promise<string> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => handle(request, body, response));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("the instance metadata service", () => {
  const deps = { fetch, timeoutMilliseconds: 1000 };

  /** IMDSv2: nothing without a token that was got by PUT. */
  const imds = (paths: Readonly<Record<string, string>>): Promise<string> => listen((request, _body, response) => {
    const path = request.url ?? "";
    if (path === "/latest/api/token") {
      const asked = request.method === "PUT" && request.headers["x-aws-ec2-metadata-token-ttl-seconds"] !== undefined;
      response.writeHead(asked ? 200 : 400).end(asked ? "token" : "");
      return;
    }
    const text = request.headers["x-aws-ec2-metadata-token"] === "token" ? paths[path.replace("/latest/meta-data/", "")] : undefined;
    response.writeHead(text === undefined ? 404 : 200).end(text ?? "");
  });

  it("says nothing while there is no notice", async () => {
    expect(await pollAwsMetadata(deps, await imds({ "instance-id": "i-1" }))).toEqual([]);
  });

  it("tells an interruption with its time, and a rebalance recommendation", async () => {
    const url = await imds({ "instance-id": "i-1", "spot/instance-action": "{\"action\":\"terminate\",\"time\":\"2026-11-24T12:02:00Z\"}", "events/recommendations/rebalance": "{\"noticeTime\":\"2026-11-24T11:58:00Z\"}" });
    const at = Date.parse("2026-11-24T12:02:00Z") / 1000;
    expect(await pollAwsMetadata(deps, url)).toEqual([
      { kind: "interruption", instanceId: "i-1", timeSeconds: at, channel: "imds" },
      { kind: "rebalance", instanceId: "i-1", timeSeconds: at - 240, channel: "imds" },
    ]);
  });

  it("says nothing where the service is not there or answers nonsense", async () => {
    expect(await pollAwsMetadata(deps, "http://127.0.0.1:9")).toEqual([]);
    expect(await pollAwsMetadata(deps, await imds({ "instance-id": "i-1", "spot/instance-action": "<html>" }))).toEqual([]);
  });
});

describe("the interruption queue", { timeout: 10_000 }, () => {
  const warning = (instance: string): string => JSON.stringify({ version: "0", "detail-type": "EC2 Spot Instance Interruption Warning", source: "aws.ec2", time: "2026-11-24T12:00:00Z", detail: { "instance-id": instance, "instance-action": "terminate" } });

  interface Queue {
    readonly url: string;
    readonly deleted: string[];
    readonly waiting: string[];
    failures: number;
  }

  /** SQS by its JSON protocol: a receive waits for a message as a long poll does; messages come again until they are deleted. */
  async function queue(bodies: readonly string[]): Promise<Queue> {
    const state: Queue = { url: "", deleted: [], waiting: [...bodies], failures: 0 };
    const url = await listen((request, body, response) => {
      const action = String(request.headers["x-amz-target"]).replace("AmazonSQS.", "");
      const input = JSON.parse(body) as { MaxNumberOfMessages?: number; Entries?: { Id: string; ReceiptHandle: string }[] };
      const answer = (status: number, value: unknown): void => void response.writeHead(status, { "content-type": "application/x-amz-json-1.0" }).end(JSON.stringify(value));
      if (state.failures > 0) {
        state.failures -= 1;
        answer(400, { __type: "com.amazonaws.sqs#RequestThrottled", message: "slow down" });
      } else if (action === "ReceiveMessage") {
        const give = (): void => {
          if (response.destroyed) return;
          const messages = state.waiting.filter((text) => !state.deleted.includes(text)).slice(0, input.MaxNumberOfMessages).map((text, at) => ({ MessageId: `${at}`, ReceiptHandle: text, Body: text, MD5OfBody: createHash("md5").update(text).digest("hex") }));
          if (messages.length === 0) setTimeout(give, 5);
          else answer(200, { Messages: messages });
        };
        give();
      } else if (action === "DeleteMessageBatch") {
        for (const { ReceiptHandle } of input.Entries ?? []) state.deleted.push(ReceiptHandle);
        answer(200, { Successful: (input.Entries ?? []).map(({ Id }) => ({ Id })), Failed: [] });
      } else answer(400, { __type: "InvalidAction" });
    });
    return Object.assign(state, { url });
  }

  const client = (url: string): SQSClient => new SQSClient({ region: "us-east-1", endpoint: url, maxAttempts: 1, credentials: { accessKeyId: "a", secretAccessKey: "b" } });

  it("keeps a message while what it asks for is not journalled, however long, and holds up no other", async () => {
    const source = await queue([warning("i-hangs"), warning("i-quick")]);
    const stop = new AbortController();
    const hanging = Promise.withResolvers<undefined>();
    let receives = 0;
    const reading = readInterruptionQueue({
      client: client(source.url), queueUrl: `${source.url}/1/interruptions`, signal: stop.signal, onError: (error) => { throw error; }, patienceMilliseconds: 20,
      onMessages: async (messages) => {
        receives += 1;
        if (receives < 4) await hanging.promise;
        else if (messages.length > 0) source.waiting.length = 0;
      },
    });
    while (receives < 4) await new Promise((resolve) => setTimeout(resolve, 2));
    expect(source.deleted.length).toBeLessThan(3);
    hanging.resolve(undefined);
    while (source.deleted.length < 8) await new Promise((resolve) => setTimeout(resolve, 2));
    stop.abort();
    await reading;
  });

  /** Reads until `count` messages have come. */
  async function readUntil(source: Queue, count: number, onMessages?: (messages: readonly InterruptionMessage[]) => void): Promise<{ readonly seen: InterruptionMessage[]; readonly errors: unknown[] }> {
    const stop = new AbortController();
    const seen: InterruptionMessage[] = [];
    const errors: unknown[] = [];
    const reading = readInterruptionQueue({
      client: client(source.url), queueUrl: `${source.url}/1/interruptions`, signal: stop.signal, onError: (error) => errors.push(error),
      onMessages: (messages) => {
        onMessages?.(messages);
        seen.push(...messages);
      },
    });
    while (seen.length < count) await new Promise((resolve) => setTimeout(resolve, 2));
    while (source.deleted.length < source.waiting.length) await new Promise((resolve) => setTimeout(resolve, 2));
    stop.abort();
    await reading;
    return { seen, errors };
  }

  it("hands on what it understands and deletes all, the unknown too", async () => {
    const source = await queue([warning("i-1"), "not json", JSON.stringify({ version: "0", source: "aws.s3", "detail-type": "x", time: "", detail: {} })]);
    const { seen } = await readUntil(source, 1);
    expect(seen.map(({ instanceId }) => instanceId)).toEqual(["i-1"]);
    expect(source.deleted).toHaveLength(3);
  });

  it("hands a message on within a second of its arrival in the queue", async () => {
    const source = await queue([]);
    let arrived = 0;
    let handed = 0;
    const reading = readUntil(source, 1, () => (handed = performance.now()));
    setTimeout(() => {
      arrived = performance.now();
      source.waiting.push(warning("i-2"));
    }, 50);
    await reading;
    expect(handed - arrived).toBeLessThan(1000);
  });

  it("leaves in the queue what could not be handed on, and reads it again", async () => {
    const source = await queue([warning("i-3")]);
    let first = true;
    const { seen, errors } = await readUntil(source, 1, () => {
      if (first) {
        first = false;
        throw new Error("the daemon is busy");
      }
    });
    expect(seen).toHaveLength(1);
    expect(errors).toHaveLength(1);
  });

  it("gives up an endpoint that takes the request and never answers, and asks again", async () => {
    let asked = 0;
    const url = await listen(() => { asked += 1; });
    const stop = new AbortController();
    const errors: unknown[] = [];
    const reading = readInterruptionQueue({ client: client(url), queueUrl: `${url}/1/interruptions`, signal: stop.signal, onMessages: () => undefined, onError: (error) => errors.push(error), answerMilliseconds: 50 });
    while (asked < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    stop.abort();
    await reading;
    expect(errors.length).toBeGreaterThanOrEqual(1);
  });

  it("goes on after the queue has throttled it", async () => {
    const source = await queue([warning("i-4")]);
    source.failures = 1;
    const { seen, errors } = await readUntil(source, 1);
    expect(seen).toHaveLength(1);
    expect(errors).toHaveLength(1);
  });
});
