import { metrics as api, type Histogram } from "@opentelemetry/api";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { HISTORY_FILE, openSqliteHistory } from "../src/history/sqlite-history.ts";
import type { BenchRow } from "./bench-row.ts";
import { median } from "./measure.ts";

export const name = "sidecar";

const POLICIES = 20;
const HISTORY_DAYS = 28;
const EXPORT_EVERY_MS = 15_000;
/** The first minute, with the start and the first fits, is left out. */
const SETTLE_SECONDS = 60;
const MINUTES = Number(process.env["FORETIDE_BENCH_MINUTES"] ?? 3);
const MAIN = fileURLToPath(new URL("../dist/src/main.js", import.meta.url));
const CONFIG = fileURLToPath(new URL("../config/examples/sidecar/foretide.yaml", import.meta.url));

/**
 * The built daemon (`npm run build` first) as `foretide sidecar`: 20 policies evaluated every 15 s, each fed by a real OpenTelemetry SDK
 * that exports every 15 s, for FORETIDE_BENCH_MINUTES minutes (3). Resident memory and CPU are the kernel's word, of the whole process.
 * With an empty history, and with one of 28 days: its first start (a journal that knows nothing), and one that goes on from the journal
 * once `foretide serve` has learned from the past.
 */
export async function run(): Promise<readonly BenchRow[]> {
  return [...(await withEmptyHistory()), ...(await withFullHistory())];
}

