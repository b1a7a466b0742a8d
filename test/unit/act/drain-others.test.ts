// A notice on a Kubernetes node, an ECS machine, a fleet's instance and the simulated cloud, through the production loop.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Actuator } from "../../../src/act/actuator.ts";
import { createSimulated } from "../../../src/act/actuators/simulated.ts";
import type { Notice } from "../../../src/model/offering.ts";
import { makeActuator } from "../../contract/actuator-counterparts.ts";
import { startFakeCloud, useCredentials, type FakeCloud } from "../../fixtures/aws/cloud.ts";
import { startDrainingGroup } from "../../fixtures/draining-group.ts";
import { ALL_RIGHTS, DRAIN_RIGHTS, startApiServer, TOKEN, type FakeApiServer } from "../../fixtures/kubernetes/api-server.ts";

const notice = (instanceId: string, timeSeconds: number, kind: Notice["kind"] = "interruption"): Notice => ({ kind, offering: "us-east-1a/m5.large/spot", count: 1, timeSeconds, instanceId });

describe("a node of a Kubernetes cluster", () => {
  let nowSeconds = 1_795_521_600;
  let api: FakeApiServer;
  let folder: string;
  let actuator: Actuator;
  beforeEach(async () => {
    api = await startApiServer(4, () => nowSeconds);
    api.rights = new Set([...ALL_RIGHTS, ...DRAIN_RIGHTS]);
    folder = mkdtempSync(join(tmpdir(), "foretide-drain-"));
    writeFileSync(join(folder, "token"), TOKEN);
    api.nodePods.nodes.set("node-a", { providerId: "aws:///us-east-1a/i-a", zone: "us-east-1a", unschedulable: false });
    api.nodePods.nodes.set("node-b", { providerId: "aws:///us-east-1b/i-b", zone: "us-east-1b", unschedulable: false });
    api.nodePods.pods = [1, 2, 3, 4].map((at) => ({ name: `shop-${String(at)}`, node: at <= 2 ? "node-a" : "node-b", readyAtSeconds: 0 }));
    actuator = await makeActuator("kubernetes-scale", { namespace: "prod", name: "shop", drainNodes: true, server: api.server, caFile: api.caFile, tokenFile: join(folder, "token") }, () => nowSeconds);
  });
  afterEach(async () => {
    await actuator.close();
    await api.close();
    rmSync(folder, { recursive: true });
  });
  const later = (seconds: number): void => { nowSeconds += seconds; };
  const nodesOfPods = (): readonly string[] => api.nodePods.pods.map(({ node }) => node).sort();

  it("is cordoned and its pods of the workload evicted at once, the count untouched", async () => {
    const loop = await startDrainingGroup({ actuator, now: () => nowSeconds, replicas: 4 });
    await loop.pass();
    expect(actuator.offeringOf?.("i-a")).toBe("us-east-1a/m5.large/spot");
    later(15);
    await loop.pass([notice("i-a", nowSeconds + 30)]);
    expect(api.nodePods.nodes.get("node-a")?.unschedulable).toBe(true);
    expect(nodesOfPods()).toEqual(["node-b", "node-b", "node-b", "node-b"]);
    expect(api.puts).toEqual([]);
    later(10);
    await loop.pass([notice("i-a", nowSeconds + 20)]);
    expect(api.nodePods.evictions).toHaveLength(2);
  });

  it("keeps to the pods' disruption budget: one after the other, as the replacements become ready", async () => {
    api.nodePods.minAvailable = 3;
    const loop = await startDrainingGroup({ actuator, now: () => nowSeconds, replicas: 4 });
    await loop.pass();
    later(15);
    await loop.pass([notice("i-a", nowSeconds + 120)]);
    expect(loop.effects.at(-1)?.outcome).toMatchObject({ kind: "unknown", code: "disruption-budget" });
    expect(nodesOfPods()).toEqual(["node-a", "node-b", "node-b", "node-b"]);
    for (let seconds = 0; seconds < 60; seconds += 15) {
      later(15);
      await loop.pass();
      expect(api.nodePods.pods.filter(({ readyAtSeconds }) => readyAtSeconds <= nowSeconds).length).toBeGreaterThanOrEqual(3);
    }
    expect(nodesOfPods()).toEqual(["node-b", "node-b", "node-b", "node-b"]);
    expect(loop.effects.at(-1)?.outcome.kind).toBe("applied");
  });

  it.each([...DRAIN_RIGHTS])("without the right %s scaling goes on as before", async (right) => {
    api.rights = new Set([...ALL_RIGHTS, ...DRAIN_RIGHTS].filter((one) => one !== right));
    const loop = await startDrainingGroup({ actuator, now: () => nowSeconds, replicas: 5 });
    await loop.pass();
    later(15);
    const { pass } = await loop.pass([notice("i-a", nowSeconds + 120)]);
    expect(pass.decisions[0]?.desiredReplicas).toBe(5);
    expect(api.workload.replicas).toBe(5);
    expect(nodesOfPods().filter((node) => node === "node-a")).toHaveLength(2);
  });
});

