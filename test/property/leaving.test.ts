// Whatever is told of machines that leave, how often and in which order: each is replaced once, drained once, and no other is touched.
import { expect, it } from "vitest";
import type { Notice } from "../../src/model/offering.ts";
import { makeActuator } from "../contract/actuator-counterparts.ts";
import { startFakeCloud, useCredentials } from "../fixtures/aws/cloud.ts";
import { startDrainingGroup } from "../fixtures/draining-group.ts";
import { seeded } from "../fixtures/seeded.ts";

it.each([1, 2, 3])("seed %i: as many launches as machines that left, the count as it was, never fewer in service than decided", async (seed) => {
  useCredentials("AKIDFUZZ");
  const cloud = await startFakeCloud();
  const group = cloud.autoScaling.createGroup({ name: "shop-asg", min: 1, max: 40, desired: 8, startSeconds: 45 });
  const actuator = await makeActuator("aws-asg", { group: "shop-asg", region: "us-east-1", endpoint: cloud.wire.endpoint }, cloud.now);
  const loop = await startDrainingGroup({ actuator, now: cloud.now, replicas: 8 });
  const random = seeded(seed);
  const told: Notice[] = [];
  const left = new Set<string>();
  const launched = new Set(group.instances.map(({ id }) => id));
  let fewest = Infinity;
  const notice = (instanceId: string, kind: Notice["kind"]): Notice => ({ kind, offering: "us-east-1a/m5.large/spot", count: 1, timeSeconds: kind === "interruption" ? cloud.now() + 120 : cloud.now(), instanceId });
  for (let pass = 0; pass < 160; pass += 1) {
    cloud.pass(1 + Math.floor(random() * 15));
    cloud.autoScaling.group("shop-asg");
    const notices: Notice[] = [];
    const serving = group.instances.filter(({ id, state }) => state === "InService" && !left.has(id));
    const machine = serving[Math.floor(random() * serving.length)];
    if (pass < 120 && random() < 0.25 && machine !== undefined) {
      left.add(machine.id);
      notices.push(notice(machine.id, random() < 0.3 ? "rebalance" : "interruption"));
      if (random() < 0.3) notices.unshift(notice(machine.id, "interruption"));
    }
    // Repeats of anything that was ever told, also of machines that are long gone, and words about machines of others.
    while (random() < 0.4 && told.length > 0) notices.push(told[Math.floor(random() * told.length)] ?? notice("i-other", "interruption"));
    told.push(...notices);
    await loop.pass(notices);
    cloud.autoScaling.group("shop-asg");
    for (const { id } of group.instances) launched.add(id);
    fewest = Math.min(fewest, group.instances.filter(({ state }) => state === "InService").length);
  }
  const drained = cloud.wire.writeCalls().filter(({ action }) => action === "TerminateInstanceInAutoScalingGroup").map(({ input }) => (input as { readonly InstanceId: string }).InstanceId);
  expect([...drained].sort()).toEqual([...left].sort());
  expect(launched.size).toBe(8 + left.size);
  expect(group.desired).toBe(8);
  expect(fewest).toBeGreaterThanOrEqual(8);
  expect(left.size).toBeGreaterThan(10);
  await actuator.close();
  await cloud.close();
}, 60_000);
