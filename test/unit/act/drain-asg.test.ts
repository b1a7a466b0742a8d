// From a notice to the end of the machine, through the production loop, on the strict wire of an Auto Scaling group.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Actuator } from "../../../src/act/actuator.ts";
import type { Notice } from "../../../src/model/offering.ts";
import { makeActuator } from "../../contract/actuator-counterparts.ts";
import { startFakeCloud, useCredentials, type FakeCloud } from "../../fixtures/aws/cloud.ts";
import { startDrainingGroup, type DrainingGroup } from "../../fixtures/draining-group.ts";

const GROUP = "shop-asg";
let cloud: FakeCloud;
let actuator: Actuator;
beforeEach(async () => {
  useCredentials("AKIDDRAIN");
  cloud = await startFakeCloud();
  cloud.autoScaling.createGroup({ name: GROUP, min: 1, max: 20, desired: 4, startSeconds: 60 });
  actuator = await asg();
});
afterEach(async () => {
  await actuator.close();
  await cloud.close();
});

const asg = (config: Record<string, unknown> = {}) => makeActuator("aws-asg", { group: GROUP, region: "us-east-1", endpoint: cloud.wire.endpoint, ...config }, cloud.now);
const group = () => cloud.autoScaling.group(GROUP);
const firstId = (): string => group().instances[0]?.id ?? "";
const has = (id: string): boolean => group().instances.some((instance) => instance.id === id);
const serving = (): number => group().instances.filter(({ state }) => state === "InService").length;
const writes = (): readonly string[] => cloud.wire.writeCalls().map(({ action }) => action);
const notice = (instanceId: string, leadSeconds: number, kind: Notice["kind"] = "interruption"): Notice =>
  ({ kind, offering: "us-east-1a/m5.large/spot", count: 1, timeSeconds: kind === "interruption" ? cloud.now() + leadSeconds : cloud.now(), instanceId });
const warm = async (loop: DrainingGroup): Promise<void> => {
  await loop.pass();
  cloud.pass(15);
};

describe("a machine with two minutes' notice", () => {
  it("is replaced at once, serves until the replacement is ready, and is ended before its end", async () => {
    const loop = await startDrainingGroup({ actuator, now: cloud.now, replicas: 4 });
    await warm(loop);
    const id = firstId();
    await loop.pass([notice(id, 120)]);
    expect(writes()).toEqual(["SetDesiredCapacity"]);
    expect([group().desired, serving(), has(id)]).toEqual([5, 4, true]);
    let endedAfter: number | undefined;
    for (let seconds = 15; seconds <= 240; seconds += 15) {
      cloud.pass(15);
      if (seconds === 120 && has(id)) group().endInstance(id, false);
      await loop.pass();
      expect(serving()).toBeGreaterThanOrEqual(4);
      if (!has(id)) endedAfter ??= seconds;
    }
    expect(endedAfter).toBe(60);
    expect(writes()).toEqual(["SetDesiredCapacity", "TerminateInstanceInAutoScalingGroup"]);
    expect([group().desired, serving()]).toEqual([4, 4]);
  });

  it("is drained half a minute before its end where the replacement takes longer than that", async () => {
    group().startSeconds = 180;
    const loop = await startDrainingGroup({ actuator, now: cloud.now, replicas: 4 });
    await warm(loop);
    const id = firstId();
    await loop.pass([notice(id, 120)]);
    let endedAfter: number | undefined;
    for (let seconds = 15; seconds <= 240; seconds += 15) {
      cloud.pass(15);
      await loop.pass();
      if (!has(id)) endedAfter ??= seconds;
    }
    expect(endedAfter).toBe(75);
    expect([group().desired, group().instances.length]).toEqual([4, 4]);
    expect(writes()).toHaveLength(2);
  });
});

describe("a machine with half a minute's notice, as Google and Azure give", () => {
  it("is replaced and drained in the same pass: no start is that short", async () => {
    const loop = await startDrainingGroup({ actuator, now: cloud.now, replicas: 4 });
    await warm(loop);
    const id = firstId();
    const { report } = await loop.pass([notice(id, 30)]);
    expect(writes()).toEqual(["SetDesiredCapacity", "TerminateInstanceInAutoScalingGroup"]);
    expect(report.outcomes.map(({ kind }) => kind)).toEqual(["applied", "applied"]);
    expect([group().desired, has(id), group().instances.length]).toEqual([4, false, 4]);
  });
});

describe("advice to leave", () => {
  it("is followed once the replacement is ready, and not before", async () => {
    group().startSeconds = 100;
    const loop = await startDrainingGroup({ actuator, now: cloud.now, replicas: 4 });
    await warm(loop);
    const id = firstId();
    await loop.pass([notice(id, 0, "rebalance")]);
    for (let seconds = 15; seconds <= 240; seconds += 15) {
      cloud.pass(15);
      await loop.pass();
      expect(serving()).toBeGreaterThanOrEqual(4);
      expect(has(id)).toBe(seconds < 105);
    }
    expect(writes()).toEqual(["SetDesiredCapacity", "TerminateInstanceInAutoScalingGroup"]);
  });

  it("orders nothing more when the notice itself follows", async () => {
    const loop = await startDrainingGroup({ actuator, now: cloud.now, replicas: 4 });
    await warm(loop);
    const id = firstId();
    await loop.pass([notice(id, 0, "rebalance")]);
    cloud.pass(5);
    await loop.pass([notice(id, 120)]);
    expect([writes().length, group().desired]).toEqual([1, 5]);
  });
});

