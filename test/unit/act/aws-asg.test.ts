// The Auto Scaling group actuator through the unmodified SDK against the strict fake of the service's wire.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Actuator } from "../../../src/act/actuator.ts";
import { NO_WRITERS, watchWriters } from "../../../src/act/second-writer.ts";
import type { Allocation } from "../../../src/model/offering.ts";
import type { Workload } from "../../../src/model/workload.ts";
import { makeActuator } from "../../contract/actuator-counterparts.ts";
import { intentTo } from "../../contract/actuator.contract.ts";
import { startFakeCloud, useCredentials, type FakeCloud } from "../../fixtures/aws/cloud.ts";
import type { GroupSpec } from "../../fixtures/aws/auto-scaling-group.ts";
import type { Fault } from "../../fixtures/aws/wire.ts";

const GROUP = "shop-asg";
let cloud: FakeCloud;
let actuators: Actuator[];

beforeEach(async () => {
  useCredentials("AKIDASG");
  cloud = await startFakeCloud();
  actuators = [];
});
afterEach(async () => {
  await Promise.all(actuators.map((actuator) => actuator.close()));
  await cloud.close();
});

async function asg(config: Record<string, unknown> = {}, spec: Partial<GroupSpec> = {}): Promise<Actuator> {
  cloud.autoScaling.createGroup({ name: GROUP, min: 1, max: 20, desired: 4, ...spec });
  const actuator = await makeActuator("aws-asg", { group: GROUP, region: "us-east-1", endpoint: cloud.wire.endpoint, ...config }, cloud.now);
  actuators.push(actuator);
  return actuator;
}

async function workloadOf(actuator: Actuator): Promise<Workload> {
  const workload = await actuator.read();
  if (!workload.ok) throw new Error(workload.message);
  return workload.value;
}

const allocation = (instances: Record<string, number>): Allocation => ({ instances, replicas: 0, costPerHourUsd: 0, carbonGramsPerHour: undefined });
const MIXED = { overrides: [{ type: "m5.large" }, { type: "c5.large" }], base: 4, percentage: 100 };
const lastWrite = () => cloud.wire.writeCalls().at(-1);

describe("the size of a group", () => {
  it("follows the starts of its instances", async () => {
    const actuator = await asg();
    await actuator.write(intentTo(7, 4));
    expect(await workloadOf(actuator)).toMatchObject({ desiredReplicas: 7, readyReplicas: 4, pendingReplicas: 3, timeSeconds: cloud.now() });
    cloud.pass(59);
    expect(await workloadOf(actuator)).toMatchObject({ readyReplicas: 4, pendingReplicas: 3 });
    cloud.pass(1);
    expect(await workloadOf(actuator)).toMatchObject({ readyReplicas: 7, pendingReplicas: 0 });
  });

  it("counts replicas where an instance carries several, and rounds up to whole instances", async () => {
    const actuator = await asg({ replicasPerUnit: 3 });
    expect(await workloadOf(actuator)).toMatchObject({ desiredReplicas: 12, readyReplicas: 12 });
    await actuator.write(intentTo(16, 12));
    expect(lastWrite()).toMatchObject({ action: "SetDesiredCapacity", input: { DesiredCapacity: "6" } });
    expect((await workloadOf(actuator)).desiredReplicas).toBe(18);
  });

  it("counts weights, which come as strings", async () => {
    const actuator = await asg({}, { desired: 8, mixed: { overrides: [{ type: "m5.xlarge", weight: 2 }], base: 0, percentage: 100 } });
    expect(cloud.autoScaling.group(GROUP).instances).toHaveLength(4);
    expect(await workloadOf(actuator)).toMatchObject({ desiredReplicas: 8, readyReplicas: 8 });
  });

  it("leaves the launch of missing instances to the cloud where it has no capacity", async () => {
    const actuator = await asg();
    for (const zone of ["us-east-1a", "us-east-1b"]) cloud.autoScaling.group(GROUP).noCapacity.add(`${zone}/m5.large/on-demand`);
    expect(await actuator.write(intentTo(7, 4))).toMatchObject({ ok: true });
    expect(await workloadOf(actuator)).toMatchObject({ desiredReplicas: 7, readyReplicas: 4, pendingReplicas: 0 });
  });
});

