import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

import { OTLPMetricExporter as GrpcExporter } from "@opentelemetry/exporter-metrics-otlp-grpc";
import { OTLPMetricExporter as HttpExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Daemon } from "../../src/app/daemon.ts";
import { openSqliteHistory } from "../../src/history/sqlite-history.ts";
import type { Decision } from "../../src/model/decision.ts";
import { compressedLoad, DAY_SECONDS, RAMP_SECONDS, RAMP_START_SECONDS, WEEK_SECONDS } from "../fixtures/compressed-day.ts";
import { daemonOver } from "../fixtures/daemon/daemon-over.ts";

const STEP_SECONDS = 5;
const RATE_PER_REPLICA = 100;
const LEAD_SECONDS = 10;
/** Lived through before the ramp that is judged: the loop is warm, the first fit is in. */
const SETTLE_SECONDS = 20;

interface Live {
  readonly decisions: readonly Decision[];
  readonly rampSeconds: number;
  /** Ready replicas when the ramp begins, and when it is over. */
  readonly readyAtRamp: number;
  readonly readyAfterRamp: number;
}

/** Two weeks imported, then most of a day lived through a real SDK. */
async function live(transport: "http" | "grpc", forecast: boolean): Promise<Live> {
  const directory = mkdtempSync(join(tmpdir(), "foretide-ahead-"));
  const startSeconds = Date.now() / 1000;
  const midnightSeconds = startSeconds + SETTLE_SECONDS - RAMP_START_SECONDS;
  const configuration = writeConfiguration(directory, forecast);
  await importTwoWeeks(directory, midnightSeconds);
  const daemon = await daemonOver(configuration, "error");
  const service = startService(daemon, transport, midnightSeconds);
  const rampSeconds = startSeconds + SETTLE_SECONDS;
  await until(rampSeconds);
  const readyAtRamp = await readyReplicas(daemon);
  await until(rampSeconds + RAMP_SECONDS);
  const readyAfterRamp = await readyReplicas(daemon);
  await until(rampSeconds + 55);
  const page = await daemon.view.decisions.decisions({ limit: 500 });
  await service.stop();
  await daemon.stop();
  rmSync(directory, { recursive: true, force: true });
  if (!page.ok) throw new Error(page.message);
  return { decisions: page.value.decisions.map(({ decision }) => decision), rampSeconds, readyAtRamp, readyAfterRamp };
}

function writeConfiguration(directory: string, forecast: boolean): string {
  const spec = {
    mode: "full",
    target: { simulated: { replicas: 3, startSeconds: LEAD_SECONDS } },
    replicas: { min: 1, max: 40 },
    demand: { metric: "shop.requests", extract: "rate", unit: "{request}", window: "4s", staleAfter: "10s" },
    scaling: { requestsPerSecondPerReplica: RATE_PER_REPLICA },
    leadTime: `${String(LEAD_SECONDS)}s`,
    evaluationInterval: "1s",
    forecast: { enabled: forecast, step: `${String(STEP_SECONDS)}s`, seasons: [`${String(DAY_SECONDS)}s`, `${String(WEEK_SECONDS)}s`], horizon: "60s", refit: "60s", history: `${String(2 * WEEK_SECONDS)}s` },
    behavior: { scaleIn: { stabilization: "3s", maxShare: "100%" }, scaleOut: { maxShare: "100%", maxReplicas: 20 } },
  };
  const policy = { apiVersion: "foretide.dev/v1", kind: "Policy", metadata: { name: "shop" }, spec };
  const daemon = { listen: { http: { port: 0 }, otlpHttp: { port: 0 }, otlpGrpc: { port: 0 } }, data: { directory: join(directory, "data") }, policies: ["policies"] };
  mkdirSync(join(directory, "policies"));
  mkdirSync(join(directory, "data"));
  writeFileSync(join(directory, "policies", "shop.yaml"), JSON.stringify(policy));
  writeFileSync(join(directory, "foretide.yaml"), JSON.stringify(daemon));
  return directory;
}