describe("messages that repeat", () => {
  it("order and drain nothing twice: in one pass, in later ones, after the drain, out of order", async () => {
    const loop = await startDrainingGroup({ actuator, now: cloud.now, replicas: 4 });
    await warm(loop);
    const id = firstId();
    const told = notice(id, 120);
    await loop.pass([told, told]);
    for (let seconds = 15; seconds <= 300; seconds += 15) {
      cloud.pass(15);
      await loop.pass([told, { ...told, kind: "rebalance", timeSeconds: told.timeSeconds - 200 }]);
    }
    expect(writes()).toEqual(["SetDesiredCapacity", "TerminateInstanceInAutoScalingGroup"]);
    expect(group().desired).toBe(4);
  });
});

describe("two machines at once", () => {
  it("are both replaced by one order and drained one after the other in one pass", async () => {
    const loop = await startDrainingGroup({ actuator, now: cloud.now, replicas: 4 });
    await warm(loop);
    const [a = "", b = ""] = group().instances.map(({ id }) => id);
    await loop.pass([notice(a, 120), notice(b, 120)]);
    expect(group().desired).toBe(6);
    cloud.pass(60);
    await loop.pass();
    expect(writes()).toEqual(["SetDesiredCapacity", "TerminateInstanceInAutoScalingGroup", "TerminateInstanceInAutoScalingGroup"]);
    expect([group().desired, serving(), has(a), has(b)]).toEqual([4, 4, false, false]);
  });
});

describe("a restart between order and drain", () => {
  it("goes on from the journal: nothing is ordered again, the machine is drained once", async () => {
    const first = await startDrainingGroup({ actuator, now: cloud.now, replicas: 4 });
    await warm(first);
    const id = firstId();
    const told = notice(id, 120);
    await first.pass([told]);
    cloud.pass(20);
    // The process ends here. Its queue gives the message again, since it was not deleted in time.
    const second = await startDrainingGroup({ actuator, now: cloud.now, replicas: 4, journal: first.journal });
    await second.pass([told]);
    expect(writes()).toEqual(["SetDesiredCapacity"]);
    for (let seconds = 15; seconds <= 240; seconds += 15) {
      cloud.pass(15);
      await second.pass();
    }
    expect(writes()).toEqual(["SetDesiredCapacity", "TerminateInstanceInAutoScalingGroup"]);
    expect([group().desired, has(id)]).toEqual([4, false]);
  });
});

describe("an answer that is lost", () => {
  it("of the order: the reading tells that it arrived, nothing is ordered again", async () => {
    const loop = await startDrainingGroup({ actuator, now: cloud.now, replicas: 4 });
    await warm(loop);
    const id = firstId();
    cloud.wire.faults.push({ action: "SetDesiredCapacity", at: "after", times: 1, how: "drop" });
    await loop.pass([notice(id, 120)]);
    expect(loop.effects.at(-1)?.outcome.kind).toBe("unknown");
    for (let seconds = 15; seconds <= 240; seconds += 15) {
      cloud.pass(15);
      await loop.pass();
    }
    expect(writes()).toEqual(["SetDesiredCapacity", "TerminateInstanceInAutoScalingGroup"]);
    expect(group().desired).toBe(4);
  });

  it("of the drain: the machine is seen to be gone, no other one is ended", async () => {
    const loop = await startDrainingGroup({ actuator, now: cloud.now, replicas: 4 });
    await warm(loop);
    const id = firstId();
    await loop.pass([notice(id, 120)]);
    cloud.wire.faults.push({ action: "TerminateInstanceInAutoScalingGroup", at: "after", times: 1, how: "drop" });
    for (let seconds = 15; seconds <= 240; seconds += 15) {
      cloud.pass(15);
      await loop.pass();
    }
    expect(writes()).toEqual(["SetDesiredCapacity", "TerminateInstanceInAutoScalingGroup"]);
    expect([group().desired, serving(), has(id)]).toEqual([4, 4, false]);
  });

  it("of an order that never arrived: it is ordered anew in the next pass", async () => {
    const loop = await startDrainingGroup({ actuator, now: cloud.now, replicas: 4 });
    await warm(loop);
    const id = firstId();
    cloud.wire.faults.push({ action: "SetDesiredCapacity", at: "before", times: 1, how: { code: "Throttling", message: "Rate exceeded", status: 400 } });
    await loop.pass([notice(id, 120)]);
    expect(group().desired).toBe(4);
    cloud.pass(15);
    await loop.pass();
    expect([group().desired, has(id)]).toEqual([5, true]);
  });
});

describe("a group without room for a stand-in", () => {
  it("detaches the machine instead, once: its replacement comes in its place", async () => {
    group().max = 4;
    const loop = await startDrainingGroup({ actuator, now: cloud.now, replicas: 4 });
    await warm(loop);
    const id = firstId();
    await loop.pass([notice(id, 120)]);
    expect(loop.effects.at(-1)?.outcome).toMatchObject({ kind: "applied", code: "detached" });
    for (let seconds = 15; seconds <= 240; seconds += 15) {
      cloud.pass(15);
      await loop.pass();
    }
    expect(writes()).toEqual(["DetachInstances"]);
    expect([group().desired, serving(), has(id)]).toEqual([4, 4, false]);
  });
});

describe("a machine that goes before it is drained", () => {
  it("leaves no stand-in behind", async () => {
    const loop = await startDrainingGroup({ actuator, now: cloud.now, replicas: 4 });
    await warm(loop);
    const id = firstId();
    await loop.pass([notice(id, 120)]);
    group().endInstance(id, false);
    for (let seconds = 15; seconds <= 600; seconds += 15) {
      cloud.pass(15);
      await loop.pass();
    }
    expect([group().desired, group().instances.length]).toEqual([4, 4]);
  });
});
