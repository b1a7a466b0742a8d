import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { BenchRow } from "./bench-row.ts";
import { watchCpuSeconds } from "./measure.ts";

export const name = "drive";

const WEEKS = 4;
const TICK_SECONDS = 15;
const MAIN = fileURLToPath(new URL("../dist/src/main.js", import.meta.url));

/** Four weeks of 15-second observations through `foretide drive`, as a process of its own: start, refits and end included. */
export async function run(): Promise<readonly BenchRow[]> {
  const directory = mkdtempSync(join(tmpdir(), "foretide-drive-"));
  const policy = join(directory, "web.yaml");
  const spec = { target: { "dry-run": {} }, replicas: { max: 200 }, demand: { preset: "http-rate", service: "web" } };
  writeFileSync(policy, JSON.stringify({ apiVersion: "foretide.dev/v1", kind: "Policy", metadata: { name: "web" }, spec }));
  const lines = observations();
  const begin = performance.now();
  const child = spawn(process.execPath, [MAIN, "drive", "--policy", policy], { stdio: ["pipe", "pipe", "inherit"] });
  const cpu = watchCpuSeconds(child.pid ?? 0, (path) => readFileSync(path, "utf8"));
  let answers = 0;
  let tail = "";
  let cpuSeconds = NaN;
  child.stdout.on("data", (chunk: Buffer) => {
    for (const byte of chunk) if (byte === 10) answers += 1;
    tail = (tail + chunk.toString()).slice(-200);
  });
  child.stdin.end(lines.join("\n"));
  child.stdout.once("end", () => { cpuSeconds = cpu.seconds(); });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  const seconds = (performance.now() - begin) / 1000;
  rmSync(directory, { recursive: true, force: true });
  if (code !== 0 || answers < lines.length) throw new Error(`drive ended with ${String(code)} after ${String(answers)} of ${String(lines.length)} answers: ${tail}`);
  const observed = lines.length - 2;
  return [
    { what: `observations a core-second over ${String(WEEKS)} weeks, the whole process`, value: observed / cpuSeconds, unit: "/s", goal: { atLeast: 20_000 } },
    { what: "the same by the clock", value: observed / seconds, unit: "/s" },
  ];
}

function observations(): string[] {
  const start = 1_700_000_100;
  const lines = [JSON.stringify({ type: "start", time: start, intervalSeconds: TICK_SECONDS, target: { name: "web", min: 1, max: 200, requestsPerSecondPerReplica: 100, leadTimeSeconds: 120 } })];
  const count = (WEEKS * 7 * 86_400) / TICK_SECONDS;
  for (let tick = 1; tick <= count; tick += 1) {
    const time = start + tick * TICK_SECONDS;
    const demand = 1500 * (1 + 0.6 * Math.sin((2 * Math.PI * time) / 86_400)) * (1 + 0.02 * Math.sin(tick * 12.9898));
    lines.push(JSON.stringify({ type: "observation", time, demand, utilization: 0.7, readyReplicas: Math.ceil(demand / 70), pendingReplicas: 0, missRatio: 0.0004 }));
  }
  lines.push(JSON.stringify({ type: "end" }));
  return lines;
}
