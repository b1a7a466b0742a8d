import { createServer } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MetricStore } from "../../src/observe/metrics/metric-store.ts";
import { startOtlpReceivers, type OtlpReceivers } from "../../src/observe/metrics/otlp/receivers.ts";
import { SignalReader } from "../../src/observe/metrics/signals/signal-reader.ts";
import type { SignalSpec } from "../../src/model/policy.ts";
import { sdk, type Transport } from "../fixtures/otlp/js-sdk.ts";
import { signalOf } from "../fixtures/otlp/send.ts";

let store: MetricStore;
let reader: SignalReader;
let receivers: OtlpReceivers;
const now = (): number => Date.now() / 1000;

beforeEach(async () => {
  store = new MetricStore();
  reader = new SignalReader(store.table);
  const started = await startOtlpReceivers({ store, now, httpPort: 0, grpcPort: 0 });
  if (!started.ok) throw new Error(started.message);
  receivers = started.value;
});
afterEach(() => receivers.close());

const select = { "service.name": "shop", "http.route": "/cart" };
const duration = { metric: "http.server.request.duration", unit: "s", select } as const;
const exponential = { metric: "latency.exponential", unit: "s", select } as const;
/** What is read of an instrument of each kind; a rate is checked by the count over the window that was observed. */
const SIGNALS: Readonly<Record<string, SignalSpec>> = {
  counter: signalOf({ metric: "orders", unit: "{order}", select }),
  observableCounter: signalOf({ metric: "cpu.time", unit: "s" }),
  upDownCounter: signalOf({ metric: "http.server.active_requests", unit: "{request}", extract: "gauge", select }),
  observableUpDownCounter: signalOf({ metric: "queue.depth", extract: "gauge" }),
  gauge: signalOf({ metric: "temperature", unit: "Cel", extract: "gauge", aggregate: "mean" }),
  observableGauge: signalOf({ metric: "process.cpu.utilization", unit: "1", extract: "gauge", aggregate: "mean" }),
  histogramRate: signalOf(duration),
  histogramMean: signalOf({ ...duration, extract: "mean", aggregate: "mean" }),
  histogramShare: signalOf({ ...duration, extract: "share-above", aggregate: "mean", threshold: 0.25 }),
  histogramQuantile: signalOf({ ...duration, extract: "quantile", aggregate: "mean", quantile: 0.5 }),
  exponentialRate: signalOf(exponential),
  exponentialMean: signalOf({ ...exponential, extract: "mean", aggregate: "mean" }),
  exponentialShare: signalOf({ ...exponential, extract: "share-above", aggregate: "mean", threshold: 0.25 }),
  exponentialQuantile: signalOf({ ...exponential, extract: "quantile", aggregate: "mean", quantile: 0.5 }),
};

const ROUNDS = 4;
const combinations = (["protobuf", "json", "grpc"] as const).flatMap((transport) => [false, true].flatMap((gzip) => [false, true].map((delta) => [transport, gzip ? "gzip" : "plain", delta ? "delta" : "cumulative"] as const)));

