import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { OtlpSource } from "../../src/observe/metrics/sources/otlp.ts";
import { createMetricSource, METRIC_SOURCES } from "../../src/observe/metrics/sources/registry.ts";
import type { MetricSource } from "../../src/observe/metrics/sources/metric-source.ts";
import { encodeRequest } from "../fixtures/otlp/oracle.ts";
import { counter, gauge, NOW, point, requestOf } from "../fixtures/otlp/points.ts";
import { signalOf } from "../fixtures/otlp/send.ts";
import { prometheusWire } from "../fixtures/prometheus-wire.ts";
import { metricSourceContract, type SourceUnderTest, type WorldSample } from "./metric-source.contract.ts";

async function create(type: string, config: unknown, now: () => number): Promise<MetricSource> {
  const made = await createMetricSource(type, config, { now });
  if (!made.ok) throw new Error(made.message);
  return made.value;
}

async function openOtlp(now: () => number): Promise<SourceUnderTest> {
  const source = (await create("otlp", { httpPort: 0, grpcPort: false }, now)) as OtlpSource;
  const post = async (body: Uint8Array): Promise<number> => (await fetch(`http://127.0.0.1:${String(source.httpPort)}/v1/metrics`, { method: "POST", headers: { "content-type": "application/x-protobuf" }, body: Buffer.from(body) })).status;
  const happen = async (sample: WorldSample): Promise<void> => {
    const one = point({ time: sample.time, value: sample.value, ...(sample.metric === "events_total" && { start: NOW - 1000 }) });
    await post(encodeRequest(requestOf([sample.metric === "level" ? gauge("level", [one]) : counter("events_total", [one])], { instance: sample.instance })));
  };
  const goWrong = async (): Promise<boolean> => {
    expect(await post(Buffer.from("nonsense"))).toBe(400);
    return false;
  };
  return { source, happen, goWrong, end: () => Promise.resolve() };
}

async function openFile(now: () => number): Promise<SourceUnderTest> {
  const folder = mkdtempSync(join(tmpdir(), "foretide-source-"));
  const path = join(folder, "metrics.jsonl");
  appendFileSync(path, "");
  const source = await create("file", { path }, now);
  const happen = ({ metric, instance, time, value }: WorldSample): Promise<void> => {
    appendFileSync(path, `${JSON.stringify({ time, metric, value, counter: metric === "events_total", attributes: { instance } })}\n`);
    return Promise.resolve();
  };
  const goWrong = (): Promise<boolean> => {
    appendFileSync(path, '{"time": "soon"}\n');
    return Promise.resolve(true);
  };
  const end = (): Promise<void> => {
    rmSync(folder, { recursive: true });
    return Promise.resolve();
  };
  return { source, happen, goWrong, end };
}

async function openPrometheus(now: () => number): Promise<SourceUnderTest> {
  const wire = await prometheusWire();
  const source = await create("prometheus", { url: wire.url }, now);
  const happen = ({ metric, instance, time, value }: WorldSample): Promise<void> => {
    wire.fail = undefined;
    wire.samples.push({ name: metric, labels: { instance }, time, value });
    return Promise.resolve();
  };
  const goWrong = (): Promise<boolean> => {
    wire.fail = { status: 503, body: "upstream connect error" };
    return Promise.resolve(true);
  };
  return { source, happen, goWrong, end: wire.close };
}

const OPEN: Readonly<Record<string, (now: () => number) => Promise<SourceUnderTest>>> = { otlp: openOtlp, file: openFile, prometheus: openPrometheus };

describe("the registry of metric sources", () => {
  it("has no source that does not run the contract", () => {
    expect(METRIC_SOURCES.map((source) => source.type).sort()).toEqual(Object.keys(OPEN).sort());
  });

  it("names what is wrong with a configuration, and which types there are", async () => {
    expect(await createMetricSource("graphite", {}, { now: () => NOW })).toEqual({ ok: false, failure: "permanent", message: "there is no metric source graphite; there are otlp, file, prometheus" });
    expect(await createMetricSource("prometheus", { url: "ftp://x", token: "y" }, { now: () => NOW })).toMatchObject({ ok: false, failure: "permanent", message: expect.stringMatching(/prometheus\.url: .*; prometheus: .*token/) as string });
  });
});

for (const [type, open] of Object.entries(OPEN)) metricSourceContract(type, open);

