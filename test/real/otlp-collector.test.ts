import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hasCollector, startCollector, type Collector, type CollectorExport } from "../fixtures/otlp/collector.ts";
import { sdk } from "../fixtures/otlp/js-sdk.ts";
import { expectNothingRefused, startReceiver, type ReceiverUnderTest } from "../fixtures/otlp/receiver-under-test.ts";
import { expectWorkload, recordWorkload } from "../fixtures/otlp/sdk-workload.ts";

let under: ReceiverUnderTest;
let collector: Collector | undefined;
beforeEach(async () => {
  under = await startReceiver();
});
afterEach(async () => {
  await collector?.stop();
  collector = undefined;
  await under.receivers.close();
});

async function through(to: Omit<CollectorExport, "port">, delta: boolean): Promise<number> {
  collector = await startCollector({ ...to, port: (to.transport === "grpc" ? under.receivers.grpcPort : under.receivers.httpPort) ?? 0 });
  return recordWorkload(sdk({ transport: "grpc", gzip: false, delta, httpPort: undefined, grpcPort: collector.grpcPort }));
}

const note = hasCollector ? "" : " (skipped: npm run build:collector builds it)";

describe.skipIf(!hasCollector)(`a real OpenTelemetry Collector${note}`, () => {
  const taken: readonly (readonly [string, Omit<CollectorExport, "port">])[] = [
    ["gRPC", { transport: "grpc", compression: "none" }],
    ["gRPC with gzip", { transport: "grpc", compression: "gzip" }],
    ["HTTP protobuf", { transport: "http", compression: "none" }],
    ["HTTP protobuf with gzip", { transport: "http", compression: "gzip" }],
    ["HTTP JSON", { transport: "http", compression: "none", encoding: "json" }],
    ["HTTP JSON with gzip", { transport: "http", compression: "gzip", encoding: "json" }],
  ];
  it.each(taken.flatMap(([name, to]) => [[name, "cumulative", to] as const, [name, "delta", to] as const]))("is read over %s, %s", async (_, temporality, to) => {
    const tookSeconds = await through(to, temporality === "delta");
    expectNothingRefused(under.store);
    expectWorkload(under.reader, under.now(), tookSeconds);
  });

  it("is answered 415 to zstd over HTTP, which it does not try again", async () => {
    await through({ transport: "http", compression: "zstd" }, false).catch(() => undefined);
    expect(under.store.counters.pointsAccepted).toBe(0);
    expect(under.store.counters.requestsRejected["unsupported-encoding"]).toBeGreaterThan(0);
    expect(collector?.log()).toContain("415");
    expect(collector?.log()).toContain("not retryable error");
  });

  it("is answered UNIMPLEMENTED to zstd over gRPC, which it does not try again", async () => {
    await through({ transport: "grpc", compression: "zstd" }, false).catch(() => undefined);
    expect(under.store.counters.pointsAccepted).toBe(0);
    expect(under.store.counters.requestsRejected["unsupported-encoding"]).toBeGreaterThan(0);
    expect(collector?.log()).toContain("Unimplemented");
  });
});