describe("the offerings that run", () => {
  const mixed = { overrides: [{ type: "m5.large" }, { type: "c5.large" }], base: 2, percentage: 0 };

  it("are told with their market, which EC2 is asked for once an instance", async () => {
    const actuator = await asg({}, { mixed });
    expect(await workloadOf(actuator)).toMatchObject({
      runningByOffering: { "us-east-1a/m5.large/on-demand": 1, "us-east-1b/m5.large/on-demand": 1, "us-east-1a/c5.large/spot": 1, "us-east-1b/c5.large/spot": 1 },
      pendingByOffering: {},
    });
    const [first] = cloud.autoScaling.group(GROUP).instances;
    expect(actuator.offeringOf?.(first?.id ?? "")).toBe("us-east-1a/m5.large/on-demand");
    expect(actuator.offeringOf?.("i-of-another")).toBeUndefined();
    await workloadOf(actuator);
    expect(cloud.wire.calls.filter(({ service }) => service === "ec2")).toHaveLength(1);
    await actuator.write(intentTo(5, 4));
    expect((await workloadOf(actuator)).pendingByOffering).toEqual({ "us-east-1a/m5.large/spot": 1 });
    expect(cloud.wire.calls.filter(({ service }) => service === "ec2")).toHaveLength(2);
  });

  it("are left out, and the counts told all the same, where EC2 does not answer; it is asked again later", async () => {
    const actuator = await asg({}, { mixed });
    cloud.wire.allow("AKIDASG", ["autoscaling:DescribeAutoScalingGroups"]);
    expect(await workloadOf(actuator)).toEqual({ kind: "value", timeSeconds: cloud.now(), desiredReplicas: 4, readyReplicas: 4, pendingReplicas: 0, replacement: { by: "count", replicasPerMachine: 1, onRebalance: true } });
    await workloadOf(actuator);
    expect(cloud.wire.calls.filter(({ service }) => service === "ec2")).toHaveLength(1);
    cloud.wire.allow("AKIDASG", ["autoscaling:DescribeAutoScalingGroups", "ec2:DescribeInstances"]);
    cloud.pass(301);
    expect((await workloadOf(actuator)).runningByOffering).toBeDefined();
  });

  it("are not asked for in a plain group, nor where the policy says never", async () => {
    await workloadOf(await asg());
    await workloadOf(await asg({ offerings: "never" }, { mixed }));
    expect(cloud.wire.calls.filter(({ service }) => service === "ec2")).toHaveLength(0);
  });
});

