// One counterpart for each registered actuator, under its type.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createActuator } from "../../src/act/registry.ts";
import type { Actuator } from "../../src/act/actuator.ts";
import { createDryRun } from "../../src/act/actuators/dry-run.ts";
import { createSimulated } from "../../src/act/actuators/simulated.ts";
import { startFakeCloud, useCredentials, type FakeCloud } from "../fixtures/aws/cloud.ts";
import { startApiServer, TOKEN } from "../fixtures/kubernetes/api-server.ts";
import { startWebhookReceiver } from "../fixtures/webhook-receiver.ts";
import type { ActuatorCounterpart, CounterpartDefinition } from "./actuator.contract.ts";

export const COUNTERPARTS: Readonly<Record<string, CounterpartDefinition>> = {
  // It asks no cloud, so nobody can race it and nothing can be lost.
  "dry-run": { cannot: ["setByOther", "throttleNext", "loseNextAnswer", "loseNextWrite", "removeTarget", "aboveMaximum"], start: dryRunCounterpart },
  simulated: { cannot: ["removeTarget"], start: simulatedCounterpart },
  "aws-asg": { cannot: [], start: awsAsgCounterpart },
  "aws-ec2-fleet": { cannot: [], start: awsEc2FleetCounterpart },
  "aws-ecs": { cannot: [], start: awsEcsCounterpart },
  "aws-ecs-floor": { cannot: [], start: awsEcsFloorCounterpart },
  "aws-warm-pool": { cannot: [], start: awsWarmPoolCounterpart },
  // The API server has no limit of its own on a count.
  "kubernetes-scale": { cannot: ["aboveMaximum"], start: kubernetesCounterpart },
  webhook: { cannot: [], start: webhookCounterpart },
};

export async function makeActuator(type: string, config: unknown, now: () => number): Promise<Actuator> {
  const actuator = await createActuator(type, config, { target: "shop", now });
  if (!actuator.ok) throw new Error(actuator.message);
  return actuator.value;
}

function dryRunCounterpart(): Promise<ActuatorCounterpart> {
  const actuator = createDryRun({ replicas: 4 }, { target: "shop", now: () => 1_000 });
  return Promise.resolve({
    actuator,
    writeCalls: () => actuator.records.length,
    startAll: () => undefined,
    close: () => actuator.close(),
  });
}

function simulatedCounterpart(): Promise<ActuatorCounterpart> {
  let nowSeconds = 1_000;
  const actuator = createSimulated(
    { replicas: 4, startSeconds: 60, startSigma: 0, failedStartShare: 0, drainSeconds: 30, maxReplicas: 20, seed: 1 },
    { target: "shop", now: () => nowSeconds },
  );
  let throttled = false;
  return Promise.resolve({
    // The simulated cloud refuses every call while it throttles; a test wants to read right after.
    actuator: { ...actuator, async write(intent) {
      const answer = await actuator.write(intent);
      if (throttled) nowSeconds += 60;
      return answer;
    } },
    writeCalls: () => actuator.writeCalls(),
    setByOther: (replicas) => { actuator.setByOther(replicas, { kind: "user" }); },
    throttleNext: () => { throttled = true; actuator.fault("throttled", 30); },
    loseNextAnswer: () => { actuator.loseNext("after"); },
    loseNextWrite: () => { actuator.loseNext("before"); },
    startAll: () => { nowSeconds += 1_000; },
    aboveMaximum: 21,
    close: () => actuator.close(),
  });
}

interface AwsCase {
  readonly type: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** The one action that writes. */
  readonly action: string;
  readonly throttled: string;
  readonly aboveMaximum: number;
  prepare(cloud: FakeCloud): void;
  setByOther(cloud: FakeCloud, replicas: number): void;
  removeTarget(cloud: FakeCloud): void;
}

async function awsCounterpart(one: AwsCase): Promise<ActuatorCounterpart> {
  useCredentials("AKIDCONTRACT");
  const cloud = await startFakeCloud();
  one.prepare(cloud);
  const actuator = await makeActuator(one.type, { region: "us-east-1", endpoint: cloud.wire.endpoint, ...one.config }, cloud.now);
  const fault = (at: "before" | "after", how: "drop" | { code: string; message: string; status: number }): void => {
    cloud.wire.faults.push({ action: one.action, at, times: 1, how });
  };
  return {
    actuator,
    writeCalls: () => cloud.wire.writeCalls().length,
    setByOther: (replicas) => { one.setByOther(cloud, replicas); },
    throttleNext: () => { fault("before", { code: one.throttled, message: "Rate exceeded", status: 400 }); },
    loseNextAnswer: () => { fault("after", "drop"); },
    loseNextWrite: () => { fault("before", "drop"); },
    removeTarget: () => { one.removeTarget(cloud); },
    startAll: () => { cloud.pass(600); },
    aboveMaximum: one.aboveMaximum,
    async close() {
      await actuator.close();
      await cloud.close();
    },
  };
}

const SHOP = { cluster: "prod", service: "shop" };

function awsAsgCounterpart(): Promise<ActuatorCounterpart> {
  return awsCounterpart({
    type: "aws-asg", config: { group: "shop-asg" }, action: "SetDesiredCapacity", throttled: "Throttling", aboveMaximum: 21,
    prepare: (cloud) => { cloud.autoScaling.createGroup({ name: "shop-asg", min: 1, max: 20, desired: 4 }); },
    setByOther: (cloud, replicas) => { cloud.autoScaling.setDesiredBy("shop-asg", replicas, "a user request explicitly set group desired capacity"); },
    removeTarget: (cloud) => { cloud.autoScaling.removeGroup("shop-asg"); },
  });
}