describe("machines of AWS", () => {
  let cloud: FakeCloud;
  let actuator: Actuator | undefined;
  beforeEach(async () => {
    useCredentials("AKIDDRAIN");
    cloud = await startFakeCloud();
  });
  afterEach(async () => {
    await actuator?.close();
    await cloud.close();
  });
  const settings = () => ({ region: "us-east-1", endpoint: cloud.wire.endpoint });
  const writes = (): readonly string[] => cloud.wire.writeCalls().map(({ action }) => action);

  it("of an ECS cluster are set to DRAINING once, whatever is told how often", async () => {
    cloud.ecs.createService("prod/shop", 4);
    cloud.ecs.machines.set("i-a", { cluster: "prod", status: "ACTIVE" });
    actuator = await makeActuator("aws-ecs", { cluster: "prod", service: "shop", drainMachines: true, ...settings() }, cloud.now);
    const loop = await startDrainingGroup({ actuator, now: cloud.now, replicas: 4 });
    await loop.pass();
    expect(actuator.offeringOf?.("i-a")).toBe("us-east-1a/m5.large/spot");
    for (let seconds = 0; seconds < 60; seconds += 15) {
      cloud.pass(15);
      await loop.pass([notice("i-a", cloud.now() + 100), notice("i-a", cloud.now(), "rebalance")]);
    }
    expect(cloud.ecs.machines.get("i-a")?.status).toBe("DRAINING");
    expect(writes()).toEqual(["UpdateContainerInstancesState"]);
  });

  it("of a fleet get a stand-in, and give up their place before EC2 takes them", async () => {
    cloud.ec2.createFleet({ id: "fleet-0a1", total: 4, onDemand: 2, overrides: [{ type: "m5.large" }] });
    actuator = await makeActuator("aws-ec2-fleet", { fleetId: "fleet-0a1", ...settings() }, cloud.now);
    const loop = await startDrainingGroup({ actuator, now: cloud.now, replicas: 4 });
    await loop.pass();
    cloud.pass(15);
    const { group } = cloud.ec2.fleet("fleet-0a1");
    const id = group.instances.find(({ market }) => market === "spot")?.id ?? "";
    const endsAt = cloud.now() + 120;
    await loop.pass([notice(id, endsAt)]);
    expect(group.desired).toBe(5);
    for (let seconds = 0; seconds < 240; seconds += 15) {
      cloud.pass(15);
      if (cloud.now() >= endsAt && group.instances.some((one) => one.id === id)) group.endInstance(id, false);
      await loop.pass();
      cloud.ec2.fleet("fleet-0a1");
      expect(group.instances.filter(({ state }) => state === "InService").length).toBeGreaterThanOrEqual(4);
    }
    expect([group.desired, group.instances.length]).toEqual([4, 4]);
    expect(writes()).toEqual(["ModifyFleet", "ModifyFleet"]);
  });
});

describe("the simulated cloud", () => {
  it("drains a machine with a notice, once", async () => {
    let nowSeconds = 1_000_000;
    const actuator = createSimulated({ replicas: 4, startSeconds: 60, startSigma: 0, failedStartShare: 0, drainSeconds: 5, maxReplicas: 20, seed: 1 }, { target: "shop", now: () => nowSeconds });
    const loop = await startDrainingGroup({ actuator, now: () => nowSeconds, replicas: 4 });
    await loop.pass();
    nowSeconds += 15;
    const [id = ""] = actuator.interrupt(1, 120);
    const told = notice(id, nowSeconds + 120);
    await loop.pass([told]);
    nowSeconds += 15;
    await loop.pass([told]);
    expect(loop.effects.map(({ intent, outcome }) => [intent.drain?.instanceId, outcome.kind])).toEqual([[id, "applied"]]);
    expect(actuator.writeCalls()).toBe(1);
  });
});