describe("the mix of on-demand and spot", () => {
  const wanted = allocation({ "us-east-1a/m5.large/on-demand": 2, "us-east-1b/c5.large/spot": 5, "us-east-1a/c5.large/spot": 1 });

  it("is set with the count in one absolute write that keeps the launch template and the strategies", async () => {
    const actuator = await asg({}, { mixed: MIXED });
    expect(await actuator.write(intentTo(8, 4, { allocation: wanted }))).toMatchObject({
      ok: true, value: { applied: true, detail: "shop-asg: desired capacity 8, on-demand base 2 and 0 % above it" },
    });
    expect(cloud.wire.writeCalls().map(({ action, input }) => ({ action, input }))).toEqual([{
      action: "UpdateAutoScalingGroup",
      input: { AutoScalingGroupName: GROUP, DesiredCapacity: "8", MixedInstancesPolicy: { InstancesDistribution: {
        OnDemandBaseCapacity: "2", OnDemandPercentageAboveBaseCapacity: "0", SpotAllocationStrategy: "price-capacity-optimized",
      } } },
    }]);
    cloud.pass(120);
    const group = cloud.autoScaling.group(GROUP);
    group.settle();
    expect([group.units(({ market }) => market === "on-demand"), group.units(({ market }) => market === "spot")]).toEqual([2, 6]);
    expect(group.mixed).toMatchObject({ overrides: MIXED.overrides, spotStrategy: "price-capacity-optimized" });
  });

  it("changes without a change of the count, and not when it is there already", async () => {
    const actuator = await asg({}, { desired: 8, mixed: MIXED });
    expect(await actuator.write(intentTo(8, 8, { direction: "rebalance", allocation: wanted }))).toMatchObject({ ok: true, value: { applied: true } });
    expect(await actuator.write(intentTo(8, 8, { direction: "rebalance", allocation: wanted }))).toMatchObject({ ok: true, value: { applied: false } });
    expect(cloud.wire.writeCalls()).toHaveLength(1);
  });

  it("is all on demand where the allocation is, commitments among it", async () => {
    const actuator = await asg({}, { mixed: { overrides: [{ type: "m5.large" }], base: 0, percentage: 0 } });
    await actuator.write(intentTo(6, 4, { allocation: allocation({ "us-east-1a/m5.large/committed": 4, "us-east-1b/m5.large/on-demand": 2 }) }));
    expect(cloud.autoScaling.group(GROUP).mixed).toMatchObject({ base: 6, percentage: 100 });
  });

  it("counts in units of weight", async () => {
    const actuator = await asg({}, { desired: 4, mixed: { overrides: [{ type: "m5.large", weight: 1 }, { type: "m5.xlarge", weight: 2 }], base: 4, percentage: 100 } });
    await actuator.write(intentTo(10, 4, { allocation: allocation({ "us-east-1a/m5.xlarge/on-demand": 2, "us-east-1a/m5.large/spot": 6 }) }));
    expect(cloud.autoScaling.group(GROUP)).toMatchObject({ desired: 10, mixed: { base: 4, percentage: 0 } });
  });

  const unfit: readonly [string, Partial<GroupSpec>, Record<string, number>, string][] = [
    ["a plain group", {}, { "us-east-1a/m5.large/spot": 6 }, "no-mixed-instances-policy"],
    ["a zone that the group does not have", { mixed: MIXED }, { "eu-west-1a/m5.large/spot": 6 }, "unknown-offering"],
    ["a type that the group does not have", { mixed: MIXED }, { "us-east-1a/p5.48xlarge/spot": 6 }, "unknown-offering"],
    ["an offering of another form", { mixed: MIXED }, { "large-spot": 6 }, "unknown-offering"],
  ];
  it.each(unfit)("of %s: the count goes through and the mix stays, unless it is required", async (...[, spec, instances, code]) => {
    const lenient = await asg({}, spec);
    const answer = await lenient.write(intentTo(6, 4, { allocation: allocation(instances) }));
    expect(answer).toMatchObject({ ok: true, value: { applied: true } });
    expect(answer.ok && answer.value.detail).toContain("its mix is left as it is");
    expect(lastWrite()?.action).toBe("SetDesiredCapacity");

    const strict = await asg({ mix: "required" }, spec);
    const writes = cloud.wire.writeCalls().length;
    expect(await strict.write(intentTo(6, 4, { allocation: allocation(instances) }))).toMatchObject({ ok: false, failure: "permanent", code, mayHaveArrived: false });
    expect(cloud.wire.writeCalls()).toHaveLength(writes);
  });

  it("is left alone where the policy says so", async () => {
    const actuator = await asg({ mix: "ignore" }, { mixed: MIXED });
    await actuator.write(intentTo(8, 4, { allocation: wanted }));
    expect(lastWrite()?.action).toBe("SetDesiredCapacity");
  });
});

