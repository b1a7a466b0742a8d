import { gunzipSync, gzipSync } from "node:zlib";
import { MetricStore } from "../src/observe/metrics/metric-store.ts";
import { hasCollector, startCollector } from "../test/fixtures/otlp/collector.ts";
import { decodeRequestMessage, encodeRequest, type OraclePoint, type OracleResourceMetrics } from "../test/fixtures/otlp/oracle.ts";
import type { BenchRow } from "./bench-row.ts";
import { perCoreSecond } from "./measure.ts";

export const name = "decode";

const POINTS = 10_000;
const START_SECONDS = 1_700_000_000;
const STEP_SECONDS = 15;
/** Requests of one exporter, one after the other: the times and the values move on. */
const REQUESTS = 8;
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

type Shape = "sum" | "histogram" | "exponential histogram";

/** Points per core-second from the gzip bytes to the series' state, beside protobufjs doing the same. */
export async function run(): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  const goals = { sum: 1_000_000, histogram: 500_000, "exponential histogram": undefined } as const;
  for (const shape of ["sum", "histogram", "exponential histogram"] as const) {
    const bodies = Array.from({ length: REQUESTS }, (_, i) => gzipSync(encodeRequest(request(shape, i))));
    const inflated = gunzipSync(bodies[0] as Buffer).length;
    process.stderr.write(`${shape}: ${String(POINTS)} points, ${(inflated / 1e6).toFixed(2)} MB, ${((bodies[0] as Buffer).length / 1e3).toFixed(0)} KB gzip\n`);
    const goal = goals[shape];
    rows.push({ what: `${shape} points, gzip to series state`, value: perCoreSecond(ours(bodies)), unit: "points/core-s", ...(goal === undefined ? {} : { goal: { atLeast: goal } }) });
    rows.push({ what: `${shape} points, protobufjs to the same state`, value: perCoreSecond(protobufjs(bodies)), unit: "points/core-s", note: "comparison" });
    const collector = await collectorRate(bodies);
    if (collector !== undefined) rows.push({ what: `${shape} points, a Collector 0.165 (OTLP in, nothing out)`, value: collector, unit: "points/core-s", note: "comparison" });
    rows.push({ what: `${shape} points, gunzip alone`, value: perCoreSecond(gunzipAlone(bodies)), unit: "points/core-s", note: "upper bound" });
  }
  return rows;
}

const COLLECTOR_SECONDS = 4;

/** The same bodies sent to a real Collector, by its processor time; undefined where none has been built. */
async function collectorRate(bodies: readonly Buffer[]): Promise<number | undefined> {
  if (!hasCollector) {
    process.stderr.write("no Collector to compare with: npm run build:collector builds one\n");
    return undefined;
  }
  const collector = await startCollector({ transport: "nowhere", compression: "none", port: 0 });
  const send = async (seconds: number): Promise<number> => {
    const [cpu, end] = [collector.cpuSeconds(), Date.now() + seconds * 1000];
    let points = 0;
    for (; Date.now() < end; points += POINTS) {
      const headers = { "content-type": "application/x-protobuf", "content-encoding": "gzip" };
      const response = await fetch(`http://127.0.0.1:${String(collector.httpPort)}/v1/metrics`, { method: "POST", headers, body: bodies[(points / POINTS) % REQUESTS] as Buffer });
      if (!response.ok) throw new Error(`the Collector answered ${String(response.status)}`);
      await response.arrayBuffer();
    }
    return points / (collector.cpuSeconds() - cpu);
  };
  await send(1);
  const rate = await send(COLLECTOR_SECONDS);
  await collector.stop();
  return rate;
}

function ours(bodies: readonly Buffer[]): () => number {
  let store = new MetricStore();
  let next = 0;
  return () => {
    // A new store once the requests have been used up: the same points again would be duplicates, which is cheaper work.
    if (next === REQUESTS) [store, next] = [store, 0];
    if (next === 0) forget(store);
    const done = store.ingestProtobuf(gunzipSync(bodies[next] as Buffer, { maxOutputLength: 1 << 26 }), START_SECONDS + next++ * STEP_SECONDS);
    if (!done.ok || done.value.accepted !== POINTS) throw new Error(done.ok ? `only ${String(done.value.accepted)} accepted` : done.message);
    return POINTS;
  };
}

