import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Daemon } from "../../src/app/daemon.ts";
import { daemonOver } from "../fixtures/daemon/daemon-over.ts";

const PRICE_USD = 3.6;
const directory = mkdtempSync(join(tmpdir(), "foretide-money-"));
let daemon: Daemon;

function write(file: string, value: unknown): void {
  writeFileSync(join(directory, file), JSON.stringify(value));
}

function policy(cost: Readonly<Record<string, unknown>>): unknown {
  return {
    apiVersion: "foretide.dev/v1", kind: "Policy", metadata: { name: "web", labels: { team: "shop", environment: "production" } },
    spec: {
      mode: "full", target: { simulated: { replicas: 6, startSeconds: 1 } }, replicas: { min: 2, max: 40 }, leadTime: "1s", evaluationInterval: "1s",
      demand: { metric: "shop.rate", extract: "gauge", unit: "1", service: "web" }, scaling: { requestsPerSecondPerReplica: 100 },
      purchase: { regions: ["eu-west-1"], instanceTypes: ["nothing.known"] },
      usage: { cpu: { preset: "cpu", service: "web" }, memory: { preset: "memory", service: "web" } },
      cost: { replicaPerHourUsd: PRICE_USD, ...cost },
    },
  };
}

async function start(): Promise<void> {
  daemon = await daemonOver(directory, "error");
}

async function get<T>(path: string): Promise<T> {
  const response = await fetch(`http://127.0.0.1:${String(daemon.httpPort)}${path}`);
  expect(response.status, path).toBe(200);
  return (await response.json()) as T;
}