describe("an instance with an interruption notice", () => {
  const notice = (ids: readonly string[], desired = 4, expected = 4) => intentTo(desired, expected, { direction: "rebalance", leaving: ids, idempotencyKey: ids.join() });
  const firstId = (): string => cloud.autoScaling.group(GROUP).instances[0]?.id ?? "";

  it("is detached in one call, and its replacement is on its way", async () => {
    const actuator = await asg();
    const id = firstId();
    expect(await actuator.write(notice([id, "i-of-another-group"]))).toMatchObject({ ok: true, value: { applied: true, detail: `shop-asg: detached ${id} for replacement` } });
    expect(cloud.wire.writeCalls()).toMatchObject([{ action: "DetachInstances", input: { InstanceIds: { member: { 1: id } }, ShouldDecrementDesiredCapacity: "false" } }]);
    expect(await workloadOf(actuator)).toMatchObject({ desiredReplicas: 4, readyReplicas: 3, pendingReplicas: 1 });
  });

  it("is ordered once, however often the notice comes", async () => {
    const actuator = await asg();
    const id = firstId();
    await actuator.write(notice([id]));
    expect(await actuator.write(notice([id]))).toMatchObject({ ok: true, value: { applied: false } });
    expect(cloud.wire.writeCalls()).toHaveLength(1);
    expect(cloud.autoScaling.group(GROUP).instances).toHaveLength(4);
  });

  it("goes before a change of the count, which the next step decides", async () => {
    const actuator = await asg();
    await actuator.write(notice([firstId()], 6));
    expect(cloud.wire.writeCalls().map(({ action }) => action)).toEqual(["DetachInstances"]);
    expect(cloud.autoScaling.group(GROUP).desired).toBe(4);
  });

  it("is left to the group where that has CapacityRebalance, or where the policy says so", async () => {
    const actuator = await asg();
    cloud.autoScaling.group(GROUP).capacityRebalance = true;
    expect(await actuator.write(notice([firstId()]))).toMatchObject({ ok: true, value: { applied: false } });
    const leaving = await asg({ interruptions: "leave" });
    expect(await leaving.write(notice([firstId()]))).toMatchObject({ ok: true, value: { applied: false } });
    expect(cloud.wire.writeCalls()).toEqual([]);
    cloud.autoScaling.group(GROUP).capacityRebalance = true;
    const detaching = await asg({ interruptions: "detach" });
    expect(await detaching.write(notice([firstId()]))).toMatchObject({ ok: true, value: { applied: true } });
  });
});

describe("limits are checked before the first side effect", () => {
  it.each<[string, (actuator: Actuator) => Promise<unknown>, string]>([
    ["above the maximum", (actuator) => actuator.write(intentTo(21, 4)), "out-of-bounds"],
    ["below the minimum", (actuator) => actuator.write(intentTo(0, 4)), "out-of-bounds"],
    ["while Launch is suspended", (actuator) => { cloud.autoScaling.group(GROUP).suspended.set("Launch", "by ann"); return actuator.write(intentTo(6, 4)); }, "suspended"],
    ["while Terminate is suspended", (actuator) => { cloud.autoScaling.group(GROUP).suspended.set("Terminate", "by ann"); return actuator.write(intentTo(3, 4)); }, "suspended"],
    ["while the group is being deleted", (actuator) => { cloud.autoScaling.deleteGroup(GROUP); return actuator.write(intentTo(6, 4)); }, "being-deleted"],
  ])("%s", async (_, write, code) => {
    const actuator = await asg();
    expect(await write(actuator)).toMatchObject({ ok: false, code, mayHaveArrived: false });
    expect(cloud.wire.writeCalls()).toHaveLength(0);
  });
});

