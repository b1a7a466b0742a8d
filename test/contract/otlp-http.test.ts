import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { MetricStore } from "../../src/observe/metrics/metric-store.ts";
import { startOtlpReceivers, type OtlpReceiverOptions, type OtlpReceivers } from "../../src/observe/metrics/otlp/receivers.ts";
import { decodeResponse, decodeStatus, encodeRequest } from "../fixtures/otlp/oracle.ts";
import { counter, gauge, NOW, point, requestOf } from "../fixtures/otlp/points.ts";
import { snapshotOf } from "../fixtures/otlp/table-snapshot.ts";

const running: OtlpReceivers[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((receivers) => receivers.close()));
});

async function start(options: Partial<OtlpReceiverOptions> = {}): Promise<{ readonly store: MetricStore; readonly receivers: OtlpReceivers; readonly url: string }> {
  const store = options.store ?? new MetricStore();
  const started = await startOtlpReceivers({ now: () => NOW, httpPort: 0, grpcPort: false, ...options, store });
  if (!started.ok) throw new Error(started.message);
  running.push(started.value);
  return { store, receivers: started.value, url: `http://127.0.0.1:${String(started.value.httpPort)}/v1/metrics` };
}

const PROTOBUF = { "content-type": "application/x-protobuf" };
const JSON_TYPE = { "content-type": "application/json" };
const good = requestOf([gauge("m", [point({ time: NOW, value: 1 })])]);

async function post(url: string, body: Uint8Array | string, headers: Readonly<Record<string, string>>): Promise<{ readonly status: number; readonly type: string | null; readonly body: Uint8Array; readonly headers: Headers }> {
  const response = await fetch(url, { method: "POST", body: typeof body === "string" ? body : Buffer.from(body), headers });
  return { status: response.status, type: response.headers.get("content-type"), body: new Uint8Array(await response.arrayBuffer()), headers: response.headers };
}

