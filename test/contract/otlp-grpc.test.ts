import { Client, compressionAlgorithms, credentials, Metadata, status, type ServiceError } from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { MetricStore } from "../../src/observe/metrics/metric-store.ts";
import { EXPORT_METHOD } from "../../src/observe/metrics/otlp/grpc-receiver.ts";
import { startOtlpReceivers, type OtlpReceiverOptions } from "../../src/observe/metrics/otlp/receivers.ts";
import { decodeResponse, decodeStatus, encodeRequest } from "../fixtures/otlp/oracle.ts";
import { gauge, NOW, point, requestOf } from "../fixtures/otlp/points.ts";
import { snapshotOf } from "../fixtures/otlp/table-snapshot.ts";

const GZIP: number = compressionAlgorithms.gzip;
const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

type Answer = { readonly body: Buffer } | { readonly error: ServiceError };

async function start(options: Partial<OtlpReceiverOptions> = {}): Promise<{ readonly store: MetricStore; readonly export: (body: Uint8Array, given?: { readonly compression?: number; readonly metadata?: Metadata }) => Promise<Answer> }> {
  const store = options.store ?? new MetricStore();
  const started = await startOtlpReceivers({ now: () => NOW, httpPort: false, grpcPort: 0, ...options, store });
  if (!started.ok) throw new Error(started.message);
  closing.push(() => started.value.close());
  const call = (body: Uint8Array, given: { readonly compression?: number; readonly metadata?: Metadata } = {}): Promise<Answer> => {
    const client = new Client(`127.0.0.1:${String(started.value.grpcPort)}`, credentials.createInsecure(), { ...(given.compression === GZIP ? { "grpc.default_compression_algorithm": compressionAlgorithms.gzip } : {}), "grpc.max_send_message_length": -1 });
    return new Promise((resolve) => {
      const plain = (bytes: Buffer): Buffer => bytes;
      client.makeUnaryRequest(EXPORT_METHOD, plain, plain, Buffer.from(body), given.metadata ?? new Metadata(), (error, answer) => {
        client.close();
        resolve(error === null ? { body: answer ?? Buffer.alloc(0) } : { error });
      });
    });
  };
  return { store, export: call };
}

const good = encodeRequest(requestOf([gauge("m", [point({ time: NOW, value: 1 })])]));
const bodyOf = (answer: Answer): Record<string, unknown> => ("body" in answer ? decodeResponse(answer.body) : { error: answer.error.message });
const errorOf = (answer: Answer): { readonly code: number; readonly details: string; readonly metadata: Metadata } => {
  if ("body" in answer) throw new Error("taken");
  return answer.error;
};

describe("OTLP/gRPC", () => {
  it.each([["plain", 0], ["gzip", GZIP]])("takes %s requests; partial_success is not set when all is taken", async (_, compression) => {
    const { store, export: send } = await start();
    expect(bodyOf(await send(good, { compression }))).toEqual({});
    expect(store.counters).toMatchObject({ pointsAccepted: 1, requests: { grpc: 1, http: 0 } });
  });

  it("tells partial success", async () => {
    const { export: send } = await start();
    const body = encodeRequest(requestOf([gauge("m", [point({ time: NOW - 7200, value: 1 })])]));
    expect(bodyOf(await send(body))).toEqual({ partialSuccess: { rejectedDataPoints: "1", errorMessage: "1 of 1 points refused: 1 past (too old)" } });
  });

  it("answers INVALID_ARGUMENT, which is not retried, to malformed bytes; nothing changes", async () => {
    const { store, export: send } = await start();
    await send(good);
    const before = snapshotOf(store);
    const error = errorOf(await send(good.subarray(0, 10)));
    expect([error.code, error.details]).toEqual([status.INVALID_ARGUMENT, expect.stringMatching(/^malformed protobuf at byte \d+ of 10: /)]);
    expect(store.counters.requestsRejected.malformed).toBe(1);
    expect(snapshotOf(store)).toEqual(before);
  });

  it.each([["plain", 0], ["gzip", GZIP]])("answers RESOURCE_EXHAUSTED over the limit (%s)", async (_, compression) => {
    const { store, export: send } = await start({ maxBytes: 100_000 });
    expect(errorOf(await send(new Uint8Array(200_000), { compression })).code).toBe(status.RESOURCE_EXHAUSTED);
    expect(store.counters.requestsRejected["too-large"]).toBe(1);
    expect(bodyOf(await send(good))).toEqual({});
  });

  it("answers UNAVAILABLE with RetryInfo when too much is in flight", async () => {
    const { store, export: send } = await start({ maxInFlightBytes: 10 });
    const error = errorOf(await send(good));
    expect(error.code).toBe(status.UNAVAILABLE);
    const [details] = error.metadata.get("grpc-status-details-bin") as Buffer[];
    expect(decodeStatus(details ?? Buffer.alloc(0))).toMatchObject({ code: status.UNAVAILABLE, message: "too much is in flight" });
    expect(details?.includes("type.googleapis.com/google.rpc.RetryInfo")).toBe(true);
    expect(store.counters.requestsRejected.overloaded).toBe(1);
  });

  it("asks for the token where one is set", async () => {
    const { export: send } = await start({ bearerToken: "secret" });
    expect(errorOf(await send(good)).code).toBe(status.UNAUTHENTICATED);
    const metadata = new Metadata();
    metadata.set("authorization", "Bearer secret");
    expect(bodyOf(await send(good, { metadata }))).toEqual({});
  });

  it("ends soon after it is told to, though clients stay connected or leave at that moment", async () => {
    for (let round = 0; round < 5; round++) {
      const started = await startOtlpReceivers({ now: () => NOW, httpPort: false, grpcPort: 0, store: new MetricStore() });
      if (!started.ok) throw new Error(started.message);
      const clients = Array.from({ length: 3 }, () => new Client(`127.0.0.1:${String(started.value.grpcPort)}`, credentials.createInsecure()));
      await Promise.all(clients.map((client) => new Promise<void>((resolve) => { client.waitForReady(Date.now() + 5000, () => { resolve(); }); })));
      clients[0]?.close();
      const began = Date.now();
      await started.value.close();
      expect(Date.now() - began).toBeLessThan(3000);
      for (const client of clients) client.close();
    }
  });
});