describe("the service's own refusals", () => {
  it("a scaling activity under way, where the cooldown is honoured, is transient", async () => {
    const actuator = await asg({ honorCooldown: true });
    expect(await actuator.write(intentTo(6, 4))).toMatchObject({ ok: true });
    expect(await actuator.write(intentTo(8, 6))).toMatchObject({ ok: false, failure: "transient", code: "scaling-activity-in-progress", mayHaveArrived: false });
    cloud.pass(60 + 299);
    expect(await actuator.write(intentTo(8, 6))).toMatchObject({ ok: false, code: "scaling-activity-in-progress" });
    cloud.pass(1);
    expect(await actuator.write(intentTo(8, 6))).toMatchObject({ ok: true });
  });

  it("real throttling is transient for writes, and reads are repeated by the SDK", async () => {
    const actuator = await asg();
    cloud.autoScaling.throttle(1);
    expect(await actuator.write(intentTo(6, 4))).toMatchObject({ ok: false, failure: "transient", code: "throttled", mayHaveArrived: false });
    expect(cloud.wire.writeCalls()).toHaveLength(1);
  });

  const error = (code: string, message: string, status = 400): Fault["how"] => ({ code, message, status });
  it.each<[string, Fault["how"], { failure: string; code: string; mayHaveArrived: boolean }]>([
    ["ResourceContention", error("ResourceContention", "busy"), { failure: "transient", code: "resource-contention", mayHaveArrived: false }],
    ["ScalingActivityInProgress", error("ScalingActivityInProgress", "busy"), { failure: "transient", code: "scaling-activity-in-progress", mayHaveArrived: false }],
    ["Throttling", error("Throttling", "Rate exceeded"), { failure: "transient", code: "throttled", mayHaveArrived: false }],
    ["RequestLimitExceeded", error("RequestLimitExceeded", "slower", 503), { failure: "transient", code: "throttled", mayHaveArrived: false }],
    ["ValidationError", error("ValidationError", "1 validation error detected"), { failure: "permanent", code: "validation", mayHaveArrived: false }],
    ["a group that went away meanwhile", error("ValidationError", "AutoScalingGroup name not found - AutoScalingGroup 'x' not found"), { failure: "missing", code: "missing", mayHaveArrived: false }],
    ["AccessDenied", error("AccessDenied", "not authorized", 403), { failure: "permanent", code: "access-denied", mayHaveArrived: false }],
    ["ExpiredToken", error("ExpiredToken", "expired", 403), { failure: "transient", code: "credentials-expired", mayHaveArrived: false }],
    ["ServiceLinkedRoleFailure", error("ServiceLinkedRoleFailure", "role", 500), { failure: "transient", code: "server-error", mayHaveArrived: true }],
    ["InternalFailure", error("InternalFailure", "oops", 500), { failure: "transient", code: "server-error", mayHaveArrived: true }],
    ["an HTML page with status 500", "garbage", { failure: "transient", code: "server-error", mayHaveArrived: true }],
    ["a broken connection", "drop", { failure: "transient", code: "no-answer", mayHaveArrived: true }],
    ["no answer", "hang", { failure: "transient", code: "timeout", mayHaveArrived: true }],
  ])("%s", async (_, how, expected) => {
    const actuator = await asg({ requestTimeoutSeconds: 0.5 });
    cloud.wire.faults.push({ action: "SetDesiredCapacity", at: "before", times: 1, how });
    expect(await actuator.write(intentTo(6, 4))).toMatchObject({ ok: false, ...expected });
    expect(cloud.wire.writeCalls()).toHaveLength(1);
  });

  it("a service that cannot be reached has certainly taken nothing", async () => {
    const actuator = await asg();
    await cloud.wire.close();
    expect(await actuator.write(intentTo(6, 4))).toMatchObject({ ok: false, failure: "transient", mayHaveArrived: false });
    expect(await actuator.read()).toMatchObject({ ok: false, failure: "transient" });
  });

  it("what the SDK itself refuses to send has certainly not arrived, and will not by itself", async () => {
    cloud.autoScaling.createGroup({ name: GROUP, min: 1, max: 20, desired: 4 });
    const region = process.env["AWS_REGION"];
    delete process.env["AWS_REGION"];
    const actuator = await makeActuator("aws-asg", { group: GROUP, endpoint: cloud.wire.endpoint }, cloud.now);
    actuators.push(actuator);
    expect(await actuator.read()).toMatchObject({ ok: false, failure: "permanent", message: expect.stringContaining("Region is missing") as unknown });
    expect(await actuator.write(intentTo(6, 4))).toMatchObject({ ok: false, failure: "permanent", mayHaveArrived: false });
    process.env["AWS_REGION"] = region;
    expect(cloud.wire.calls).toEqual([]);
  });

  it("reads go on through passing errors", async () => {
    const actuator = await asg();
    cloud.wire.faults.push({ action: "DescribeAutoScalingGroups", at: "before", times: 2, how: "drop" });
    expect((await workloadOf(actuator)).desiredReplicas).toBe(4);
  });
});

