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

import type { BenchRow } from "./bench-row.ts";
import { median } from "./measure.ts";

export const name = "sidecar";

const POLICIES = 20;
const EXPORT_EVERY_MS = 15_000;
/** The first minute, with the start and the first fits, is left out. */
const SETTLE_SECONDS = 60;
const MINUTES = Number(process.env["FORETIDE_BENCH_MINUTES"] ?? 3);
const MAIN = fileURLToPath(new URL("../dist/src/main.js", import.meta.url));
const CONFIG = fileURLToPath(new URL("../config/examples/sidecar/foretide.yaml", import.meta.url));

/**
 * The built daemon (`npm run build` first) as `foretide sidecar`: 20 policies evaluated every 15 s, each fed by a real OpenTelemetry SDK
 * that exports every 15 s, for FORETIDE_BENCH_MINUTES minutes (3). Resident memory and CPU are the kernel's word, of the whole process.
 * It begins with an empty history: what a month of it takes is told in decision 0810.
 */
export async function run(): Promise<readonly BenchRow[]> {
  const directory = mkdtempSync(join(tmpdir(), "foretide-bench-"));
  const { child, otlpPort, startSeconds } = await startDaemon(directory);
  const services = Array.from({ length: POLICIES }, (_, i) => startService(`svc-${String(i)}`, otlpPort));
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
      { what: `resident memory, ${String(POLICIES)} policies, median of ${String(MINUTES)} minutes`, value: median(residentMiB), unit: "MiB", goal: { atMost: 120 } },
      { what: "resident memory, the largest of each second", value: Math.max(...residentMiB), unit: "MiB", goal: { atMost: 120 } },
      { what: "resident memory, the largest since the start (VmHWM)", value: memoryMiB(child, "VmHWM"), unit: "MiB", goal: { atMost: 120 } },
      { what: "share of a core, evaluated and fed every 15 s", value: cpuShare * 100, unit: "%", goal: { atMost: 1 } },
      { what: "start to ready, 20 policies", value: startSeconds, unit: "s" },
    ];
  } finally {
    for (const service of services) await service.stop();
    child.kill("SIGTERM");
    await new Promise((resolve) => child.once("exit", resolve));
    rmSync(directory, { recursive: true, force: true });
  }
}

async function startDaemon(directory: string): Promise<{ readonly child: ChildProcess; readonly otlpPort: number; readonly startSeconds: number }> {
  mkdirSync(join(directory, "policies"));
  const policies = Array.from({ length: POLICIES }, (_, i) => {
    const service = `svc-${String(i)}`;
    const spec = { evaluationInterval: "15s", target: { simulated: {} }, replicas: { max: 10 }, demand: { preset: "http-rate", service } };
    return JSON.stringify({ apiVersion: "foretide.dev/v1", kind: "Policy", metadata: { name: service }, spec });
  });
  writeFileSync(join(directory, "policies", "all.yaml"), policies.join("\n---\n"));
  writeFileSync(join(directory, "foretide.yaml"), readFileSync(CONFIG, "utf8"));
  const begin = performance.now();
  const child = spawn(process.execPath, [MAIN, "sidecar", "--config", directory], { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, FORETIDE_DATA_DIR: join(directory, "data"), FORETIDE_PORT: "0", FORETIDE_OTLP_PORT: "0" } });
  const otlpPort = await new Promise<number>((resolve, reject) => {
    let text = "";
    child.stderr.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const ready = /"otlpHttpPort":(\d+)/.exec(text);
      if (ready !== null) resolve(Number(ready[1]));
    });
    child.once("exit", () => { reject(new Error(`the daemon ended: ${text}`)); });
  });
  return { child, otlpPort, startSeconds: (performance.now() - begin) / 1000 };
}

/** A service's own SDK with ten requests a second. */
function startService(service: string, port: number): { stop(): Promise<void> } {
  const exporter = new OTLPMetricExporter({ url: `http://127.0.0.1:${String(port)}/v1/metrics` });
  const provider = new MeterProvider({ resource: resourceFromAttributes({ "service.name": service }), readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: EXPORT_EVERY_MS })] });
  const duration: Histogram = provider.getMeter("bench").createHistogram("http.server.request.duration", { unit: "s" });
  const timer = setInterval(() => { for (const route of ["/", "/cart", "/pay"]) duration.record(0.02 + Math.random() / 20, { "http.route": route, "http.response.status_code": 200 }); }, 300);
  return { stop: async () => { clearInterval(timer); await provider.shutdown(); api.disable(); } };
}

function memoryMiB({ pid = 0 }: ChildProcess, what: "VmRSS" | "VmHWM"): number {
  return Number(new RegExp(`${what}:\\s+(\\d+)`).exec(readFileSync(`/proc/${String(pid)}/status`, "utf8"))?.[1] ?? NaN) / 1024;
}

/** User and system time are the 14th and 15th field of /proc/PID/stat, in hundredths of a second. */
function cpuSeconds({ pid = 0 }: ChildProcess): number {
  const fields = readFileSync(`/proc/${String(pid)}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
