import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { afterEach, expect, it } from "vitest";

import type { Daemon } from "../../src/app/daemon.ts";
import type { Decision } from "../../src/model/decision.ts";
import { daemonOver } from "../fixtures/daemon/daemon-over.ts";

/** More than 250 busy seconds a second ever call for, with whatever headroom; a thousand times as many call for all 40. */
const FEW = 8;
const BY = { author: "test", reason: "force: the unit is stated" };
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => { for (const cleanup of cleanups.splice(0).reverse()) await cleanup(); });

function policyText(unit: string | undefined): string {
  const spec = {
    mode: "full", target: { simulated: { replicas: 3, startSeconds: 1 } }, replicas: { min: 1, max: 40 },
    demand: { metric: "shop.busy", extract: "gauge", window: "4s", staleAfter: "10s", ...(unit !== undefined && { unit }) },
    scaling: { requestsPerSecondPerReplica: 100 }, leadTime: "5s", evaluationInterval: "1s",
    behavior: { scaleIn: { stabilization: "60s" }, scaleOut: { maxShare: "100%", maxReplicas: 40 } },
  };
  return JSON.stringify({ apiVersion: "foretide.dev/v1", kind: "Policy", metadata: { name: "shop" }, spec });
}

function configuration(): { readonly directory: string; readonly state: (unit: string | undefined) => void } {
  const directory = mkdtempSync(join(tmpdir(), "foretide-unit-"));
  cleanups.push(async () => { rmSync(directory, { recursive: true, force: true }); });
  mkdirSync(join(directory, "policies"));
  writeFileSync(join(directory, "foretide.yaml"), JSON.stringify({ listen: { http: { port: 0 }, otlpHttp: { port: 0 }, otlpGrpc: { port: 0 } }, data: { directory: join(directory, "data") }, reload: { watch: false } }));
  const state = (unit: string | undefined): void => { writeFileSync(join(directory, "policies/shop.yaml"), policyText(unit)); };
  state(undefined);
  return { directory, state };
}

async function running(directory: string): Promise<Daemon> {
  const daemon = await daemonOver(directory);
  cleanups.push(() => daemon.stop());
  return daemon;
}

/** A service on the unmodified SDK that tells how busy it is, in one unit, for so long. */
async function tell(daemon: Daemon, { unit, value, seconds = 6 }: { readonly unit: string; readonly value: number; readonly seconds?: number }): Promise<void> {
  const exporter = new OTLPMetricExporter({ url: `http://127.0.0.1:${String(daemon.otlpHttpPort)}/v1/metrics` });
  const provider = new MeterProvider({ resource: resourceFromAttributes({ "service.name": "shop" }), readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 500, exportTimeoutMillis: 500 })] });
  const busy = provider.getMeter("test").createObservableGauge("shop.busy", { unit });
  busy.addCallback((result) => { result.observe(value); });
  await wait(seconds * 1000);
  await provider.shutdown();
}

async function decisionsSince(daemon: Daemon, seconds: number): Promise<readonly Decision[]> {
  const page = await daemon.view.decisions.decisions({ limit: 500 });
  if (!page.ok) throw new Error(page.message);
  return page.value.decisions.map(({ decision }) => decision).filter((decision) => decision.timeSeconds >= seconds).sort((a, b) => a.timeSeconds - b.timeSeconds);
}

/** The decisions while something is told. */
async function during(daemon: Daemon, told: { readonly unit: string; readonly value: number; readonly seconds?: number }): Promise<readonly Decision[]> {
  const since = Date.now() / 1000 + 2;
  await tell(daemon, told);
  return await decisionsSince(daemon, since);
}

function reasonsOf(decisions: readonly Decision[], code: string): readonly string[] {
  return decisions.flatMap(({ reasons }) => reasons.filter((reason) => reason.code === code).map((reason) => reason.text));
}

it("a service that begins to tell another unit moves no replica, and a restart does not forget the first", async () => {
  const { directory, state } = configuration();
  const first = await running(directory);
  const before = await during(first, { unit: "s", value: 250 });
  for (const decision of before) expect(decision.desiredReplicas).toBeLessThan(FEW);
  expect(before.at(-1)?.inputs["demand"]).toMatchObject({ value: 250 });

  // Milliseconds are seconds.
  const converted = await during(first, { unit: "ms", value: 250_000 });
  expect(converted.length).toBeGreaterThan(2);
  for (const decision of converted) {
    expect(decision.desiredReplicas).toBeLessThan(FEW);
    expect(decision.inputs["demand"]).toMatchObject({ value: 250 });
  }

  // Bytes are not.
  const refused = await during(first, { unit: "By", value: 250_000 });
  expect(refused.length).toBeGreaterThan(2);
  for (const decision of refused) expect(decision).toMatchObject({ desiredReplicas: converted.at(-1)?.desiredReplicas, inputs: { demand: { cause: "invalid" } } });
  await first.stop();

  // A new process has seen no seconds, but what it knows was learned in them.
  const second = await running(directory);
  const again = await during(second, { unit: "ms", value: 250_000 });
  expect(again.some((decision) => "value" in (decision.inputs["demand"] ?? {}))).toBe(true);
  for (const decision of again) expect(decision.desiredReplicas).toBeLessThan(FEW);
  expect(reasonsOf(again, "unit-changed")).toContain(`demand is now reported in "ms", but was learned in "s": converted`);

  // Once the policy states the unit, that is what it is, and nothing of before is used.
  const since = Date.now() / 1000;
  state("By");
  expect(await second.view.reloadPolicies(BY)).toMatchObject({ ok: true, changed: ["shop"] });
  await tell(second, { unit: "By", value: 250 });
  const stated = await decisionsSince(second, since);
  expect(reasonsOf(stated, "learned-anew")).toEqual(["demand is now read with unit By instead of s: what was learned of it is learned anew"]);
  for (const decision of stated) expect(decision.desiredReplicas).toBeLessThan(FEW);
  expect(stated.at(-1)?.inputs["demand"]).toMatchObject({ value: 250 });
}, 90_000);