describe("OTLP/HTTP", () => {
  it.each([
    ["protobuf", PROTOBUF, (bytes: Uint8Array) => bytes],
    ["protobuf, gzip", { ...PROTOBUF, "content-encoding": "gzip" }, gzipSync],
    ["JSON", JSON_TYPE, undefined],
    ["JSON, gzip", { ...JSON_TYPE, "content-encoding": "gzip" }, gzipSync],
    ["JSON with a charset", { "content-type": "application/json; charset=utf-8" }, undefined],
  ] as const)("takes %s and answers in the same form", async (name, headers, pack) => {
    const { store, url } = await start();
    const plain = name.startsWith("JSON") ? Buffer.from(JSON.stringify(good)) : encodeRequest(good);
    const answer = await post(url, pack === undefined ? plain : pack(plain), headers);
    expect(answer.status).toBe(200);
    expect(answer.type).toBe(headers["content-type"].split(";")[0]);
    // All accepted: partial_success is not set.
    expect(name.startsWith("JSON") ? JSON.parse(Buffer.from(answer.body).toString()) : decodeResponse(answer.body)).toEqual({});
    expect(store.counters).toMatchObject({ pointsAccepted: 1, requests: { http: 1, grpc: 0 } });
  });

  it("tells partial success with the count and the reasons", async () => {
    const { url } = await start();
    const request = requestOf([gauge("m", [point({ time: NOW, value: 1 }), point({ time: NOW + 100, value: 1, attributes: { a: 1 } }), point({ time: NOW, value: Number.NaN, attributes: { a: 2 } })])]);
    const answer = await post(url, encodeRequest(request), PROTOBUF);
    expect(answer.status).toBe(200);
    expect(decodeResponse(answer.body)).toEqual({
      partialSuccess: { rejectedDataPoints: "2", errorMessage: "2 of 3 points refused: 1 future (too far ahead of this receiver's clock), 1 not-a-number (a value that is not a finite number)" },
    });
    const json = await post(url, JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics: [counter("c", [point({ time: NOW, value: -1 })])] }] }] }), JSON_TYPE);
    expect(JSON.parse(Buffer.from(json.body).toString())).toEqual({ partialSuccess: { rejectedDataPoints: "1", errorMessage: "1 of 1 points refused: 1 negative (a monotonic sum below zero)" } });
  });

  const bytes = encodeRequest(good);
  const refused: readonly (readonly [string, Uint8Array | string, Readonly<Record<string, string>>, number, number, string, RegExp])[] = [
    ["malformed protobuf", bytes.subarray(0, bytes.length - 3), PROTOBUF, 400, 3, "malformed", /^malformed protobuf at byte 1 of \d+: a length of \d+ runs past the end of its message$/],
    ["protobuf that is text", "hello", PROTOBUF, 400, 3, "malformed", /^malformed protobuf at byte \d+ of 5: /],
    ["malformed JSON", "{", JSON_TYPE, 400, 3, "malformed", /^malformed JSON: /],
    ["JSON of another type", '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","sum":{"dataPoints":[{"timeUnixNano":"soon"}]}}]}]}]}', JSON_TYPE, 400, 3, "malformed", /^malformed OTLP\/JSON at resourceMetrics\[0\]\.scopeMetrics\[0\]\.metrics\[0\]\.sum\.dataPoints\[0\]\.timeUnixNano: expected an integer \(a number or a decimal text\), got "soon"$/],
    ["JSON with the name of an enumeration", '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","sum":{"aggregationTemporality":"AGGREGATION_TEMPORALITY_DELTA","dataPoints":[{}]}}]}]}]}', JSON_TYPE, 400, 3, "malformed", /sum\.aggregationTemporality: an enumeration is written as its number/],
    ["deep JSON", "[".repeat(100_000), JSON_TYPE, 400, 3, "too-deep", /^the JSON nests deeper than 32 at byte 32$/],
    ["truncated gzip", gzipSync(bytes).subarray(0, 20), { ...PROTOBUF, "content-encoding": "gzip" }, 400, 3, "bad-gzip", /^the body is no whole gzip stream/],
    ["gzip that is none", "hello", { ...PROTOBUF, "content-encoding": "gzip" }, 400, 3, "bad-gzip", /^the body is no whole gzip stream/],
    ["a bomb", gzipSync(Buffer.alloc(40 << 20)), { ...PROTOBUF, "content-encoding": "gzip" }, 413, 8, "ratio", /inflates to more than 200 times its size/],
    ["zstd", zstdCompressSync(bytes), { ...PROTOBUF, "content-encoding": "zstd" }, 415, 3, "unsupported-encoding", /content-encoding zstd is not taken: use gzip or none/],
    ["another content type", bytes, { "content-type": "text/plain" }, 415, 3, "unsupported-media-type", /content-type text\/plain is not taken/],
    ["huge JSON", `{"resourceMetrics":[],"x":"${"y".repeat(9 << 20)}"}`, JSON_TYPE, 413, 8, "too-large", /^the request is larger than 8388608 bytes$/],
  ];
  it.each(refused)("refuses %s with its status, counts it, and changes nothing", async (...given) => {
    const [, body, headers, status, code, reason, message] = given;
    const { store, url } = await start();
    await post(url, bytes, PROTOBUF);
    const before = snapshotOf(store);
    const answer = await post(url, body, headers);
    expect(answer.status).toBe(status);
    const told = answer.type === "application/json" ? (JSON.parse(Buffer.from(answer.body).toString()) as Record<string, unknown>) : decodeStatus(answer.body);
    expect(told).toEqual({ code, message: expect.stringMatching(message) as string });
    expect(store.counters.requestsRejected).toMatchObject({ [reason]: 1 });
    expect(snapshotOf(store)).toEqual(before);
  });

  it("refuses what is over the size limit, before and after inflating", async () => {
    const { store, url } = await start({ maxBytes: 100_000 });
    expect((await post(url, new Uint8Array(100_001), PROTOBUF)).status).toBe(413);
    const noise = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 2654435761) >>> 24));
    expect((await post(url, gzipSync(noise), { ...PROTOBUF, "content-encoding": "gzip" })).status).toBe(413);
    expect(store.counters.requestsRejected["too-large"]).toBe(2);
  });

  it("refuses a body without a stated length that grows over the limit", async () => {
    const { receivers, store } = await start({ maxBytes: 10_000 });
    const status = await new Promise((resolve, reject) => {
      const sent = httpRequest({ port: receivers.httpPort, host: "127.0.0.1", path: "/v1/metrics", method: "POST", headers: { ...PROTOBUF, "transfer-encoding": "chunked" } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.on("error", reject);
      for (let i = 0; i < 20; i++) sent.write(Buffer.alloc(1000));
      sent.end();
    });
    expect(status).toBe(413);
    expect(store.counters.requestsRejected["too-large"]).toBe(1);
  });

  it("answers 503 with Retry-After when too much is in flight, and takes requests again after", async () => {
    const { store, url } = await start({ maxInFlightBytes: 10 });
    const answer = await post(url, bytes, PROTOBUF);
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("1");
    expect(decodeStatus(answer.body)).toEqual({ code: 14, message: "too much is in flight" });
    expect(store.counters.requestsRejected.overloaded).toBe(1);
    const roomy = await start({ maxInFlightRequests: 1 });
    for (let i = 0; i < 3; i++) expect((await post(roomy.url, bytes, PROTOBUF)).status).toBe(200);
  });

  it("knows other paths and methods", async () => {
    const { url } = await start();
    expect((await post(url.replace("metrics", "traces"), bytes, PROTOBUF)).status).toBe(404);
    const got = await fetch(url);
    expect([got.status, got.headers.get("allow")]).toEqual([405, "POST"]);
  });

  it("asks for the token where one is set", async () => {
    const { url } = await start({ bearerToken: "secret" });
    expect((await post(url, bytes, PROTOBUF)).status).toBe(401);
    expect((await post(url, bytes, { ...PROTOBUF, authorization: "Bearer wrong!" })).status).toBe(401);
    expect((await post(url, bytes, { ...PROTOBUF, authorization: "Bearer secret" })).status).toBe(200);
  });

  it.each(["honest", "lying"])("keeps answering while bombs come that are %s about their length, and its memory in bounds", async (kind) => {
    const { store, url } = await start();
    const bomb = gzipSync(Buffer.alloc(63 << 20));
    if (kind === "lying") bomb.writeUInt32LE(1000, bomb.length - 4);
    const before = process.memoryUsage().rss;
    let peak = 0;
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all([...Array.from({ length: 20 }, () => post(url, bomb, { ...PROTOBUF, "content-encoding": "gzip" })), post(url, bytes, PROTOBUF)]);
      expect(answers.map((answer) => answer.status)).toEqual([...Array.from({ length: 20 }, () => 413), 200]);
      peak = Math.max(peak, process.memoryUsage().rss);
    }
    expect(store.counters.requestsRejected.ratio).toBe(200);
    expect((peak - before) / 2 ** 20).toBeLessThan(256);
  });
});

