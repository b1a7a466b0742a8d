// ECS services, the floor of their scalable targets and EC2 fleets: what the contract does not cover.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Actuator } from "../../../src/act/actuator.ts";
import { makeActuator } from "../../contract/actuator-counterparts.ts";
import { intentTo } from "../../contract/actuator.contract.ts";
import { startFakeCloud, useCredentials, type FakeCloud } from "../../fixtures/aws/cloud.ts";

let cloud: FakeCloud;
beforeEach(async () => {
  useCredentials("AKIDECS");
  cloud = await startFakeCloud();
});
afterEach(() => cloud.close());
const make = (type: string, config: Record<string, unknown>): Promise<Actuator> => makeActuator(type, { region: "us-east-1", endpoint: cloud.wire.endpoint, ...config }, cloud.now);
const shop = (type = "aws-ecs", rest: Record<string, unknown> = {}) => make(type, { cluster: "prod", service: "shop", ...rest });
const lastInput = () => cloud.wire.writeCalls().at(-1)?.input;

describe("an ECS service", () => {
  it("follows the starts of its tasks", async () => {
    cloud.ecs.createService("prod/shop", 4);
    const actuator = await shop();
    await actuator.write(intentTo(7, 4));
    expect(lastInput()).toEqual({ cluster: "prod", service: "shop", desiredCount: 7 });
    expect(await actuator.read()).toMatchObject({ value: { desiredReplicas: 7, readyReplicas: 4, pendingReplicas: 3 } });
    cloud.pass(40);
    expect(await actuator.read()).toMatchObject({ value: { readyReplicas: 7, pendingReplicas: 0 } });
  });

  it("keeps within its scalable target's bounds, unless told not to look", async () => {
    cloud.ecs.createService("prod/shop", 4, { min: 3, max: 6 });
    expect(await (await shop()).write(intentTo(2, 4))).toMatchObject({ ok: false, code: "out-of-bounds" });
    expect(await (await shop("aws-ecs", { scalableTarget: false })).write(intentTo(2, 4))).toMatchObject({ ok: true });
  });

  it.each<[string, (service: ReturnType<FakeCloud["ecs"]["service"]>) => void, string]>([
    ["a daemon service has no count", (service) => { service.schedulingStrategy = "DAEMON"; }, "daemon"],
    ["a draining service takes none", (service) => { service.status = "DRAINING"; }, "being-deleted"],
    ["an inactive service is not there", (service) => { service.status = "INACTIVE"; }, "missing"],
  ])("%s", async (_, arrange, code) => {
    arrange(cloud.ecs.createService("prod/shop", 4));
    expect(await (await shop()).write(intentTo(6, 4))).toMatchObject({ ok: false, code, mayHaveArrived: false });
    expect(cloud.wire.writeCalls()).toEqual([]);
  });

  it.each<[string, number, { failure: string; code: string; mayHaveArrived: boolean }]>([
    ["ServerException", 500, { failure: "transient", code: "server-error", mayHaveArrived: true }],
    ["ClientException", 400, { failure: "permanent", code: "client", mayHaveArrived: false }],
    ["InvalidParameterException", 400, { failure: "permanent", code: "invalid-parameter", mayHaveArrived: false }],
    ["ServiceNotActiveException", 400, { failure: "missing", code: "missing", mayHaveArrived: false }],
    ["ServiceNotFoundException", 400, { failure: "missing", code: "missing", mayHaveArrived: false }],
    ["ClusterNotFoundException", 400, { failure: "missing", code: "missing", mayHaveArrived: false }],
    ["AccessDeniedException", 400, { failure: "permanent", code: "access-denied", mayHaveArrived: false }],
  ])("sorts %s", async (code, status, expected) => {
    cloud.ecs.createService("prod/shop", 4);
    cloud.wire.faults.push({ action: "UpdateService", at: "before", times: 1, how: { code, message: "no", status } });
    expect(await (await shop()).write(intentTo(6, 4))).toMatchObject({ ok: false, ...expected });
  });

  it("names target tracking from Application Auto Scaling's activities, and its policies and schedules beforehand", async () => {
    const service = cloud.ecs.createService("prod/shop", 4, { min: 1, max: 20 });
    service.policies.push({ name: "cpu", type: "TargetTrackingScaling" });
    service.schedules.push({ name: "morning" });
    cloud.ecs.scaleBy("prod/shop", 6, "monitor alarm TargetTracking-service/prod/shop-AlarmHigh-1 in state ALARM triggered policy cpu");
    const actuator = await shop();
    expect(await actuator.foreignHands?.(0)).toEqual({ ok: true, value: [{ timeSeconds: cloud.now(), fromReplicas: undefined, toReplicas: 6, writer: { kind: "target-tracking", name: "cpu" } }] });
    expect(await actuator.rivals?.()).toEqual({ ok: true, value: [{ kind: "target-tracking", name: "cpu" }, { kind: "scheduled", name: "morning" }] });
  });
});

