import { createServer } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sdk, type Transport } from "../fixtures/otlp/js-sdk.ts";
import { expectNothingRefused, startReceiver, type ReceiverUnderTest } from "../fixtures/otlp/receiver-under-test.ts";
import { expectWorkload, recordWorkload, ROUNDS, WORKLOAD_SIGNALS } from "../fixtures/otlp/sdk-workload.ts";
import { signalOf } from "../fixtures/otlp/send.ts";

let under: ReceiverUnderTest;
beforeEach(async () => {
  under = await startReceiver();
});
afterEach(() => under.receivers.close());

const cpuTime = signalOf({ metric: "cpu.time", unit: "s" });
const queueDepth = signalOf({ metric: "queue.depth", extract: "gauge" });
const combinations = (["protobuf", "json", "grpc"] as const).flatMap((transport) => [false, true].flatMap((gzip) => [false, true].map((delta) => [transport, gzip ? "gzip" : "plain", delta ? "delta" : "cumulative"] as const)));

describe("an unmodified OpenTelemetry SDK for JavaScript", () => {
  it.each(combinations)("is read over %s, %s, %s: every kind of instrument", async (transport: Transport, compression, temporality) => {
    const { reader, receivers, store, now } = under;
    reader.retain([...Object.values(WORKLOAD_SIGNALS), cpuTime, queueDepth]);
    const javascript = sdk({ transport, gzip: compression === "gzip", delta: temporality === "delta", httpPort: receivers.httpPort, grpcPort: receivers.grpcPort });
    const meter = javascript.provider.getMeter("more");
    let cpuSeconds = 100;
    meter.createObservableCounter("cpu.time", { unit: "s" }).addCallback((result) => { result.observe((cpuSeconds += 2)); });
    meter.createObservableUpDownCounter("queue.depth").addCallback((result) => { result.observe(-7); });
    const tookSeconds = await recordWorkload(javascript);
    expectNothingRefused(store);
    expectWorkload(reader, now(), tookSeconds);
    expect(reader.read(queueDepth, now())).toMatchObject({ kind: "value", value: -7 });
    const cpu = reader.read(cpuTime, now());
    expect(cpu.kind === "value" ? cpu.value * tookSeconds : cpu.detail).toBeGreaterThanOrEqual(0.9 * 2 * (ROUNDS - 1));
  });

  it("tries again after 503, as the receiver asks it to, and loses nothing", async () => {
    const { receivers, store } = under;
    let refuse = true;
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
