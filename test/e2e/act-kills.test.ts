// Real processes killed before and after the write, with another writer in between (issue 3, L16).
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSegmentJournal } from "../../src/journal/segment-journal.ts";
import type { Intent, Outcome } from "../../src/model/intent.ts";
import { startFakeCloud, type FakeCloud } from "../fixtures/aws/cloud.ts";
import type { Call } from "../fixtures/aws/wire.ts";
import { runActChild, type ActChild } from "../fixtures/run-act-child.ts";
import type { ActChildOptions } from "../fixtures/act-child.ts";

const GROUP = "shop-asg";
let cloud: FakeCloud;
let folder: string;
let children: ActChild[];

beforeEach(async () => {
  cloud = await startFakeCloud(Date.now() / 1_000);
  cloud.autoScaling.createGroup({ name: GROUP, min: 0, max: 5_000, desired: 4, startSeconds: 0 });
  folder = mkdtempSync(join(tmpdir(), "foretide-kills-"));
  children = [];
});
afterEach(async () => {
  await Promise.all(children.map((child) => child.kill()));
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
});

function start(rest: Partial<ActChildOptions>): ActChild {
  const child = runActChild({ endpoint: cloud.wire.endpoint, group: GROUP, folder, needs: [9], passes: 1, everyMilliseconds: 0, ...rest });
  children.push(child);
  return child;
}

const desiredOf = (call: Call): number => Number((call.input as { DesiredCapacity: string }).DesiredCapacity);
const sent = (): readonly number[] => cloud.wire.writeCalls().map(desiredOf);