async function withEmptyHistory(): Promise<readonly BenchRow[]> {
  const directory = makeDirectory();
  try {
    const started = await startDaemon(directory, "sidecar");
    return [
      ...(await watch(started, "")),
      { what: "start to ready, 20 policies", value: started.startSeconds, unit: "s" },
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function withFullHistory(): Promise<readonly BenchRow[]> {
  const directory = makeDirectory();
  try {
    await fillHistory(join(directory, "data"));
    const first = await startDaemon(directory, "sidecar");
    await stop(first);
    const serving = await startDaemon(directory, "serve");
    const cpuBefore = cpuSeconds(serving.child);
    await serving.learned(POLICIES);
    const learnedCpuSeconds = cpuSeconds(serving.child) - cpuBefore;
    // The state that has learned is taken over at the next pass.
    await wait(2 * EXPORT_EVERY_MS);
    await stop(serving);
    return [
      { what: "28 days of history: first start to ready, sidecar", value: first.startSeconds, unit: "s", goal: { atMost: 60 } },
      { what: "28 days of history: first start to ready, serve", value: serving.startSeconds, unit: "s", goal: { atMost: 60 } },
      { what: "28 days of history: CPU until all has been learned beside the loop, serve (outlooks' fits too)", value: learnedCpuSeconds, unit: "s" },
      ...(await watch(await startDaemon(directory, "sidecar"), "28 days of history: ")),
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Feeds a sidecar for a minute, then looks at it each second; stops it. */
async function watch(started: Started, prefix: string): Promise<readonly BenchRow[]> {
  const { child, otlpPort } = started;
  const services = Array.from({ length: POLICIES }, (_, i) => startService(serviceName(i), otlpPort));
  try {
    await wait(SETTLE_SECONDS * 1000);
    const residentMiB: number[] = [];
    const cpuBefore = cpuSeconds(child);
    for (let second = 0; second < MINUTES * 60; second++) {
      await wait(1_000);
      residentMiB.push(memoryMiB(child, "VmRSS"));
    }
    const cpuShare = (cpuSeconds(child) - cpuBefore) / (MINUTES * 60);
    return [
      { what: `${prefix}resident memory, ${String(POLICIES)} policies, median of ${String(MINUTES)} minutes`, value: median(residentMiB), unit: "MiB", goal: { atMost: 120 } },
      { what: `${prefix}of it anonymous (the rest is the binary's file, shared with any other Node)`, value: memoryMiB(child, "RssAnon"), unit: "MiB" },
      { what: `${prefix}resident memory, the largest of each second`, value: Math.max(...residentMiB), unit: "MiB", goal: { atMost: 120 } },
      { what: `${prefix}resident memory, the largest since the start (VmHWM)`, value: memoryMiB(child, "VmHWM"), unit: "MiB", goal: { atMost: 120 } },
      { what: `${prefix}share of a core, evaluated and fed every 15 s`, value: cpuShare * 100, unit: "%", goal: { atMost: 1 } },
    ];
  } finally {
    for (const service of services) await service.stop();
    await stop(started);
  }
}

interface Started {
  readonly child: ChildProcess;
  readonly otlpPort: number;
  readonly startSeconds: number;
  /** Resolves when so many groups have learned from the past. */
  learned(groups: number): Promise<void>;
}

function serviceName(i: number): string {
  return `svc-${String(i)}`;
}

function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "foretide-bench-"));
  mkdirSync(join(directory, "policies"));
  mkdirSync(join(directory, "data"));
  const policies = Array.from({ length: POLICIES }, (_, i) => {
    const spec = { evaluationInterval: "15s", target: { simulated: {} }, replicas: { max: 10 }, demand: { preset: "http-rate", service: serviceName(i) } };
    return JSON.stringify({ apiVersion: "foretide.dev/v1", kind: "Policy", metadata: { name: serviceName(i) }, spec });
  });
  writeFileSync(join(directory, "policies", "all.yaml"), policies.join("\n---\n"));
  writeFileSync(join(directory, "foretide.yaml"), readFileSync(CONFIG, "utf8"));
  return directory;
}

/** Four weeks of a daily shape for each service, up to now, a row a minute. */
async function fillHistory(data: string): Promise<void> {
  const history = await openSqliteHistory(join(data, HISTORY_FILE));
  if (!history.ok) throw new Error(history.message);
  const end = Math.floor(Date.now() / 60_000) * 60;
  for (let i = 0; i < POLICIES; i++) {
    const points = Array.from({ length: HISTORY_DAYS * 1_440 }, (_, row) => {
      const timeSeconds = end - (HISTORY_DAYS * 1_440 - row) * 60;
      const mean = 10 - 6 * Math.cos((2 * Math.PI * timeSeconds) / 86_400) + Math.sin(timeSeconds + i);
      return { timeSeconds, mean, min: mean, max: mean, count: 4, coverage: 1 };
    });
    const imported = await history.value.importPoints({ target: serviceName(i), signal: "demand", stepSeconds: 60 }, points);
    if (!imported.ok) throw new Error(imported.message);
  }
  await history.value.close();
}

async function startDaemon(directory: string, command: "sidecar" | "serve"): Promise<Started> {
  const begin = performance.now();
  const child = spawn(process.execPath, [MAIN, command, "--config", directory], { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, FORETIDE_DATA_DIR: join(directory, "data"), FORETIDE_PORT: "0", FORETIDE_OTLP_PORT: "0" } });
  let text = "";
  const ended = new Promise<never>((_resolve, reject) => { child.once("exit", () => { reject(new Error(`the daemon ended: ${text}`)); }); });
  ended.catch(() => undefined);
  const told = (enough: () => boolean): Promise<void> => Promise.race([ended, new Promise<void>((resolve) => {
    const look = (): void => { if (enough()) { child.stderr.off("data", look); resolve(); } };
    child.stderr.on("data", look);
    look();
  })]);
  child.stderr.on("data", (chunk: Buffer) => { text += chunk.toString(); });
  const port = (): string | undefined => /"otlpHttpPort":(\d+)/.exec(text)?.[1];
  await told(() => port() !== undefined);
  return { child, otlpPort: Number(port()), startSeconds: (performance.now() - begin) / 1000, learned: (groups) => told(() => text.split("the demand of the past was learned").length > groups) };
}

async function stop({ child }: Started): Promise<void> {
  child.kill("SIGTERM");
  await new Promise((resolve) => child.once("exit", resolve));
}

/** A service's own SDK with ten requests a second. */
function startService(service: string, port: number): { stop(): Promise<void> } {
  const exporter = new OTLPMetricExporter({ url: `http://127.0.0.1:${String(port)}/v1/metrics` });
  const provider = new MeterProvider({ resource: resourceFromAttributes({ "service.name": service }), readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: EXPORT_EVERY_MS })] });
  const duration: Histogram = provider.getMeter("bench").createHistogram("http.server.request.duration", { unit: "s" });
  const timer = setInterval(() => { for (const route of ["/", "/cart", "/pay"]) duration.record(0.02 + Math.random() / 20, { "http.route": route, "http.response.status_code": 200 }); }, 300);
  return { stop: async () => { clearInterval(timer); await provider.shutdown(); api.disable(); } };
}

function memoryMiB({ pid = 0 }: ChildProcess, what: "VmRSS" | "VmHWM" | "RssAnon"): number {
  return Number(new RegExp(`${what}:\\s+(\\d+)`).exec(readFileSync(`/proc/${String(pid)}/status`, "utf8"))?.[1] ?? NaN) / 1024;
}

/** User and system time are the 14th and 15th field of /proc/PID/stat, in hundredths of a second. */
function cpuSeconds({ pid = 0 }: ChildProcess): number {
  const fields = readFileSync(`/proc/${String(pid)}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
