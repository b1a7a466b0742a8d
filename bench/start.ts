import { spawn } from "node:child_process";
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import type { BenchRow } from "./bench-row.ts";
import { median, watchCpuSeconds } from "./measure.ts";

export const name = "start";

const STARTS = 5;
const SETTLE_MS = 5_000;
const MAIN = fileURLToPath(new URL("../dist/src/main.js", import.meta.url));

/** Starts the built daemon (`npm run build` first) with one policy, until /readyz answers; and its memory once it is quiet. */
export async function run(): Promise<readonly BenchRow[]> {
  const seconds: number[] = [];
  const cpuSeconds: number[] = [];
  let residentMiB = 0;
  for (let start = 0; start < STARTS; start += 1) {
    const started = await startOnce(start === STARTS - 1 ? SETTLE_MS : 0);
    seconds.push(started.seconds);
    cpuSeconds.push(started.cpuSeconds);
    residentMiB = started.residentMiB;
  }
  return [
    { what: "start to ready, 1 policy, median of 5", value: median(seconds), unit: "s", goal: { atMost: 2 } },
    { what: "the same in CPU time", value: median(cpuSeconds), unit: "s" },
    { what: "resident memory 5 s after the start, 1 policy", value: residentMiB, unit: "MiB", note: "the daemon with OTLP over HTTP and gRPC, API, page and a fit worker" },
  ];
}

async function startOnce(settleMs: number): Promise<{ readonly seconds: number; readonly cpuSeconds: number; readonly residentMiB: number }> {
  const directory = mkdtempSync(join(tmpdir(), "foretide-bench-"));
  mkdirSync(join(directory, "policies"));
  const spec = { target: { simulated: {} }, replicas: { max: 10 }, demand: { preset: "http-rate", service: "web" } };
  writeFileSync(join(directory, "policies", "web.yaml"), JSON.stringify({ apiVersion: "foretide.dev/v1", kind: "Policy", metadata: { name: "web" }, spec }));
  const free = { port: 0 };
  writeFileSync(join(directory, "foretide.yaml"), JSON.stringify({ listen: { http: free, otlpHttp: free, otlpGrpc: free }, data: { directory: join(directory, "data") }, policies: ["policies"] }));
  const begin = performance.now();
  const child = spawn(process.execPath, [MAIN, "serve", "--config", directory], { stdio: ["ignore", "ignore", "pipe"] });
  try {
    const port = await new Promise<number>((resolve, reject) => {
      let text = "";
      child.stderr.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        const ready = /"httpPort":(\d+)/.exec(text);
        if (ready !== null) resolve(Number(ready[1]));
      });
      child.once("exit", () => { reject(new Error(`the daemon ended: ${text}`)); });
    });
    while ((await fetch(`http://127.0.0.1:${String(port)}/healthz`)).status !== 200) await wait(10);
    const seconds = (performance.now() - begin) / 1000;
    const cpuSeconds = watchCpuSeconds(child.pid ?? 0, (path) => readFileSync(path, "utf8")).seconds();
    await wait(settleMs);
    return { seconds, cpuSeconds, residentMiB: residentKiB(child.pid ?? 0) / 1024 };
  } finally {
    child.kill("SIGTERM");
    await new Promise((resolve) => child.once("exit", resolve));
    rmSync(directory, { recursive: true, force: true });
  }
}

function residentKiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${String(pid)}/status`, "utf8"))?.[1] ?? NaN);
}