describe("ports and addresses", () => {
  async function occupy(): Promise<{ readonly port: number; close(): Promise<void> }> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { port: (server.address() as AddressInfo).port, close: () => new Promise((resolve) => server.close(() => { resolve(); })) };
  }

  it("says that a port is occupied", async () => {
    const taken = await occupy();
    const started = await startOtlpReceivers({ store: new MetricStore(), now: () => NOW, httpPort: taken.port, grpcPort: false });
    expect(started).toEqual({ ok: false, failure: "transient", message: `port ${String(taken.port)} is occupied` });
    await taken.close();
  });

  it("takes the next free port where it is told to, and says which, for HTTP and gRPC", async () => {
    const taken = await occupy();
    const http = await start({ httpPort: taken.port, nextPorts: 20 });
    expect(http.receivers.httpPort).toBeGreaterThan(taken.port);
    const grpc = await start({ httpPort: false, grpcPort: taken.port, nextPorts: 20 });
    expect(grpc.receivers.grpcPort).toBeGreaterThan(taken.port);
    await taken.close();
  });

  it("frees the HTTP port when the gRPC port cannot be had", async () => {
    const [taken, free] = [await occupy(), await occupy()];
    await free.close();
    const started = await startOtlpReceivers({ store: new MetricStore(), now: () => NOW, httpPort: free.port, grpcPort: taken.port });
    expect(started.ok).toBe(false);
    const again = await start({ httpPort: free.port });
    expect(again.receivers.httpPort).toBe(free.port);
    await taken.close();
  });

  it("binds beyond loopback only with a token, or when told that none is wanted", async () => {
    const started = await startOtlpReceivers({ store: new MetricStore(), now: () => NOW, host: "0.0.0.0", httpPort: 0, grpcPort: false });
    expect(started).toMatchObject({ ok: false, failure: "permanent", message: expect.stringContaining("set a bearer token") as string });
    await start({ host: "0.0.0.0", bearerToken: "secret" });
  });

  it("refuses what comes while it closes, and frees its port", async () => {
    const { receivers, url } = await start();
    await receivers.close();
    await expect(fetch(url, { method: "POST" })).rejects.toThrow();
  });
});