describe("the floor of a scalable target", () => {
  it("raises the service at once, keeps the ceiling, and leaves what target tracking holds above it", async () => {
    cloud.ecs.createService("prod/shop", 4, { min: 2, max: 20 });
    const actuator = await shop("aws-ecs-floor");
    expect(await actuator.read()).toMatchObject({ value: { desiredReplicas: 2, readyReplicas: 4 } });
    await actuator.write(intentTo(6, 2));
    expect(lastInput()).toEqual({ ServiceNamespace: "ecs", ScalableDimension: "ecs:service:DesiredCount", ResourceId: "service/prod/shop", MinCapacity: 6 });
    expect(cloud.ecs.service("prod/shop")).toMatchObject({ desired: 6, target: { min: 6, max: 20 } });
    await actuator.write(intentTo(3, 6));
    expect(cloud.ecs.service("prod/shop")).toMatchObject({ desired: 6, target: { min: 3, max: 20 } });
  });

  it.each<[string, number, { failure: string; code: string }]>([
    ["ConcurrentUpdateException", 500, { failure: "transient", code: "resource-contention" }],
    ["LimitExceededException", 400, { failure: "permanent", code: "limit-exceeded" }],
    ["ValidationException", 400, { failure: "permanent", code: "validation" }],
    ["ObjectNotFoundException", 400, { failure: "missing", code: "missing" }],
  ])("sorts %s", async (code, status, expected) => {
    cloud.ecs.createService("prod/shop", 4, { min: 2, max: 20 });
    cloud.wire.faults.push({ action: "RegisterScalableTarget", at: "before", times: 1, how: { code, message: "no", status } });
    expect(await (await shop("aws-ecs-floor")).write(intentTo(6, 2))).toMatchObject({ ok: false, ...expected, mayHaveArrived: false });
  });
});

describe("an EC2 fleet", () => {
  const fleet = (rest: Record<string, unknown> = {}) => make("aws-ec2-fleet", { fleetId: "fleet-0a1", ...rest });

  it("takes its total and its split in one absolute write, in units of weight", async () => {
    cloud.ec2.createFleet({ id: "fleet-0a1", total: 4, onDemand: 4, overrides: [{ type: "m5.large", weight: 1 }, { type: "m5.xlarge", weight: 2 }] });
    const actuator = await fleet();
    const allocation = { instances: { "us-east-1a/m5.xlarge/on-demand": 1, "us-east-1b/m5.large/spot": 6 }, replicas: 8, costPerHourUsd: 0, carbonGramsPerHour: undefined };
    expect(await actuator.write(intentTo(8, 4, { allocation }))).toMatchObject({ ok: true, value: { detail: "fleet-0a1: 8 units, 2 of them on demand" } });
    expect(lastInput()).toEqual({ FleetId: "fleet-0a1", TargetCapacitySpecification: { TotalTargetCapacity: "8", OnDemandTargetCapacity: "2", SpotTargetCapacity: "6" } });
    expect(await actuator.write(intentTo(8, 8, { allocation }))).toMatchObject({ ok: true, value: { applied: false } });
  });

  it("tells what runs and what starts, with its market", async () => {
    cloud.ec2.createFleet({ id: "fleet-0a1", total: 3, onDemand: 2, overrides: [{ type: "m5.large" }] });
    const actuator = await fleet();
    await actuator.write(intentTo(4, 3));
    expect(await actuator.read()).toMatchObject({ value: {
      desiredReplicas: 4, readyReplicas: 3, pendingReplicas: 1,
      runningByOffering: { "us-east-1a/m5.large/on-demand": 1, "us-east-1b/m5.large/on-demand": 1, "us-east-1a/m5.large/spot": 1 },
      pendingByOffering: { "us-east-1b/m5.large/spot": 1 },
    } });
    const spot = cloud.ec2.fleet("fleet-0a1").group.instances.find(({ market }) => market === "spot");
    expect(actuator.offeringOf?.(spot?.id ?? "")).toBe("us-east-1a/m5.large/spot");
  });

  it.each<[string, Parameters<FakeCloud["ec2"]["createFleet"]>[0]["type"], "active" | "modifying" | "deleted_running", string]>([
    ["an instant fleet cannot be changed", "instant", "active", "fleet-type"],
    ["a fleet that is being modified takes no other change", "maintain", "modifying", "scaling-activity-in-progress"],
    ["a deleted fleet is not there", "maintain", "deleted_running", "missing"],
  ])("%s", async (...[, type, state, code]) => {
    cloud.ec2.createFleet({ id: "fleet-0a1", total: 4, onDemand: 2, overrides: [{ type: "m5.large" }], ...(type === undefined ? {} : { type }) }).state = state;
    expect(await (await fleet()).write(intentTo(6, 4))).toMatchObject({ ok: false, code, mayHaveArrived: false });
    expect(cloud.wire.writeCalls()).toEqual([]);
  });

  it.each(["InsufficientInstanceCapacity", "MaxSpotInstanceCountExceeded", "VcpuLimitExceeded", "UnfulfillableCapacity"])("calls %s a want of capacity", async (code) => {
    cloud.ec2.createFleet({ id: "fleet-0a1", total: 4, onDemand: 2, overrides: [{ type: "m5.large" }] });
    cloud.wire.faults.push({ action: "ModifyFleet", at: "before", times: 1, how: { code, message: "none", status: 400 } });
    expect(await (await fleet()).write(intentTo(6, 4))).toMatchObject({ ok: false, failure: "transient", code: "capacity", mayHaveArrived: false });
  });
});
