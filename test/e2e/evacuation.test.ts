// The whole daemon: `foretide evacuate` leaves a region of two, Route 53's records on the strict wire, load from a real OTLP SDK
// that follows the weights.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { Daemon } from "../../src/app/daemon.ts";
import type { Evacuation } from "../../src/app/traffic/traffic-view.ts";
import { run } from "../../src/cli/evacuate.ts";
import { useCredentials } from "../fixtures/aws/cloud.ts";
import { route53Fake, type Route53Fake } from "../fixtures/aws/route53-fake.ts";
import { startWire, type AwsWire } from "../fixtures/aws/wire.ts";
import { daemonOver } from "../fixtures/daemon/daemon-over.ts";
import { startSteadyService } from "../fixtures/otlp/steady-service.ts";

const REGIONS = ["us-east-1", "eu-west-1"];
const TOTAL = 800;
let dns: Route53Fake;
let wire: AwsWire;
let daemon: Daemon;
let directory: string;
let stopService: () => Promise<void>;

beforeAll(async () => {
  useCredentials("AKIDEVACUATE");
  dns = route53Fake(REGIONS.map((setIdentifier, at) => ({ name: "shop.example.com.", type: "A", setIdentifier, weight: 100, ttl: 2, values: [`192.0.2.${String(at + 1)}`] })));
  wire = await startWire([dns], () => Date.now() / 1_000);
  directory = mkdtempSync(join(tmpdir(), "foretide-evacuation-"));
  mkdirSync(join(directory, "policies"));
  for (const region of REGIONS) {
    const spec = {
      mode: "full", target: { simulated: { replicas: 6, startSeconds: 2 } }, replicas: { min: 1, max: 30 },
      demand: { metric: "shop.requests", extract: "rate", unit: "{request}", window: "4s", staleAfter: "10s", select: { region } },
      scaling: { requestsPerSecondPerReplica: 100 }, leadTime: "3s", evaluationInterval: "1s", forecast: { enabled: false, step: "5s" },
    };
    writeFileSync(join(directory, "policies", `${region}.yaml`), JSON.stringify({ apiVersion: "foretide.dev/v1", kind: "Policy", metadata: { name: `shop-${region}` }, spec }));
  }
  writeFileSync(join(directory, "foretide.yaml"), JSON.stringify({
    listen: { http: { port: 0 }, otlpHttp: { port: 0 }, otlpGrpc: { enabled: false } }, data: { directory: join(directory, "data") }, policies: ["policies"],
    traffic: [{
      name: "shop", mode: "full", regions: Object.fromEntries(REGIONS.map((region) => [region, `shop-${region}`])), step: "30%", settle: "2s",
      switch: { route53: { hostedZoneId: "Z0SHOP", recordName: "shop.example.com", region: "us-east-1", endpoint: wire.endpoint } },
    }],
  }));
  daemon = await daemonOver(directory, "error");
  stopService = startSteadyService(daemon.otlpHttpPort ?? 0, (add) => { for (const region of REGIONS) add((TOTAL * share(region)) / 10, { region }); });
}, 60_000);
afterAll(async () => {
  await stopService();
  await daemon.stop();
  await wire.close();
  rmSync(directory, { recursive: true, force: true });
});

const share = (region: string): number => {
  const sum = dns.records.reduce((total, { weight }) => total + weight, 0);
  return (dns.records.find(({ setIdentifier }) => setIdentifier === region)?.weight ?? 0) / sum;
};

async function until(what: () => boolean, seconds = 60): Promise<void> {
  for (const end = performance.now() + seconds * 1_000; !what();) {
    if (performance.now() > end) throw new Error(`not within ${String(seconds)} s: ${JSON.stringify(daemon.view.traffic.splits())}`);
    await wait(50);
  }
}

async function evacuate(...args: readonly string[]): Promise<{ readonly code: number; readonly said: string }> {
  let said = "";
  const spies = [vi.spyOn(process.stdout, "write"), vi.spyOn(process.stderr, "write")].map((spy) => spy.mockImplementation((text) => { said += String(text); return true; }));
  const code = await run(["us-east-1", "--author", "ann", "--url", `http://127.0.0.1:${String(daemon.httpPort)}`, ...args]);
  for (const spy of spies) spy.mockRestore();
  return { code, said };
}

const evacuation = (): Evacuation | undefined => daemon.view.traffic.evacuations()[0];

it("is refused without a reason, and for a region that is not there", async () => {
  expect(await evacuate()).toMatchObject({ code: 64, said: expect.stringContaining("--reason is needed") as string });
  expect(await evacuate("--reason", "loss", "--split", "cart")).toMatchObject({ code: 1, said: expect.stringContaining("there is no traffic split cart") as string });
  expect(await evacuate("--reason", "loss", "--abort")).toMatchObject({ code: 1, said: expect.stringContaining("is not being evacuated") as string });
});

it("leaves the region by steps, begun once under one key, and comes back when it is aborted", async () => {
  await until(() => REGIONS.every((region) => daemon.view.target(`shop-${region}`)?.signals["demand"]?.observation.kind === "value"));
  const first = await evacuate("--reason", "packet loss", "--for", "2h", "--key", "incident-7");
  expect(first).toMatchObject({ code: 0, said: expect.stringContaining("shop: us-east-1 is leaving") as string });
  expect((await evacuate("--reason", "packet loss", "--for", "2h", "--key", "incident-7")).code).toBe(0);
  const seen = new Set<number>();
  let short = 0;
  await until(() => {
    seen.add(share("us-east-1"));
    for (const region of REGIONS) {
      const ready = daemon.view.target(`shop-${region}`)?.replicas.ready ?? 0;
      if (ready * 100 < TOTAL * share(region)) short += 1;
    }
    return evacuation()?.phase === "away";
  }, 90);
  expect([...seen]).toEqual([0.5, 0.2, 0]);
  expect(short).toBe(0);
  expect(daemon.view.traffic.evacuations()).toHaveLength(1);
  expect(wire.writeCalls()).toHaveLength(2);

  expect(await evacuate("--reason", "it is over", "--abort")).toMatchObject({ code: 0, said: expect.stringContaining("is returning") as string });
  await until(() => evacuation()?.phase === "returned", 90);
  expect(share("us-east-1")).toBeCloseTo(0.5, 2);
  expect(wire.writeCalls()).toHaveLength(4);
  await until(() => daemon.view.overrides().length === 0);
}, 240_000);
