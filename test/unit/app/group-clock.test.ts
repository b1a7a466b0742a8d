import { describe, expect, it } from "vitest";

import { createGateMemory } from "../../../src/act/gate-memory.ts";
import { createSimulated } from "../../../src/act/actuators/simulated.ts";
import { GroupRuntime, type PassResult } from "../../../src/app/loop/group-runtime.ts";
import { openMemoryJournal } from "../../../src/journal/memory-journal.ts";
import { missing, present } from "../../../src/model/observation.ts";
import { replayJournal } from "../../../src/replay/replay-journal.ts";
import { initialGroupState } from "../../../src/step.ts";
import { policyOf } from "../../fixtures/policy.ts";

const START = 1_700_000_010;
const policy = policyOf({ mode: "full", scaling: { by: "objective", requestsPerSecondPerReplica: 100 } });

/** A group whose clock is set by hand, over a cloud that knows the true time. */
function scene() {
  const state = { clock: START, true: START };
  const journal = openMemoryJournal();
  const cloud = createSimulated({ replicas: 5, startSeconds: 0, startSigma: 0, failedStartShare: 0, drainSeconds: 0, maxReplicas: 100, seed: 1 }, { target: policy.name, now: () => state.true });
  const memory = createGateMemory();
  const runtime = new GroupRuntime(policy.group, { state: initialGroupState(policy.group, [policy]), policies: [policy], outcomes: [] }, {
    journal, epoch: 1,
    observe: async (_, nowSeconds) => {
      const workload = await cloud.read();
      if (!workload.ok) throw new Error(workload.message);
      return { demand: present(2000, nowSeconds), utilization: missing("absent", ""), missRatio: missing("absent", ""), backlog: missing("absent", ""), workload: { ...workload.value, timeSeconds: nowSeconds }, notices: [] };
    },
    gateContext: () => ({ actuator: cloud, memory, group: policy.group, now: () => state.clock, standing: { killSwitch: () => ({ engaged: false }), mode: () => "full", overrides: () => [], epoch: () => 1, backOff: () => undefined } }),
    fit: () => Promise.resolve({ ok: false, reason: "none" }), overrides: () => [], effective: (given) => given,
  });
  const tick = (): Promise<PassResult | undefined> => {
    state.clock += 15;
    state.true += 15;
    return runtime.pass(state.clock, "tick");
  };
  return { state, journal, cloud, tick, runtime };
}

describe("a clock that is set back", () => {
  it("is waited for where the step is small", async () => {
    const { state, tick } = scene();
    await tick();
    state.clock -= 60;
    expect([await tick(), await tick(), await tick()]).toEqual([undefined, undefined, undefined]);
    await tick();
    expect(await tick()).toBeDefined();
  });

  it("by an hour makes the group begin anew at once, with what it has learned, and its journal replays", async () => {
    const { state, journal, cloud, tick, runtime } = scene();
    for (let at = 0; at < 4; at += 1) await tick();
    cloud.setByOther(2, { kind: "unknown" });
    state.clock -= 3600;
    const pass = await tick();
    expect(pass?.pass.snapshot.timeSeconds).toBe(state.clock);
    for (let at = 0; at < 30; at += 1) await tick();
    expect(cloud.cluster().desiredReplicas).toBeGreaterThanOrEqual(20);
    expect(runtime.state.targets[policy.name]?.capacity.requestsPerSecondPerReplica).toBeGreaterThan(0);
    const notes: unknown[] = [];
    for await (const record of journal.read(1)) if (record.type === "note" && record.kind === "fresh-start") notes.push(record.detail);
    expect(notes).toEqual([{ group: policy.group, reason: expect.stringMatching(/the clock was set back by 35\d\d s/u) as string }]);
    const replay = await replayJournal(journal.read(1), { group: policy.group, effective: (given) => given });
    expect(replay.firstDifference).toBeUndefined();
  });
});
