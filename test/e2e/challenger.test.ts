import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import type { Daemon } from "../../src/app/daemon.ts";
import { daemonOver } from "../fixtures/daemon/daemon-over.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => { for (const cleanup of cleanups.splice(0).reverse()) await cleanup(); });

const POLICY = (rest: string): string => `apiVersion: foretide.dev/v1
kind: Policy
metadata: { name: web }
spec:
  mode: full
  target: { simulated: { replicas: 4, startSeconds: 1 } }
  replicas: { min: 1, max: 60 }
  demand: { metric: load, extract: gauge, window: 5s, staleAfter: 30s }
  leadTime: 1s
  evaluationInterval: 1s
  cost: { replicaPerHourUsd: 36 }
${rest}`;

interface Compared {
  readonly sinceSeconds: number;
  readonly seconds: number;
  readonly readout: string;
  readonly contestants: readonly { readonly role: string; readonly readyReplicas?: number; readonly costUsd?: number; readonly replicaHours: number }[];
}

async function start(directory: string): Promise<Daemon> {
  const daemon = await daemonOver(directory);
  cleanups.push(() => daemon.stop());
  return daemon;
}

/** Sends a load of 900 a second, as OTLP, until it is stopped. */
function keepSending({ otlpHttpPort }: Daemon): () => void {
  const send = (): void => {
    const body = { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: "load", gauge: { dataPoints: [{ asDouble: 900, timeUnixNano: `${String(Date.now())}000000` }] } }] }] }] };
    void fetch(`http://127.0.0.1:${String(otlpHttpPort)}/v1/metrics`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }).catch(() => undefined);
  };
  send();
  const timer = setInterval(send, 300);
  return () => { clearInterval(timer); };
}

async function comparisons({ httpPort }: Daemon): Promise<readonly Compared[]> {
  const response = await fetch(`http://127.0.0.1:${String(httpPort)}/api/v1/comparisons?target=web`);
  return ((await response.json()) as { readonly items: readonly Compared[] }).items;
}

async function until(daemon: Daemon, holds: (compared: Compared) => boolean): Promise<Compared> {
  for (let attempt = 0; attempt < 150; attempt += 1) {
    const [compared] = await comparisons(daemon);
    if (compared !== undefined && holds(compared)) return compared;
    await wait(200);
  }
  throw new Error(`never: ${JSON.stringify(await comparisons(daemon))}`);
}

it("a challenger runs beside the daemon's policy, never acts, outlives a restart, and is promoted by the file alone", async () => {
  const directory = mkdtempSync(join(tmpdir(), "foretide-challenger-"));
  cleanups.push(() => { rmSync(directory, { recursive: true, force: true }); });
  mkdirSync(join(directory, "policies"));
  writeFileSync(join(directory, "foretide.yaml"), JSON.stringify({ listen: { http: { port: 0 }, otlpHttp: { port: 0 }, otlpGrpc: { port: 0 } }, data: { directory: join(directory, "data") }, reload: { watch: false } }));
  const file = join(directory, "policies/web.yaml");
  writeFileSync(file, POLICY("  scaling: { requestsPerSecondPerReplica: 100 }\n  challenger:\n    scaling: { by: per-replica, target: 30 }\n"));

  const first = await start(directory);
  const stopFirst = keepSending(first);
  const compared = await until(first, ({ seconds, contestants }) => seconds >= 3 && (contestants[1]?.readyReplicas ?? 0) >= 30);
  const [champion, challenger, hpa] = compared.contestants;
  expect([champion?.role, challenger?.role, hpa?.role]).toEqual(["champion", "challenger", "hpa"]);
  expect(champion?.readyReplicas).toBeLessThan(20);
  expect(first.view.target("web")?.replicas.ready).toBeLessThan(20);
  expect(challenger?.costUsd).toBeGreaterThan(champion?.costUsd ?? NaN);
  expect(compared.readout).toMatch(/^would have cost \$\d+\.\d\d more, /);
  stopFirst();
  await first.stop();
  cleanups.pop();

  const second = await start(directory);
  cleanups.push(keepSending(second));
  const again = await until(second, ({ contestants }) => (contestants[1]?.replicaHours ?? 0) > (challenger?.replicaHours ?? NaN));
  expect(again.sinceSeconds).toBe(compared.sinceSeconds);
  expect(again.contestants[0]?.replicaHours).toBeGreaterThan(champion?.replicaHours ?? NaN);

  writeFileSync(file, POLICY("  scaling: { by: per-replica, target: 30 }\n"));
  expect(await second.view.reloadPolicies({ author: "test", reason: "promote" })).toMatchObject({ ok: true, changed: ["web"] });
  expect(await comparisons(second)).toEqual([]);
  for (let attempt = 0; (second.view.target("web")?.replicas.ready ?? 0) < 30; attempt += 1) {
    if (attempt > 150) throw new Error("the promoted policy never acted");
    await wait(200);
  }
}, 120_000);