/** Points of the service as an SDK would send them. */
async function send(metrics: readonly unknown[]): Promise<void> {
  const body = { resourceMetrics: [{ resource: { attributes: [{ key: "service.name", value: { stringValue: "web" } }] }, scopeMetrics: [{ metrics }] }] };
  const response = await fetch(`http://127.0.0.1:${String(daemon.otlpHttpPort)}/v1/metrics`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  expect(response.status).toBe(200);
}

const nano = (seconds: number): string => `${String(Math.round(seconds * 1000))}000000`;

async function sendLoad(rate: number): Promise<void> {
  await send([{ name: "shop.rate", unit: "1", gauge: { dataPoints: [{ timeUnixNano: nano(Date.now() / 1000), asDouble: rate }] } }]);
}

interface Budgets { readonly items: readonly { readonly name: string; readonly scope: string; readonly spent: number; readonly limit: number; readonly forecast: number; readonly affordableShare: number; readonly members: readonly string[] }[] }
interface Target { readonly replicas: { readonly desired?: number }; readonly lastDecision?: { readonly reasons: readonly { readonly code: string; readonly text: string; readonly after: number }[] } }

async function until<T>(read: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  for (const end = Date.now() + 20_000; ;) {
    await sendLoad(550);
    const value = await read();
    if (holds(value)) return value;
    if (Date.now() > end) throw new Error(`not within 20 s: ${JSON.stringify(value)}`);
    await wait(200);
  }
}

beforeAll(async () => {
  mkdirSync(join(directory, "policies"));
  write("policies/web.yaml", policy({ maxPerDayUsd: 1000 }));
  write("foretide.yaml", {
    listen: { http: { port: 0 }, otlpHttp: { port: 0 }, otlpGrpc: { enabled: false } }, data: { directory: join(directory, "data") },
    budgets: [{ name: "shop-month", match: { team: "shop" }, per: "month", limitUsd: 1_000_000 }],
  });
  await start();
});
afterAll(async () => {
  await daemon.stop();
  rmSync(directory, { recursive: true, force: true });
});

describe("money in a running daemon", () => {
  it("accounts for what runs, and forecasts what a budget will come to", async () => {
    const { items } = await until(() => get<Budgets>("/api/v1/budgets"), ({ items: all }) => all.length === 2);
    expect(items.map(({ name, scope, members }) => [name, scope, members])).toEqual([["web-day", "target", ["web"]], ["shop-month", "labels", ["web"]]]);
    const showback = await until(() => get<{ items: { value: string; costUsd: number; instanceHours: number }[] }>("/api/v1/showback?tag=team"), ({ items: all }) => (all[0]?.costUsd ?? 0) > 0.01);
    const [row] = showback.items;
    expect(row?.value).toBe("shop");
    expect((row?.costUsd ?? 0) / (row?.instanceHours ?? 1)).toBeCloseTo(PRICE_USD, 6);
  });

  it("gives the account as CSV in FOCUS columns", async () => {
    const response = await fetch(`http://127.0.0.1:${String(daemon.httpPort)}/api/v1/showback/focus.csv`);
    expect(response.headers.get("content-type")).toContain("text/csv");
    const [header, line] = (await response.text()).split("\r\n");
    expect(header).toContain("BilledCost,EffectiveCost,ListCost,BillingCurrency");
    expect(line).toContain("USD,Usage");
    expect(line).toContain('""team"":""shop""');
  });

  it("goes on with what was spent after a restart", async () => {
    const before = await get<{ items: { costUsd: number }[] }>("/api/v1/showback?tag=team");
    await daemon.stop();
    await start();
    const after = await get<{ items: { costUsd: number }[] }>("/api/v1/showback?tag=team");
    expect(after.items[0]?.costUsd).toBeGreaterThanOrEqual((before.items[0]?.costUsd ?? Infinity) - 1e-6);
    const { items } = await until(() => get<Budgets>("/api/v1/budgets"), ({ items: all }) => all.every(({ forecast }) => forecast > 0));
    expect(items[1]?.spent).toBeGreaterThan((before.items[0]?.costUsd ?? Infinity) * 0.99);
    expect((await get<{ items: { target: string; samples: number }[] }>("/api/v1/right-sizing")).items).toMatchObject([{ target: "web", samples: 0 }]);
  });

  it("says that a budget will not hold, and cuts nothing where the policy only alerts; then what the policy lets go", async () => {
    await until(() => get<Target>("/api/v1/targets/web"), ({ replicas }) => (replicas.desired ?? 0) >= 6);
    await reload({ maxPerDayUsd: 0.01, onLimit: "alert" });
    const alerted = await until(() => get<Target>("/api/v1/targets/web"), ({ lastDecision }) => lastDecision?.reasons.some(({ code }) => code === "budget-breach-forecast") === true);
    expect(alerted.replicas.desired).toBeGreaterThanOrEqual(6);
    expect(alerted.lastDecision?.reasons.find(({ code }) => code === "budget-breach-forecast")?.text).toContain("budget web-day");
    await reload({ maxPerDayUsd: 0.01, onLimit: "cut-headroom" });
    const kept = await until(() => get<Target>("/api/v1/targets/web"), ({ lastDecision }) => lastDecision?.reasons.some(({ code }) => code === "budget-limit-exceeded" || code === "budget-limit") === true);
    // 550 requests per second need six replicas of a hundred: they are never cut by headroom's limit.
    expect(kept.replicas.desired).toBeGreaterThanOrEqual(6);
    await reload({ maxPerDayUsd: 0.01, onLimit: "cut-capacity" });
    const cut = await until(() => get<Target>("/api/v1/targets/web"), ({ lastDecision }) => lastDecision?.reasons.some(({ code, after }) => code === "budget-limit" && after === 2) === true);
    // The policy lets two stay; the guard lets half go in ten minutes, and says so.
    expect(cut.lastDecision?.reasons.map(({ code }) => code)).toContain("guard-scale-in-limit");
    const metrics = await (await fetch(`http://127.0.0.1:${String(daemon.httpPort)}/metrics`)).text();
    expect(metrics).toMatch(/foretide_budget_expected_ratio\{[^}]*budget="web-day"[^}]*\} [1-9]/u);
  });
});

async function reload(cost: Readonly<Record<string, unknown>>): Promise<void> {
  write("policies/web.yaml", policy(cost));
  const report = await daemon.view.reloadPolicies({ author: "test", reason: "test" });
  expect(report.ok).toBe(true);
}