describe("the file source", () => {
  it("names the line that it cannot read, takes the others, and waits for the end of a line", async () => {
    const folder = mkdtempSync(join(tmpdir(), "foretide-source-"));
    const path = join(folder, "metrics.jsonl");
    const source = await create("file", { path }, () => NOW);
    const level = signalOf({ metric: "level", extract: "gauge" });
    source.retain([level]);
    expect(await source.refresh(NOW)).toMatchObject({ ok: false, failure: "missing" });
    appendFileSync(path, `{"time":${String(NOW - 10)},"metric":"level","value":1}\n\nnot json\n{"time":${String(NOW)},"metric":"level","val`);
    expect(await source.refresh(NOW)).toEqual({ ok: false, failure: "permanent", message: expect.stringContaining("metrics.jsonl:3: ") as string });
    expect(source.read(level, NOW)).toMatchObject({ kind: "value", value: 1 });
    appendFileSync(path, 'ue":2}\n');
    expect(await source.refresh(NOW)).toMatchObject({ ok: true });
    expect(source.read(level, NOW)).toMatchObject({ kind: "value", value: 2 });
    rmSync(folder, { recursive: true });
  });
});

describe("the Prometheus source", () => {
  it("reads an expression as a gauge, and says what it does not read", async () => {
    const wire = await prometheusWire();
    const source = await create("prometheus", { url: wire.url }, () => NOW);
    const sum = signalOf({ metric: "sum(level)", extract: "gauge", unit: "{request}" });
    const quantile = signalOf({ metric: "latency", extract: "quantile", quantile: 0.5 });
    const rate = signalOf({ metric: "rate(x[1m])" });
    source.retain([sum, quantile, rate]);
    wire.samples.push({ name: "level", labels: { instance: "a" }, time: NOW - 5, value: 2 }, { name: "level", labels: { instance: "b" }, time: NOW - 5, value: 5 });
    expect(await source.refresh(NOW)).toMatchObject({ ok: true });
    expect(source.read(sum, NOW)).toMatchObject({ kind: "value", value: 7 });
    expect(source.read(quantile, NOW)).toMatchObject({ kind: "absent", cause: "invalid", detail: expect.stringContaining("extract: quantile is not read from Prometheus") as string });
    expect(source.read(rate, NOW)).toMatchObject({ kind: "absent", cause: "invalid" });
    await wire.close();
  });

  it("takes no sample for new that is older than staleAfter, whatever the server looks back", async () => {
    const wire = await prometheusWire();
    const source = await create("prometheus", { url: wire.url }, () => NOW);
    const sum = signalOf({ metric: "sum(level)", extract: "gauge", staleAfterSeconds: 60 });
    source.retain([sum]);
    wire.samples.push({ name: "level", labels: {}, time: NOW - 90, value: 2 });
    expect(await source.refresh(NOW)).toMatchObject({ ok: true });
    expect(source.read(sum, NOW)).toMatchObject({ kind: "absent", cause: "absent" });
    await wire.close();
  });

  it("shows a token, or a name with a password, and further headers; none of them is printed", async () => {
    const wire = await prometheusWire();
    for (const [config, authorization] of [[{ bearerToken: "t0ken" }, "Bearer t0ken"], [{ username: "ann", password: "pa:ss" }, `Basic ${btoa("ann:pa:ss")}`]] as const) {
      const source = await create("prometheus", { url: wire.url, headers: { "X-Scope-OrgID": "shop" }, ...config }, () => NOW);
      source.retain([signalOf({ metric: "level", extract: "gauge" })]);
      await source.refresh(NOW);
      expect(wire.headers).toMatchObject({ authorization, "x-scope-orgid": "shop" });
    }
    const parsed = METRIC_SOURCES.find(({ type }) => type === "prometheus")?.config.parse({ url: wire.url, bearerToken: "t0ken", username: "ann", password: "pa:ss" });
    expect(JSON.stringify(parsed)).not.toMatch(/t0ken|pa:ss/);
    await wire.close();
  });

  it("hands on the server's words for a query that is wrong, and tells a server that is away", async () => {
    const wire = await prometheusWire();
    const source = await create("prometheus", { url: wire.url, timeoutSeconds: 1 }, () => NOW);
    source.retain([signalOf({ metric: "sum(level", extract: "gauge" })]);
    expect(await source.refresh(NOW)).toMatchObject({ ok: false, failure: "permanent", message: expect.stringContaining("parse error in sum(level") as string });
    await wire.close();
    expect(await source.refresh(NOW)).toMatchObject({ ok: false, failure: "transient", message: expect.stringContaining("cannot be asked") as string });
  });
});