describe("other writers", () => {
  it("are named from the group's activities, our own writes told apart", async () => {
    const actuator = await asg();
    let { watch } = watchWriters(NO_WRITERS, { timeSeconds: cloud.now(), desiredReplicas: 4, ownWrites: [], hands: [] });
    cloud.pass(15);
    await actuator.write(intentTo(6, 4));
    const own = { timeSeconds: cloud.now(), desiredReplicas: 6 };
    cloud.pass(15);
    cloud.autoScaling.setDesiredBy(GROUP, 9, "a monitor alarm TargetTracking-shop-AlarmHigh-1 in state ALARM triggered policy cpu70");
    cloud.pass(15);
    const hands = await actuator.foreignHands?.(0);
    if (hands?.ok !== true) throw new Error("no hands");
    expect(hands.value).toMatchObject([{ toReplicas: 6, writer: { kind: "user" } }, { fromReplicas: 6, toReplicas: 9 }]);
    const result = watchWriters(watch, { timeSeconds: cloud.now(), desiredReplicas: 9, ownWrites: [own], hands: hands.value });
    watch = result.watch;
    expect(result.fresh).toEqual([{ timeSeconds: cloud.now() - 15, fromReplicas: 6, toReplicas: 9, writer: { kind: "target-tracking", name: "cpu70" } }]);
    expect(watch.backOff).toMatchObject({ writer: "target tracking cpu70", conflicts: 1 });
  });

  it("are seen before they act: scaling policies and schedules", async () => {
    const actuator = await asg();
    const group = cloud.autoScaling.group(GROUP);
    group.policies.push({ name: "cpu70", type: "TargetTrackingScaling", enabled: true }, { name: "off", type: "StepScaling", enabled: false }, { name: "steps", type: "StepScaling", enabled: true });
    group.schedules.push({ name: "nightly", desired: 2 });
    expect(await actuator.rivals?.()).toEqual({
      ok: true, value: [{ kind: "target-tracking", name: "cpu70" }, { kind: "step-scaling", name: "steps" }, { kind: "scheduled", name: "nightly" }],
    });
  });
});

describe("the warm pool of a group", () => {
  it("keeps its state and its other sizes, and makes launches quicker", async () => {
    await asg();
    cloud.autoScaling.group(GROUP).warmPool = { minSize: 1, maxPrepared: 12, poolState: "Hibernated", instances: [] };
    const pool = await makeActuator("aws-warm-pool", { group: GROUP, region: "us-east-1", endpoint: cloud.wire.endpoint }, cloud.now);
    actuators.push(pool);
    expect(await pool.write(intentTo(3, 1))).toMatchObject({ ok: true, value: { applied: true } });
    expect(lastWrite()).toMatchObject({ action: "PutWarmPool", input: { MinSize: "3", MaxGroupPreparedCapacity: "12", PoolState: "Hibernated" } });
    expect(await pool.read()).toMatchObject({ value: { desiredReplicas: 3, readyReplicas: 0, pendingReplicas: 3 } });
    cloud.pass(60);
    expect(await pool.read()).toMatchObject({ value: { readyReplicas: 3, pendingReplicas: 0 } });

    const [actuator] = actuators;
    await actuator?.write(intentTo(6, 4));
    cloud.pass(10);
    expect(await actuator?.read()).toMatchObject({ value: { readyReplicas: 6 } });
    expect(await pool.write(intentTo(13, 3))).toMatchObject({ ok: false, code: "out-of-bounds" });
  });
});