describe("an unmodified OpenTelemetry SDK for JavaScript", () => {
  it.each(combinations)("is read over %s, %s, %s: every kind of instrument", async (transport: Transport, compression, temporality) => {
    reader.retain(Object.values(SIGNALS));
    const began = now();
    const { provider, flush, shutdown } = sdk({ transport, gzip: compression === "gzip", delta: temporality === "delta", httpPort: receivers.httpPort, grpcPort: receivers.grpcPort });
    const meter = provider.getMeter("test", "1.0");
    const attributes = { "http.route": "/cart" };
    const orders = meter.createCounter("orders", { unit: "{order}" });
    const active = meter.createUpDownCounter("http.server.active_requests", { unit: "{request}" });
    const temperature = meter.createGauge("temperature", { unit: "Cel" });
    const latency = meter.createHistogram("http.server.request.duration", { unit: "s", advice: { explicitBucketBoundaries: [0.1, 0.25, 0.5, 1] } });
    const fine = meter.createHistogram("latency.exponential", { unit: "s" });
    let cpuSeconds = 100;
    meter.createObservableCounter("cpu.time", { unit: "s" }).addCallback((result) => { result.observe((cpuSeconds += 2)); });
    meter.createObservableUpDownCounter("queue.depth").addCallback((result) => { result.observe(-7); });
    meter.createObservableGauge("process.cpu.utilization", { unit: "1" }).addCallback((result) => { result.observe(0.25); });
    for (let round = 0; round < ROUNDS; round++) {
      orders.add(3, attributes);
      active.add(2, attributes);
      temperature.record(20 + round);
      for (const seconds of [0.05, 0.05, 0.2, 0.4]) {
        latency.record(seconds, attributes);
        fine.record(seconds, attributes);
      }
      await flush();
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    const window = now() - began;
    await shutdown();
    const read = Object.fromEntries(Object.entries(SIGNALS).map(([name, spec]) => [name, reader.read(spec, now())]));
    const value = (name: string): number => {
      const observation = read[name];
      if (observation?.kind !== "value") throw new Error(`${name}: ${observation?.detail ?? "not read"}`);
      return observation.value;
    };
    expect(value("upDownCounter")).toBe(2 * ROUNDS);
    expect(value("observableUpDownCounter")).toBe(-7);
    expect(value("gauge")).toBe(20 + ROUNDS - 1);
    expect(value("observableGauge")).toBe(0.25);
    expect(value("histogramMean")).toBeCloseTo(0.175, 9);
    expect(value("histogramShare")).toBeCloseTo(0.25, 9);
    expect(value("histogramQuantile")).toBeCloseTo(0.1, 9);
    expect(value("exponentialMean")).toBeCloseTo(0.175, 9);
    expect(value("exponentialShare")).toBeCloseTo(0.25, 6);
    // Half of the records are 0.05: the median is the upper edge of their bucket, a hundredth above at most.
    expect(value("exponentialQuantile")).toBeGreaterThanOrEqual(0.05);
    expect(value("exponentialQuantile")).toBeLessThan(0.0505);
    // What was counted over the time that was observed, which is a part of the time that the test took.
    for (const [name, count] of [["counter", 3], ["histogramRate", 4], ["exponentialRate", 4]] as const) {
      expect(value(name) * window).toBeGreaterThanOrEqual(count * (ROUNDS - 1));
      expect(value(name) * window).toBeLessThan(count * ROUNDS * 20);
    }
    expect(value("observableCounter")).toBeGreaterThan(0);
    expect(store.counters.pointsRejected).toEqual(Object.fromEntries(Object.keys(store.counters.pointsRejected).map((reason) => [reason, 0])));
    expect(store.counters.requestsRejected).toEqual(Object.fromEntries(Object.keys(store.counters.requestsRejected).map((reason) => [reason, 0])));
  });

  it("tries again after 503, as the receiver asks it to, and loses nothing", async () => {
    await receivers.close();
    let refuse = true;
    const started = await startOtlpReceivers({ store, now, httpPort: 0, grpcPort: false });
    if (!started.ok) throw new Error(started.message);
    receivers = started.value;
    // A front that answers as the receiver does when too much is in flight, once, and then hands on.
    const front = createServer((request, response) => {
      if (refuse) {
        refuse = false;
        request.resume();
        response.writeHead(503, { "retry-after": "0", "content-type": "application/x-protobuf" }).end();
        return;
      }
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        void fetch(`http://127.0.0.1:${String(receivers.httpPort)}/v1/metrics`, { method: "POST", body: Buffer.concat(chunks), headers: { "content-type": "application/x-protobuf" } }).then(async (answer) => {
          response.writeHead(answer.status, { "content-type": "application/x-protobuf" }).end(Buffer.from(await answer.arrayBuffer()));
        });
      });
    });
    await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
    const address = front.address();
    const { provider, flush, shutdown } = sdk({ transport: "protobuf", gzip: false, delta: true, httpPort: typeof address === "object" ? address?.port : undefined, grpcPort: undefined });
    provider.getMeter("test").createCounter("orders").add(5);
    await flush();
    expect(store.counters.pointsAccepted).toBe(1);
    await shutdown();
    front.closeAllConnections();
    front.close();
  });
});