async function callArrived(action: string, count: number): Promise<void> {
  for (let waited = 0; cloud.wire.calls.filter((call) => call.action === action).length < count; waited += 5) {
    if (waited > 20_000) throw new Error(`${action} did not come`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function journalled(): Promise<{ readonly intents: readonly Intent[]; readonly outcomes: readonly Outcome[] }> {
  const journal = await openSegmentJournal(`${folder}/journal`);
  if (!journal.ok) throw new Error(journal.message);
  const intents: Intent[] = [];
  const outcomes: Outcome[] = [];
  for await (const record of journal.value.read(0)) {
    if (record.type === "pass") intents.push(...record.pass.intents);
    if (record.type === "outcome") outcomes.push(record.outcome);
  }
  await journal.value.close();
  return { intents, outcomes };
}

interface KillPoint {
  readonly name: string;
  /** Brings a child that wants 9 to the point; it hangs there. */
  readonly reach: () => Promise<ActChild>;
  /** Write calls that have been made by then, and whether the last took effect. */
  readonly writes: number;
  readonly effective: boolean;
}

const KILL_POINTS: readonly KillPoint[] = [
  {
    name: "after the intent is journalled, before the write", writes: 0, effective: false,
    async reach() {
      // The first reading is the step's, the second the gate's.
      const child = start({});
      await callArrived("DescribeAutoScalingGroups", 1);
      cloud.wire.faults.push({ action: "DescribeAutoScalingGroups", at: "before", times: 1, how: "hang" });
      await callArrived("DescribeAutoScalingGroups", 2);
      return child;
    },
  },
  {
    name: "while the write is on its way and not carried out", writes: 1, effective: false,
    async reach() {
      cloud.wire.faults.push({ action: "SetDesiredCapacity", at: "before", times: 1, how: "hang" });
      const child = start({});
      await callArrived("SetDesiredCapacity", 1);
      return child;
    },
  },
  {
    name: "after the write is carried out, before its answer", writes: 1, effective: true,
    async reach() {
      cloud.wire.faults.push({ action: "SetDesiredCapacity", at: "after", times: 1, how: "hang" });
      const child = start({});
      await callArrived("SetDesiredCapacity", 1);
      return child;
    },
  },
  {
    name: "after the answer, before the outcome is journalled", writes: 1, effective: true,
    async reach() {
      const child = start({ hangAtOutcome: true });
      await child.line(({ event }) => event === "outcome");
      return child;
    },
  },
];

describe.each(KILL_POINTS)("a process killed $name", ({ reach, writes, effective }) => {
  it.each([
    { hand: "nobody else writes", other: undefined },
    { hand: "another writer changes the count", other: 6 },
    { hand: "another writer sets the very count that was wanted", other: 9 },
  ])("sends nothing again when $hand", async ({ other }) => {
    const child = await reach();
    await child.kill();
    expect(sent()).toEqual(Array.from({ length: writes }, () => 9));
    if (other !== undefined) cloud.autoScaling.setDesiredBy(GROUP, other, "a user request explicitly set group desired capacity");
    const found = other ?? (effective ? 9 : 4);

    // The need has moved on to 8 meanwhile: 9 is stale, and must not be sent.
    const next = start({ needs: [8] });
    await next.ended;
    expect(next.lines).toMatchObject([
      { event: "start", settled: [{ kind: "unknown", code: "restart" }] },
      { event: "pass", read: found, intents: [{ expectedReplicas: found, desiredReplicas: 8 }], outcomes: [{ kind: "applied" }] },
    ]);
    expect(sent().slice(writes)).toEqual([8]);
    expect(cloud.autoScaling.group(GROUP).desired).toBe(8);

    const { intents, outcomes } = await journalled();
    expect(intents.map(({ desiredReplicas }) => desiredReplicas)).toEqual([9, 8]);
    expect(outcomes.map(({ kind, idempotencyKey }) => [kind, idempotencyKey])).toEqual([
      ["unknown", intents[0]?.idempotencyKey], ["applied", intents[1]?.idempotencyKey],
    ]);
  });

  it("writes nothing after the restart when the count is as it should be", async () => {
    await (await reach()).kill();
    cloud.autoScaling.setDesiredBy(GROUP, 8, "a user request explicitly set group desired capacity");
    const next = start({ needs: [8] });
    await next.ended;
    expect(next.lines.at(-1)).toMatchObject({ event: "pass", intents: [] });
    expect(sent()).toHaveLength(writes);
  });
});

describe("another writer between the decision and the write", () => {
  // The step's reading is the first, the gate's the second, the actuator's own check of the limits the third.
  it.each([{ seenBy: "the gate", reading: 2 }, { seenBy: "the actuator", reading: 3 }])("is seen by $seenBy, and the decided value is not sent", async ({ reading }) => {
    cloud.wire.before("DescribeAutoScalingGroups", reading, () => {
      cloud.autoScaling.setDesiredBy(GROUP, 6, "a monitor alarm TargetTracking-shop-AlarmHigh-1 in state ALARM triggered policy cpu70");
    });
    const child = start({});
    await child.ended;
    expect(child.lines.at(-1)).toMatchObject({ event: "pass", read: 4, outcomes: [{ kind: "rejected", code: "foreign-write" }] });
    expect(sent()).toEqual([]);
    expect(cloud.autoScaling.group(GROUP).desired).toBe(6);
  });
});

describe("a process killed again and again at any moment, with another writer at work", () => {
  it("makes at most one write for each journalled intent, and none that an earlier life had decided", async () => {
    let random = 12_345;
    const draw = (below: number): number => { random = (random * 1_103_515_245 + 12_345) % 2_147_483_648; return Math.floor((random / 2_147_483_648) * below); };
    const lives = 8;
    const byLife: (readonly number[])[] = [];
    for (let life = 0; life < lives; life += 1) {
      const before = sent().length;
      // Each life wants counts of its own, so a value tells whose it is.
      const needs = Array.from({ length: 20 }, (_, index) => 20 + life * 20 + index);
      const child = start({ needs, passes: 20, everyMilliseconds: 1 });
      await child.line(({ event }) => event === "start");
      // A pass takes three readings and a write; the kill comes at some call, the other writer at some readings before it.
      const from = cloud.wire.calls.length;
      for (let hand = 0; hand < 3; hand += 1) {
        cloud.wire.before("DescribeAutoScalingGroups", 1 + draw(20), () => { cloud.autoScaling.setDesiredBy(GROUP, 1 + draw(19), "a user request explicitly set group desired capacity"); });
      }
      const killAt = from + 10 + draw(30);
      while (cloud.wire.calls.length < killAt) await new Promise((resolve) => setTimeout(resolve, 1));
      await child.kill();
      // What the child had sent when it was killed may still be on its way through the socket.
      await new Promise((resolve) => setTimeout(resolve, 100));
      byLife.push(sent().slice(before));
    }
    byLife.forEach((values, life) => {
      for (const value of values) expect(Math.floor((value - 20) / 20), `value ${value} in life ${life}`).toBe(life);
    });
    const { intents } = await journalled();
    const wanted = new Set(intents.map(({ desiredReplicas }) => desiredReplicas));
    expect(new Set(sent()).size, "no value twice").toBe(sent().length);
    for (const value of sent()) expect(wanted, "every write was journalled before").toContain(value);
    expect(sent().length).toBeGreaterThan(lives);
  }, 120_000);
});
