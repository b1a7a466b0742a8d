// The kill switch in a real process: by file, signal, environment and API, with no API and no store to help (issue 3, L8).
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createKillSwitch } from "../../src/act/kill-switch.ts";
import type { Outcome } from "../../src/model/intent.ts";
import { startFakeCloud, type FakeCloud } from "../fixtures/aws/cloud.ts";
import { runActChild, type ActChild } from "../fixtures/run-act-child.ts";

const GROUP = "shop-asg";
let cloud: FakeCloud;
let folder: string;
let file: string;
let children: ActChild[];

beforeEach(async () => {
  cloud = await startFakeCloud(Date.now() / 1_000);
  cloud.autoScaling.createGroup({ name: GROUP, min: 0, max: 5_000, desired: 4, startSeconds: 0 });
  folder = mkdtempSync(join(tmpdir(), "foretide-switch-"));
  file = join(folder, "kill-switch");
  children = [];
});
afterEach(async () => {
  await Promise.all(children.map((child) => child.kill()));
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A child that changes the count as fast as it can. */
async function busyChild(environment: Readonly<Record<string, string>> = {}): Promise<ActChild> {
  const needs = Array.from({ length: 4_000 }, (_, index) => 5 + (index % 2));
  const child = runActChild({ endpoint: cloud.wire.endpoint, group: GROUP, folder, needs, passes: 4_000, everyMilliseconds: 5 }, environment);
  children.push(child);
  await child.line(({ event }) => event === "start");
  return child;
}

const writes = (): number => cloud.wire.writeCalls().length;
const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function untilWriting(): Promise<void> {
  const before = writes();
  for (let waited = 0; writes() < before + 3; waited += 10) {
    if (waited > 20_000) throw new Error("no write came");
    await sleep(10);
  }
}

/** After one second not one write more, while the child goes on deciding and the gate refuses. */
async function expectStopped(child: ActChild): Promise<void> {
  await sleep(1_000);
  const afterOneSecond = writes();
  const passes = child.lines.length;
  await sleep(500);
  expect(writes()).toBe(afterOneSecond);
  expect(child.lines.length).toBeGreaterThan(passes);
  expect(lastOutcome(child)).toMatchObject({ kind: "rejected", code: "kill-switch" });
}

function lastOutcome(child: ActChild): Outcome | undefined {
  return child.lines.flatMap((line) => (line.event === "pass" ? line.outcomes : [])).at(-1);
}

describe("the kill switch in a running process", () => {
  it("stops every effect within a second of its file's appearing, survives a restart, and lets go when the file goes", async () => {
    const child = await busyChild();
    await untilWriting();
    writeFileSync(file, "incident 17");
    await expectStopped(child);
    expect(lastOutcome(child)?.detail).toBe("by file: incident 17 (unknown)");
    await child.kill();

    const stopped = writes();
    await expectStopped(await busyChild());
    expect(writes()).toBe(stopped);
    rmSync(file);
    await untilWriting();
  });

  it("stops every effect within a second of SIGUSR2, also after a restart, and a second signal does not release it", async () => {
    const child = await busyChild();
    await untilWriting();
    child.signal("SIGUSR2");
    await expectStopped(child);
    child.signal("SIGUSR2");
    await expectStopped(child);
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ source: "signal", reason: "SIGUSR2", author: "signal" });
    await child.kill();
    const stopped = writes();
    await expectStopped(await busyChild());
    expect(writes()).toBe(stopped);
  });

  it("lets no effect through from the start where the environment says so", async () => {
    await expectStopped(await busyChild({ FORETIDE_KILL_SWITCH: "1" }));
    expect(writes()).toBe(0);
  });

  it("obeys another process that engages it by the API's way, and releases it again", async () => {
    const child = await busyChild();
    await untilWriting();
    const api = createKillSwitch(file, {});
    expect(api.engage({ source: "api", reason: "bad deploy", author: "ann" })).toEqual({ ok: true, value: undefined });
    await expectStopped(child);
    expect(lastOutcome(child)?.detail).toBe("by api: bad deploy (ann)");
    expect(api.release()).toEqual({ ok: true, value: undefined });
    await untilWriting();
  });
});
