import { fork } from "node:child_process";
import { existsSync } from "node:fs";
import { Agent, get } from "node:http";
import type { BenchRow } from "./bench-row.ts";

export const name = "api";

const RATE_PER_SECOND = 1_000;
const SECONDS = 10;
const WARM_UP_SECONDS = 3;
const EXPLANATIONS = 300;

interface Run {
  readonly latenciesMilliseconds: readonly number[];
  readonly serverCpuShare: number;
  readonly bytes: number;
}

/**
 * `GET /api/v1/decisions` under an open load of 1,000 a second over 20 targets and 20,000 journalled decisions, while the loop goes
 * on journalling: requests are sent when their time has come, whether or not earlier ones were answered, and a latency counts
 * from that time.
 */
export async function run(): Promise<readonly BenchRow[]> {
  if (!existsSync(new URL("../dist/src/app/api/create-api.js", import.meta.url))) throw new Error("build first: npm run build");
  const server = fork(new URL("api/serve.ts", import.meta.url), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  try {
    const { port, targets } = await message<{ port: number; targets: number }>(server);
    const one = (index: number) => `/api/v1/decisions?target=target-${String(index % targets)}`;
    await load({ port, pathOf: one, seconds: WARM_UP_SECONDS, server });
    const byTarget = await load({ port, pathOf: one, seconds: SECONDS, server });
    const all = await load({ port, pathOf: () => "/api/v1/decisions?limit=20", seconds: SECONDS, server });
    const explained = await oneByOne(port, (index) => `/api/v1/decisions/target-${String(index % targets)}%40${String(1_790_000_000 + 5 * ((index * 37) % 900))}/explanation?whyNot=scale-in`);
    return [
      ...rowsOf("GET decisions of a target, 1,000/s", byTarget, 20),
      ...rowsOf("GET decisions of all, 1,000/s", all, 20),
      { what: "explanation of any decision, one by one: p99", value: quantile(explained, 0.99), unit: "ms", goal: { atMost: 200 } },
    ];
  } finally {
    server.kill();
  }
}

function rowsOf(what: string, { latenciesMilliseconds, serverCpuShare, bytes }: Run, goalMilliseconds: number): BenchRow[] {
  return [
    { what: `${what}: p50`, value: quantile(latenciesMilliseconds, 0.5), unit: "ms" },
    { what: `${what}: p99`, value: quantile(latenciesMilliseconds, 0.99), unit: "ms", goal: { atMost: goalMilliseconds } },
    { what: `${what}: server`, value: 100 * serverCpuShare, unit: "% of a core", note: `${(bytes / latenciesMilliseconds.length / 1e3).toFixed(1)} kB an answer` },
  ];
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

async function oneByOne(port: number, pathOf: (index: number) => string): Promise<number[]> {
  const agent = new Agent({ keepAlive: true });
  const latencies: number[] = [];
  for (let index = 0; index < EXPLANATIONS; index += 1) latencies.push((await ask({ agent, port, path: pathOf(index), dueAt: performance.now() })).milliseconds);
  agent.destroy();
  return latencies;
}

async function load({ port, pathOf, seconds, server }: { port: number; pathOf: (index: number) => string; seconds: number; server: ReturnType<typeof fork> }): Promise<Run> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const before = await cpuMicroseconds(server);
  const started = performance.now();
  const total = RATE_PER_SECOND * seconds;
  const answers: Promise<{ milliseconds: number; bytes: number }>[] = [];
  while (answers.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - started) / 1000) * RATE_PER_SECOND));
    for (let index = answers.length; index < due; index += 1) answers.push(ask({ agent, port, path: pathOf(index), dueAt: started + (index / RATE_PER_SECOND) * 1000 }));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const done = await Promise.all(answers);
  const elapsedMicroseconds = (performance.now() - started) * 1000;
  agent.destroy();
  return {
    latenciesMilliseconds: done.map(({ milliseconds }) => milliseconds),
    serverCpuShare: ((await cpuMicroseconds(server)) - before) / elapsedMicroseconds,
    bytes: done.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

function ask({ agent, port, path, dueAt }: { agent: Agent; port: number; path: string; dueAt: number }): Promise<{ milliseconds: number; bytes: number }> {
  return new Promise((resolve, reject) => {
    get({ agent, port, path, host: "127.0.0.1" }, (response) => {
      let bytes = 0;
      response.on("data", (chunk: Buffer) => { bytes += chunk.length; });
      response.on("end", () => {
        if (response.statusCode === 200) resolve({ milliseconds: performance.now() - dueAt, bytes });
        else reject(new Error(`${path} answered ${String(response.statusCode)}`));
      });
    }).on("error", reject);
  });
}

async function cpuMicroseconds(server: ReturnType<typeof fork>): Promise<number> {
  server.send("cpu");
  return (await message<{ cpuMicroseconds: number }>(server)).cpuMicroseconds;
}

function message<T>(server: ReturnType<typeof fork>): Promise<T> {
  return new Promise((resolve, reject) => {
    server.once("message", (told) => { resolve(told as T); });
    server.once("exit", () => { reject(new Error("the server ended")); });
  });
}