function awsEc2FleetCounterpart(): Promise<ActuatorCounterpart> {
  return awsCounterpart({
    type: "aws-ec2-fleet", config: { fleetId: "fleet-0a1" }, action: "ModifyFleet", throttled: "RequestLimitExceeded", aboveMaximum: 10_001,
    prepare: (cloud) => { cloud.ec2.createFleet({ id: "fleet-0a1", total: 4, onDemand: 2, overrides: [{ type: "m5.large" }] }); },
    setByOther: (cloud, replicas) => { cloud.ec2.fleet("fleet-0a1").group.changeDesired(replicas, "someone"); },
    removeTarget: (cloud) => { cloud.ec2.removeFleet("fleet-0a1"); },
  });
}

function awsEcsCounterpart(): Promise<ActuatorCounterpart> {
  return awsCounterpart({
    type: "aws-ecs", config: SHOP, action: "UpdateService", throttled: "ThrottlingException", aboveMaximum: 21,
    prepare: (cloud) => { cloud.ecs.createService("prod/shop", 4, { min: 1, max: 20 }); },
    setByOther: (cloud, replicas) => { cloud.ecs.scaleBy("prod/shop", replicas, "monitor alarm TargetTracking-service/prod/shop-AlarmHigh-1 in state ALARM triggered policy cpu"); },
    removeTarget: (cloud) => { cloud.ecs.removeService("prod/shop"); },
  });
}

function awsEcsFloorCounterpart(): Promise<ActuatorCounterpart> {
  return awsCounterpart({
    type: "aws-ecs-floor", config: SHOP, action: "RegisterScalableTarget", throttled: "ThrottlingException", aboveMaximum: 21,
    // Above the floor there is nothing to do for target tracking: the count follows the floor both ways.
    prepare: (cloud) => { cloud.ecs.createService("prod/shop", 4, { min: 4, max: 20 }); },
    setByOther: (cloud, replicas) => { cloud.ecs.service("prod/shop").target = { min: replicas, max: 20 }; },
    removeTarget: (cloud) => { cloud.ecs.service("prod/shop").target = undefined; },
  });
}

function awsWarmPoolCounterpart(): Promise<ActuatorCounterpart> {
  const pool = (cloud: FakeCloud, minSize: number): void => {
    const group = cloud.autoScaling.group("shop-asg");
    group.warmPool = { minSize, maxPrepared: undefined, poolState: "Stopped", instances: group.warmPool?.instances ?? Array.from({ length: minSize }, (_, index) => ({ id: `i-${index}`, warmAtSeconds: 0 })) };
  };
  return awsCounterpart({
    type: "aws-warm-pool", config: { group: "shop-asg" }, action: "PutWarmPool", throttled: "Throttling", aboveMaximum: 21,
    prepare: (cloud) => {
      cloud.autoScaling.createGroup({ name: "shop-asg", min: 1, max: 20, desired: 2 });
      pool(cloud, 4);
    },
    setByOther: pool,
    removeTarget: (cloud) => { cloud.autoScaling.group("shop-asg").warmPool = undefined; },
  });
}

async function kubernetesCounterpart(): Promise<ActuatorCounterpart> {
  const api = await startApiServer(4, () => 1_000);
  const folder = mkdtempSync(join(tmpdir(), "foretide-kubernetes-"));
  writeFileSync(join(folder, "token"), `${TOKEN}\n`);
  const actuator = await makeActuator("kubernetes-scale", { namespace: "prod", name: "shop", server: api.server, caFile: api.caFile, tokenFile: join(folder, "token") }, () => 1_000);
  return {
    actuator,
    writeCalls: () => api.puts.length,
    setByOther: (replicas) => { api.setBy("kube-controller-manager", replicas, "scale"); },
    throttleNext: () => { api.nextPut = "throttle"; },
    loseNextAnswer: () => { api.nextPut = "drop-after"; },
    loseNextWrite: () => { api.nextPut = "drop-before"; },
    removeTarget: () => { api.remove(); },
    startAll: () => { Object.assign(api.workload, { statusReplicas: api.workload.replicas, readyReplicas: api.workload.replicas }); },
    async close() {
      await actuator.close();
      await api.close();
      rmSync(folder, { recursive: true });
    },
  };
}

async function webhookCounterpart(): Promise<ActuatorCounterpart> {
  const receiver = await startWebhookReceiver(4);
  process.env["FORETIDE_TEST_WEBHOOK_SECRET"] = receiver.secret;
  const actuator = await makeActuator("webhook", { url: receiver.url, secretVariable: "FORETIDE_TEST_WEBHOOK_SECRET" }, () => Date.now() / 1_000);
  return {
    actuator,
    writeCalls: () => receiver.puts.length,
    setByOther: (replicas) => { receiver.setByOther(replicas); },
    throttleNext: () => { receiver.next = "throttle"; },
    loseNextAnswer: () => { receiver.next = "drop-after"; },
    loseNextWrite: () => { receiver.next = "drop-before"; },
    removeTarget: () => { receiver.exists = false; },
    startAll: () => { receiver.ready = receiver.replicas; },
    aboveMaximum: 21,
    async close() {
      await actuator.close();
      await receiver.close();
    },
  };
}