/** Let the known series start over, so that a repeated request is news to them. */
function forget(store: MetricStore): void {
  store.table.state.fill(0);
}

function protobufjs(bodies: readonly Buffer[]): () => number {
  const state = new Map<string, { time: number; value: number }>();
  let next = 0;
  return () => {
    const message = decodeRequestMessage(gunzipSync(bodies[next++ % REQUESTS] as Buffer, { maxOutputLength: 1 << 26 }));
    return message.resourceMetrics.reduce((sum, resource) => sum + applyMessage(resource, state), 0);
  };
}

function applyMessage(resource: OracleResourceMetrics, state: Map<string, { time: number; value: number }>): number {
  let points = 0;
  for (const scope of resource.scopeMetrics) {
    for (const metric of scope.metrics) {
      for (const point of (metric.sum ?? metric.histogram ?? metric.exponentialHistogram)?.dataPoints ?? []) {
        const key = `${metric.name} ${point.attributes.map((pair) => `${pair.key}=${String(pair.value["stringValue"])}`).join(" ")}`;
        const known = state.get(key);
        const [time, value] = [seconds(point.timeUnixNano), point.asDouble ?? point.sum ?? 0];
        if (known === undefined) state.set(key, { time, value });
        else [known.time, known.value] = [time, value];
        points++;
      }
    }
  }
  return points;
}

function seconds(time: OraclePoint["timeUnixNano"]): number {
  return (time.high >>> 0) * 4.294967296 + (time.low >>> 0) / 1e9;
}

function gunzipAlone(bodies: readonly Buffer[]): () => number {
  let next = 0;
  return () => {
    gunzipSync(bodies[next++ % REQUESTS] as Buffer, { maxOutputLength: 1 << 26 });
    return POINTS;
  };
}

/** 10,000 cumulative points with five attributes each, as a Go SDK would send them. */
function request(shape: Shape, turn: number): Record<string, unknown> {
  const dataPoints = Array.from({ length: POINTS }, (_, i) => ({ ...common(i, turn), ...payload(shape, i, turn) }));
  const data =
    shape === "sum" ? { sum: { dataPoints, aggregationTemporality: 2, isMonotonic: true } } : shape === "histogram" ? { histogram: { dataPoints, aggregationTemporality: 2 } } : { exponentialHistogram: { dataPoints, aggregationTemporality: 2 } };
  const resource = { attributes: [text("service.name", "shop"), text("service.instance.id", "shop-7d4b9c-x2x8p")] };
  return { resourceMetrics: [{ resource, scopeMetrics: [{ scope: { name: "bench" }, metrics: [{ name: "http.server.requests", unit: "1", ...data }] }] }] };
}

function common(i: number, turn: number): Record<string, unknown> {
  return {
    attributes: [
      text("http.request.method", ["GET", "POST", "PUT", "DELETE"][i % 4] as string),
      text("http.route", `/api/v1/resource/${String(i >> 2)}`),
      text("http.response.status_code", "200"),
      text("server.address", "shop.example.com"),
      text("network.protocol.version", "1.1"),
    ],
    startTimeUnixNano: `${String(START_SECONDS - 600)}000000000`,
    timeUnixNano: `${String(START_SECONDS + turn * STEP_SECONDS)}000000000`,
  };
}

function payload(shape: Shape, i: number, turn: number): Record<string, unknown> {
  if (shape === "sum") return { asDouble: 1000 + (turn + 1) * (i % 97) };
  if (shape === "histogram") {
    const bucketCounts = BOUNDS.map((_, bucket) => (turn + 1) * ((i + bucket) % 13)).concat(turn);
    return { count: bucketCounts.reduce((a, b) => a + b, 0), sum: 12.5 * (turn + 1), bucketCounts, explicitBounds: BOUNDS };
  }
  const bucketCounts = Array.from({ length: 40 }, (_, bucket) => (turn + 1) * ((i + bucket) % 11));
  return { count: bucketCounts.reduce((a, b) => a + b, 0), sum: 12.5 * (turn + 1), scale: 3, zeroCount: 0, positive: { offset: -20, bucketCounts } };
}

function text(key: string, value: string): Record<string, unknown> {
  return { key, value: { stringValue: value } };
}