async function importTwoWeeks(directory: string, midnightSeconds: number): Promise<void> {
  const history = await openSqliteHistory(join(directory, "data", "history.sqlite"));
  if (!history.ok) throw new Error(history.message);
  const end = Math.floor(Date.now() / 1000 / STEP_SECONDS) * STEP_SECONDS;
  const points = [];
  for (let timeSeconds = end - 2 * WEEK_SECONDS; timeSeconds < end; timeSeconds += STEP_SECONDS) {
    const mean = compressedLoad(timeSeconds + STEP_SECONDS / 2, midnightSeconds);
    points.push({ timeSeconds, mean, min: mean, max: mean, count: 1, coverage: 1 });
  }
  const imported = await history.value.importPoints({ target: "shop", signal: "demand", stepSeconds: STEP_SECONDS }, points);
  if (!imported.ok) throw new Error(imported.message);
  await history.value.close();
}

/** The service: an unmodified SDK that counts requests and exports twice a second. */
function startService(daemon: Daemon, transport: "http" | "grpc", midnightSeconds: number): { stop(): Promise<void> } {
  const exporter = transport === "http"
    ? new HttpExporter({ url: `http://127.0.0.1:${String(daemon.otlpHttpPort)}/v1/metrics` })
    : new GrpcExporter({ url: `http://127.0.0.1:${String(daemon.otlpGrpcPort)}` });
  const provider = new MeterProvider({
    resource: resourceFromAttributes({ "service.name": "shop", "service.instance.id": transport }),
    readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 500, exportTimeoutMillis: 500 })],
  });
  const requests = provider.getMeter("test").createCounter("shop.requests", { unit: "{request}" });
  let servedTo = Date.now() / 1000;
  const timer = setInterval(() => {
    for (const now = Date.now() / 1000; servedTo < now; servedTo += 0.1) requests.add(Math.round(compressedLoad(servedTo, midnightSeconds) * 0.1));
  }, 100);
  return {
    stop: async () => {
      clearInterval(timer);
      await provider.shutdown();
    },
  };
}

async function readyReplicas(daemon: Daemon): Promise<number> {
  const read = await daemon.actuator("shop")?.read();
  if (read?.ok !== true) throw new Error("the simulated target cannot be read");
  return read.value.readyReplicas;
}

async function until(timeSeconds: number): Promise<void> {
  await wait(Math.max(0, timeSeconds * 1000 - Date.now()));
}

/** What the whole product promises: the replicas that the plateau needs are ordered before the load rises. */
function scaledOutAhead({ decisions, rampSeconds, readyAtRamp }: Live): boolean {
  const before = decisions.filter((decision) => decision.timeSeconds <= rampSeconds);
  return before.some((decision) => decision.desiredReplicas >= 6) && readyAtRamp >= 5;
}

describe("the daemon, from a real SDK to the simulated cloud", () => {
  const runs: Partial<Record<"http" | "grpc" | "ablated", Live>> = {};

  beforeAll(async () => {
    [runs.http, runs.grpc, runs.ablated] = await Promise.all([live("http", true), live("grpc", true), live("http", false)]);
  }, 180_000);
  afterAll(() => undefined);

  it.each(["http", "grpc"] as const)("scales out before the ramp and in after it, over %s", (transport) => {
    const run = runs[transport];
    if (run === undefined) throw new Error("no run");
    expect(scaledOutAhead(run)).toBe(true);
    expect(run.readyAfterRamp).toBeGreaterThanOrEqual(9);
    const peak = Math.max(...run.decisions.map((decision) => decision.desiredReplicas));
    const after = run.decisions.filter((decision) => decision.timeSeconds > run.rampSeconds + 30);
    expect(after.some((decision) => decision.kind === "scale-in")).toBe(true);
    expect(after[0]?.desiredReplicas).toBeLessThanOrEqual(peak / 2);
  });

  it.each(["http", "grpc"] as const)("explains each decision, over %s", (transport) => {
    const decisions = runs[transport]?.decisions ?? [];
    expect(decisions.length).toBeGreaterThan(50);
    for (const decision of decisions) {
      expect(decision.reasons.length).toBeGreaterThan(0);
      for (const reason of decision.reasons) expect(reason.text).not.toBe("");
    }
  });

  it("does not scale out before the ramp when the forecast is ablated", () => {
    if (runs.ablated === undefined) throw new Error("no run");
    expect(scaledOutAhead(runs.ablated)).toBe(false);
  });
});
