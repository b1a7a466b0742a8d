// The whole daemon on an Auto Scaling group: OTLP from a real SDK in, the unmodified AWS SDK out, the strict wire as the cloud.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Daemon } from "../../src/app/daemon.ts";
import type { Outcome } from "../../src/model/intent.ts";
import { startFakeCloud, useCredentials, type FakeCloud } from "../fixtures/aws/cloud.ts";
import { daemonOver } from "../fixtures/daemon/daemon-over.ts";
import { BY, write } from "../fixtures/daemon/served.ts";
import { startSteadyService } from "../fixtures/otlp/steady-service.ts";

const GROUP = "shop-asg";
let cloud: FakeCloud;
let daemon: Daemon;
let directory: string;
let requestsPerSecond = 650;
let stopService: () => Promise<void>;

beforeAll(async () => {
  useCredentials("AKIDDAEMON");
  cloud = await startFakeCloud(Date.now() / 1_000, { live: true });
  cloud.autoScaling.createGroup({ name: GROUP, min: 1, max: 20, desired: 2, startSeconds: 2 });
  directory = mkdtempSync(join(tmpdir(), "foretide-on-aws-"));
  writeConfiguration();
  daemon = await daemonOver(directory, "error");
  stopService = startSteadyService(daemon.otlpHttpPort ?? 0, (add) => { add(requestsPerSecond / 10); });
}, 60_000);
afterAll(async () => {
  await stopService();
  await daemon.stop();
  await cloud.close();
  rmSync(directory, { recursive: true, force: true });
});

function writeConfiguration(): void {
  const spec = {
    mode: "full",
    target: { "aws-asg": { group: GROUP, region: "us-east-1", endpoint: cloud.wire.endpoint } },
    replicas: { min: 1, max: 15 },
    demand: { metric: "shop.requests", extract: "rate", unit: "{request}", window: "4s", staleAfter: "10s" },
    scaling: { requestsPerSecondPerReplica: 100 },
    leadTime: "3s", evaluationInterval: "1s", forecast: { enabled: false, step: "5s" },
    behavior: { scaleOut: { maxShare: "100%", maxReplicas: 20 } },
  };
  mkdirSync(join(directory, "policies"));
  writeFileSync(join(directory, "policies", "shop.yaml"), JSON.stringify({ apiVersion: "foretide.dev/v1", kind: "Policy", metadata: { name: "shop" }, spec }));
  writeFileSync(join(directory, "foretide.yaml"), JSON.stringify({ listen: { http: { port: 0 }, otlpHttp: { port: 0 }, otlpGrpc: { port: 0 } }, data: { directory: join(directory, "data") }, policies: ["policies"] }));
}

const desired = (): number => cloud.autoScaling.group(GROUP).desired;
const writes = (): number => cloud.wire.writeCalls().length;

async function until(what: () => boolean | Promise<boolean>, seconds = 30): Promise<void> {
  for (const end = performance.now() + seconds * 1_000; !(await what());) {
    if (performance.now() > end) throw new Error(`not within ${String(seconds)} s`);
    await wait(50);
  }
}

async function outcomes(): Promise<readonly Outcome[]> {
  const page = await daemon.view.decisions.decisions({ limit: 200 });
  if (!page.ok) throw new Error(page.message);
  return page.value.decisions.flatMap(({ outcome }) => outcome ?? []);
}

describe("the daemon on an Auto Scaling group", () => {
  it("orders what the load needs, in as many calls as it has journalled effects", async () => {
    await until(() => desired() >= 7);
    await until(async () => { const read = await daemon.actuator("shop")?.read(); return read?.ok === true && read.value.readyReplicas >= 7; });
    expect(desired()).toBeLessThanOrEqual(15);
    await until(async () => (await outcomes()).filter(({ kind }) => kind === "applied").length === writes());
  });

  it("stops by the API's kill switch, and goes on when it is released", async () => {
    const killSwitch = (engaged: boolean) => fetch(`http://127.0.0.1:${String(daemon.httpPort)}/api/v1/kill-switch`, write("PUT", { engaged, ...BY }));
    expect((await killSwitch(true)).status).toBe(200);
    const before = writes();
    const held = desired();
    requestsPerSecond = 1_150;
    await until(async () => (await outcomes()).some(({ code }) => code === "kill-switch"));
    expect([writes(), desired()]).toEqual([before, held]);
    expect((await killSwitch(false)).status).toBe(200);
    await until(() => desired() >= 12);
  });

  it("sees another writer, names it, and leaves the target to it", async () => {
    await until(async () => { const read = await daemon.actuator("shop")?.read(); return read?.ok === true && read.value.pendingReplicas === 0; });
    cloud.autoScaling.setDesiredBy(GROUP, 5, "a monitor alarm TargetTracking-shop-AlarmLow-1 in state ALARM triggered policy cpu70");
    await until(async () => (await outcomes()).some(({ code, detail }) => code === "second-writer" && detail.includes("target tracking cpu70")));
    const before = writes();
    await wait(2_500);
    expect([writes(), desired()]).toEqual([before, 5]);
    const status = daemon.view.targets().find(({ target }) => target === "shop");
    expect(JSON.stringify(status)).toContain("target tracking cpu70");
  });
});
