import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createLog } from "../../src/app/telemetry/log.ts";
import { startTelemetry } from "../../src/app/telemetry/otel-telemetry.ts";
import type { Telemetry } from "../../src/app/telemetry/telemetry.ts";
import type { Decision } from "../../src/model/decision.ts";
import type { Intent, Outcome } from "../../src/model/intent.ts";
import { DaemonFixture } from "../fixtures/daemon/daemon-fixture.ts";
import { serveFixture, type Served } from "../fixtures/daemon/served.ts";
import { startReceiver } from "../fixtures/otlp/receiver-under-test.ts";
import { signalOf } from "../fixtures/otlp/send.ts";
import { parsePrometheusText, type Exposition } from "../fixtures/prometheus-text.ts";

const NOW = 1_790_000_000;
let daemon: DaemonFixture;
let telemetry: Telemetry;
let served: Served;

beforeEach(async () => {
  daemon = new DaemonFixture(NOW, 50);
  telemetry = await startTelemetry({ version: "0.1.0", log: createLog({ level: "silent" }), now: () => daemon.now() });
  served = await serveFixture({ daemon, metrics: () => telemetry.metricsText() });
});
afterEach(async () => {
  await served.close();
  await telemetry.close();
});

async function scrape(): Promise<Exposition> {
  const response = await fetch(`${served.base}/metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  return parsePrometheusText(await response.text());
}

const decisionOf = (target: string, part: Partial<Decision> = {}): Decision => ({ id: `${target}@1`, target, timeSeconds: NOW, kind: "scale-out", currentReplicas: 1, desiredReplicas: 2, reasons: [{ code: "forecast-quantile", text: "", before: 1, after: 2 }], inputs: {}, ...part });
const intent: Intent = { target: "checkout", decisionId: "d", idempotencyKey: "k", direction: "out", expectedReplicas: 1, desiredReplicas: 2, expiresAtSeconds: NOW, epoch: 1 };
const outcomeOf = (kind: Outcome["kind"], code: string): Outcome => ({ idempotencyKey: "k", target: "checkout", kind, timeSeconds: NOW, code, detail: "" });

describe("/metrics", () => {
  it("counts decisions, times them and beats the heart", async () => {
    telemetry.decided(decisionOf("checkout"), 0.003);
    telemetry.decided(decisionOf("checkout", { kind: "hold" }), 0.3);
    const metrics = await scrape();
    expect(metrics.one("foretide_decisions_total", { target: "checkout", kind: "scale-out" })).toBe(1);
    expect(metrics.one("foretide_decision_latency_seconds_count")).toBe(2);
    expect(metrics.one("foretide_decision_latency_seconds_sum")).toBeCloseTo(0.303, 9);
    expect(metrics.one("foretide_decision_latency_seconds_bucket", { le: "0.005" })).toBe(1);
    expect(metrics.one("foretide_decision_latency_seconds_bucket", { le: "+Inf" })).toBe(2);
    expect(metrics.one("foretide_last_decision_timestamp_seconds")).toBe(daemon.now());
  });

  it("counts what the guard changed, not what it looked at", async () => {
    telemetry.decided(decisionOf("checkout", { reasons: [{ code: "guard-bounds", text: "", before: 9, after: 4 }, { code: "guard-pause", text: "", before: 4, after: 4 }, { code: "step-limit", text: "", before: 5, after: 4 }] }), 0.01);
    const metrics = await scrape();
    expect(metrics.all("foretide_guard_interventions_total").map(({ labels, value }) => [labels["code"], value])).toEqual([["guard-bounds", 1]]);
  });

  it("tells actions from the gate's refusals", async () => {
    telemetry.actedOn(intent, outcomeOf("applied", "written"));
    telemetry.actedOn(intent, outcomeOf("failed", "throttled"));
    telemetry.actedOn(intent, outcomeOf("rejected", "kill-switch"));
    const metrics = await scrape();
    expect(metrics.one("foretide_actions_total", { outcome: "applied", direction: "out" })).toBe(1);
    expect(metrics.one("foretide_actions_total", { outcome: "failed" })).toBe(1);
    expect(metrics.one("foretide_gate_refusals_total", { code: "kill-switch" })).toBe(1);
  });

  it("sums forecast error and coverage as forecasts mature", async () => {
    telemetry.forecastMatured("checkout", 12, { "0.9": true, "0.99": true });
    telemetry.forecastMatured("checkout", 8, { "0.9": false, "0.99": true });
    telemetry.forecastMatured("checkout", Number.NaN, {});
    const metrics = await scrape();
    expect(metrics.one("foretide_forecast_matured_total", { target: "checkout" })).toBe(3);
    expect(metrics.one("foretide_forecast_absolute_error_sum_total")).toBe(20);
    expect(metrics.one("foretide_forecast_covered_total", { level: "0.9" })).toBe(1);
    expect(metrics.one("foretide_forecast_covered_total", { level: "0.99" })).toBe(2);
  });

  it("counts points taken and refused, reloads, absent inputs and syncs", async () => {
    telemetry.otlpAccepted("grpc", 500);
    telemetry.otlpRejected("http", "too-late", 3);
    telemetry.reloaded(true);
    telemetry.reloaded(false);
    telemetry.inputAbsent("checkout", "demand", "stale");
    telemetry.stepped(0.0004);
    telemetry.journalSynced(0.004);
    const metrics = await scrape();
    expect(metrics.one("foretide_otlp_points_received_total", { transport: "grpc" })).toBe(500);
    expect(metrics.one("foretide_otlp_points_rejected_total", { transport: "http", reason: "too-late" })).toBe(3);
    expect(metrics.one("foretide_policy_reloads_total", { result: "refused" })).toBe(1);
    expect(metrics.one("foretide_inputs_absent_total", { signal: "demand", cause: "stale" })).toBe(1);
    expect(metrics.one("foretide_step_duration_seconds_count")).toBe(1);
    expect(metrics.one("foretide_journal_sync_duration_seconds_count")).toBe(1);
  });

  it("reads gauges from the view when it is scraped", async () => {
    expect((await scrape()).all("foretide_replicas")).toEqual([]);
    telemetry.observe(daemon);
    let metrics = await scrape();
    const status = daemon.target("checkout");
    expect(metrics.one("foretide_data_age_seconds", { target: "checkout", signal: "demand" })).toBeCloseTo(2.4, 3);
    expect(metrics.one("foretide_replicas", { target: "checkout", state: "ready" })).toBe(status?.replicas.ready);
    expect(metrics.one("foretide_replicas", { target: "checkout", state: "baseline" })).toBe(status?.replicas.baseline);
    expect(metrics.one("foretide_forecast_relative_error_ratio", { target: "checkout" })).toBe(0.62);
    expect(metrics.one("foretide_forecast_coverage_ratio", { target: "checkout", level: "0.99" })).toBe(0.988);
    expect(metrics.one("foretide_cost_usd_per_hour", { target: "checkout", of: "target" })).toBe(status?.spend.costPerHourUsd);
    expect(metrics.one("foretide_gate_open", { target: "checkout" })).toBe(1);
    expect(metrics.one("foretide_kill_switch_engaged")).toBe(0);
    expect(metrics.one("foretide_ready")).toBe(1);
    await daemon.setKillSwitch(true, { author: "a", reason: "b" });
    metrics = await scrape();
    expect(metrics.one("foretide_kill_switch_engaged")).toBe(1);
    expect(metrics.one("foretide_gate_open", { target: "checkout", code: "kill-switch" })).toBe(0);
  });

  it("leaves out what is absent, and targets that are gone", async () => {
    telemetry.observe(daemon);
    const status = daemon.target("checkout");
    if (status === undefined) throw new Error("no fixture");
    daemon.targets = () => [{ ...status, errorBudgetUsedShare: undefined, replicas: { ...status.replicas, ready: undefined }, signals: { demand: { observation: { kind: "absent", cause: "stale", detail: "" }, unit: "", source: "" } } }];
    const metrics = await scrape();
    expect(metrics.all("foretide_data_age_seconds")).toEqual([]);
    expect(metrics.all("foretide_error_budget_used_ratio")).toEqual([]);
    expect(metrics.all("foretide_replicas").map(({ labels }) => labels["state"])).not.toContain("ready");
    expect(new Set(metrics.all("foretide_replicas").map(({ labels }) => labels["target"]))).toEqual(new Set(["checkout"]));
  });

  it("keeps the number of series bounded, whatever targets and codes come", async () => {
    for (let index = 0; index < 1_000; index += 1) {
      telemetry.decided(decisionOf(`target-${String(index)}`, { reasons: [{ code: `guard-${String(index)}`, text: "", before: 2, after: 1 }] }), 0.001);
      telemetry.otlpRejected("http", `reason-${String(index)}`, 1);
    }
    const metrics = await scrape();
    expect(metrics.all("foretide_decisions_total")).toHaveLength(201);
    expect(metrics.one("foretide_decisions_total", { target: "other" })).toBe(800);
    expect(new Set(metrics.all("foretide_otlp_points_rejected_total").map(({ labels }) => labels["reason"])).size).toBeLessThanOrEqual(101);
    expect(metrics.all("foretide_otlp_points_rejected_total").reduce((sum, { value }) => sum + value, 0)).toBe(1_000);
  });

  it("tells coverage and error of each horizon, with how many have matured and what stands in", async () => {
    telemetry.observe(daemon);
    const metrics = await scrape();
    expect(metrics.one("foretide_forecast_horizon_coverage_ratio", { target: "checkout", horizon: "300", level: "0.9" })).toBe(0.91);
    expect(metrics.one("foretide_forecast_horizon_matured", { target: "checkout", horizon: "300" })).toBe(1_204);
    expect(metrics.one("foretide_forecast_horizon_relative_error_ratio", { target: "checkout", horizon: "86400", rival: "seasonal-naive" })).toBe(0.62);
    expect(metrics.one("foretide_forecast_demoted_horizons", { target: "checkout" })).toBe(1);
    expect(metrics.all("foretide_forecast_horizon_coverage_ratio").filter(({ labels }) => labels["target"] === "invoices")).toEqual([]);
  });

  it("names every metric foretide_*, with its unit, and counters with _total", async () => {
    telemetry.observe(daemon);
    telemetry.decided(decisionOf("checkout"), 0.003);
    const { types } = await scrape();
    const names = [...types].filter(([name]) => name !== "target_info");
    expect(names.length).toBeGreaterThan(15);
    for (const [name, type] of names) {
      expect(name).toMatch(/^foretide_[a-z0-9_]+$/u);
      expect(name.endsWith("_total"), name).toBe(type === "counter");
      if (type === "histogram") expect(name).toMatch(/_seconds$/u);
    }
  });
});

describe("with an OTLP endpoint", () => {
  it("pushes the same metrics there, and still serves them", async () => {
    const under = await startReceiver();
    vi.stubEnv("OTEL_METRIC_EXPORT_INTERVAL", "50");
    await telemetry.close();
    telemetry = await startTelemetry({ version: "0.1.0", log: createLog({ level: "silent" }), now: () => daemon.now(), otlpEndpoint: `http://127.0.0.1:${String(under.receivers.httpPort)}/` });
    vi.unstubAllEnvs();
    telemetry.reloaded(true);
    expect((await scrape()).one("foretide_policy_reloads_total", { result: "taken" })).toBe(1);
    const reloads = signalOf({ metric: "foretide_policy_reloads_total", extract: "rate", select: { "service.name": "foretide" } });
    under.reader.retain([reloads]);
    await vi.waitFor(() => {
      telemetry.reloaded(true);
      expect(under.reader.read(reloads, under.now())).toMatchObject({ kind: "value" });
    }, { timeout: 10_000 });
    await telemetry.close();
    await under.receivers.close();
  });
});

describe("the log", () => {
  it("is one JSON object a line, with secrets redacted at every place they come", () => {
    const lines: string[] = [];
    const log = createLog({ stream: { write: (line) => { lines.push(line); } } });
    const canary = "canary-7f3a";
    log.info({ token: canary, target: "checkout" }, "a");
    log.warn({ options: { password: canary, secretAccessKey: canary }, headers: { authorization: `Bearer ${canary}` } }, "b");
    log.error({ req: { headers: { authorization: canary } } }, "c");
    expect(lines.join("")).not.toContain(canary);
    const [first] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(first).toMatchObject({ level: "info", name: "foretide", msg: "a", token: "[REDACTED]", target: "checkout" });
    expect(new Date(String(first?.["time"])).getTime()).toBeGreaterThan(0);
  });

  it("is silent below its level", () => {
    const lines: string[] = [];
    const log = createLog({ level: "warn", stream: { write: (line) => { lines.push(line); } } });
    log.info("a");
    log.warn("b");
    expect(lines).toHaveLength(1);
  });
});
