import { describe, expect, it } from "vitest";

import { recoverGroup, writeCheckpoint } from "../../../src/app/loop/recover-group.ts";
import { openMemoryJournal } from "../../../src/journal/memory-journal.ts";
import type { Journal } from "../../../src/journal/journal.ts";
import { canonicalJson } from "../../../src/model/canonical-json.ts";
import { missing, present } from "../../../src/model/observation.ts";
import type { Policy } from "../../../src/model/policy.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { replayJournal } from "../../../src/replay/replay-journal.ts";
import { warmUp } from "../../../src/replay/warm-up.ts";
import { initialGroupState, saveGroupState, step, type GroupState } from "../../../src/step.ts";
import { policyOf } from "../../fixtures/policy.ts";

const START_SECONDS = 1_700_000_100;
const POLICIES: readonly Policy[] = [policyOf()];
const OPTIONS = { group: "web", policies: POLICIES, nowSeconds: START_SECONDS, effective: (policy: Policy) => policy };

function snapshotAt(tick: number): Snapshot {
  const timeSeconds = START_SECONDS + 15 * tick;
  const demand = 700 + 300 * Math.sin(tick / 30);
  return {
    timeSeconds, wake: "tick", epoch: 1, installs: [], outcomes: [], overrides: [],
    targets: {
      web: {
        demand: tick % 17 === 0 ? missing("stale", "test") : present(demand, timeSeconds), utilization: present(0.6, timeSeconds), missRatio: present(0, timeSeconds), backlog: missing("absent", "test"),
        workload: { kind: "value", timeSeconds, desiredReplicas: 10, readyReplicas: 10, pendingReplicas: 0 }, notices: [],
      },
    },
  };
}

async function runTicks(journal: Journal, start: GroupState, [from, to]: readonly [number, number]): Promise<GroupState> {
  let state = start;
  for (let tick = from; tick < to; tick += 1) {
    const snapshot = snapshotAt(tick);
    const { decisions, intents, nextState } = step(state, snapshot, POLICIES);
    await journal.appendPass({ group: "web", snapshot, policyDigests: { web: "test" }, decisions, intents });
    state = nextState;
  }
  return state;
}

async function recover(journal: Journal): Promise<GroupState> {
  const recovered = await recoverGroup(journal, OPTIONS);
  if (!recovered.ok) throw new Error(recovered.message);
  return recovered.value.state;
}

describe("recovery of a group", () => {
  it("goes on after a restart with the very state that was lost", async () => {
    const journal = openMemoryJournal();
    const lost = await runTicks(journal, await recover(journal), [1, 200]);
    const expected = canonicalJson(saveGroupState(lost));
    expect(canonicalJson(saveGroupState(await recover(journal)))).toBe(expected);
  });

  it("tells a journal that was decided otherwise, with the pass", async () => {
    const journal = openMemoryJournal();
    await runTicks(journal, await recover(journal), [1, 50]);
    const snapshot = snapshotAt(50);
    await journal.appendPass({ group: "web", snapshot, policyDigests: { web: "test" }, decisions: [], intents: [] });
    const recovered = await recoverGroup(journal, OPTIONS);
    expect(recovered.ok && recovered.value.differsAt).toBeGreaterThan(49);
  });

  it("replays from the first record and from a checkpoint alike", async () => {
    const journal = openMemoryJournal();
    await runTicks(journal, await recover(journal), [1, 60]);
    await runTicks(journal, await recover(journal), [60, 120]);
    const whole = await replayJournal(journal.read(1), { group: "web", effective: (policy) => policy });
    expect(whole.firstDifference).toBeUndefined();
    expect(whole.passes).toBe(119);
  });

  it("says of a state that has watched for less than two days that it is young, and of none that has", async () => {
    const young = await recoverGroup(openMemoryJournal(), OPTIONS);
    expect(young.ok && young.value).toMatchObject({ from: "nothing", isYoung: true });
    const journal = openMemoryJournal();
    const values = Float64Array.from({ length: 3 * 1440 }, (_, row) => 500 + 200 * Math.sin((2 * Math.PI * row) / 1440));
    const old = warmUp(initialGroupState("web", POLICIES), POLICIES, new Map([["web", { startSeconds: START_SECONDS - values.length * 60, stepSeconds: 60, values }]]));
    await writeCheckpoint(journal, { group: "web", policies: POLICIES, nowSeconds: START_SECONDS, state: old });
    expect(await recoverGroup(journal, OPTIONS)).toMatchObject({ ok: true, value: { from: "journal", isYoung: false } });
  });

  it("does not call one young whose demand was read otherwise before: its past is of that reading", async () => {
    const journal = openMemoryJournal();
    const state = await runTicks(journal, await recover(journal), [1, 20]);
    const policies = [policyOf({ signals: { demand: { ...policyOf().signals.demand, unit: "ms" } } })];
    const young = async (from: GroupState): Promise<boolean> => {
      await writeCheckpoint(journal, { group: "web", policies, nowSeconds: START_SECONDS + 600, state: from });
      const recovered = await recoverGroup(journal, { ...OPTIONS, policies });
      if (!recovered.ok) throw new Error(recovered.message);
      return recovered.value.isYoung;
    };
    expect(await young(state)).toBe(true);
    expect(await young(step(state, snapshotAt(20), policies).nextState)).toBe(false);
  });
});
