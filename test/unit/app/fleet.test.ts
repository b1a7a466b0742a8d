import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

import { createGateMemory } from "../../../src/act/gate-memory.ts";
import { ControlBook } from "../../../src/app/loop/control-book.ts";
import { Fleet, type FleetParts } from "../../../src/app/loop/fleet.ts";
import { MarkBook } from "../../../src/app/forecasts/mark-book.ts";
import { openMemoryHistory } from "../../../src/history/memory-history.ts";
import type { Journal } from "../../../src/journal/journal.ts";
import { openMemoryJournal } from "../../../src/journal/memory-journal.ts";
import { present } from "../../../src/model/observation.ts";
import type { Policy } from "../../../src/model/policy.ts";
import { failure } from "../../../src/model/result.ts";
import { POLICIES_NOTE, replayJournal } from "../../../src/replay/replay-journal.ts";
import { unwrap } from "../../contract/history-store.contract.ts";
import { policyOf } from "../../fixtures/policy.ts";

const START = 1_700_000_010;
const folder = mkdtempSync(join(tmpdir(), "foretide-fleet-"));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

/** Two groups on simulated clouds, over a journal that refuses the policies of those that `refused` names. */
async function scene() {
  const clock = { now: START, nowSeconds: () => clock.now };
  const inner = openMemoryJournal();
  const refused = new Set<string>();
  const journal: Journal = Object.assign(Object.create(inner) as Journal, {
    appendNote: (at: number, kind: string, detail: unknown) => (kind === POLICIES_NOTE && refused.has((detail as { readonly group: string }).group) ? Promise.resolve(failure("transient", "no space left on the device")) : inner.appendNote(at, kind, detail)),
    ...Object.fromEntries((["appendPass", "appendOutcome", "appendCheckpoint", "latestCheckpoint", "read"] as const).map((name) => [name, (...given: unknown[]) => (inner[name] as (...values: unknown[]) => unknown)(...given)])),
  });
  const fleet = new Fleet({
    clock, journal, history: openMemoryHistory(), book: unwrap(ControlBook.open(join(folder, "control.json"))), settled: [],
    desk: { fits: { fit: () => Promise.resolve({ ok: false, reason: "none" }) }, marks: unwrap(await MarkBook.open(join(folder, "marks.json"))), scores: {} },
    facts: { killSwitch: { state: () => ({ engaged: false }) }, memory: createGateMemory(), epoch: 1, nowSeconds: () => clock.now, overrides: () => [] },
    sources: { readSignal: () => present(1000, clock.now), offerings: () => undefined, carbon: () => undefined, takeNotices: () => [] },
    earlierWrites: () => [], effective: (policy: Policy) => policy,
    onRecovered: () => undefined, onFitFailed: () => undefined, onRivals: () => undefined, onLearned: () => undefined, onLearningFailed: () => undefined,
  } as unknown as FleetParts);
  const tick = async () => {
    clock.now += 15;
    return Promise.all([...fleet.groups.values()].map((group) => group.pass(clock.now, "tick")));
  };
  return { fleet, inner, refused, tick };
}

const policies = (max: number): readonly Policy[] => ["a", "b"].map((name) => policyOf({ name, group: name, mode: "observe", replicas: { min: 1, max } }));

describe("policies that cannot hold whole", () => {
  it("change nothing where the journal refuses those of one group: what was swapped goes back, and the journal replays", async () => {
    const { fleet, inner, refused, tick } = await scene();
    unwrap(await fleet.apply(policies(50)));
    await tick();
    refused.add("b");
    const next = [...policies(60).map((policy) => ({ ...policy, mode: "full" as const })), policyOf({ name: "c", group: "c" })];
    expect(await fleet.apply(next)).toMatchObject({ ok: false, failure: "transient" });
    expect([...fleet.groups.values()].map(({ group, policies: [held] }) => [group, held?.replicas.max])).toEqual([["a", 50], ["b", 50]]);
    expect([...fleet.targets].map(([name, { runtime }]) => [name, runtime.mode])).toEqual([["a", "observe"], ["b", "observe"]]);
    await tick();
    refused.clear();
    unwrap(await fleet.apply(next));
    await tick();
    expect([...fleet.groups.keys()]).toEqual(["a", "b", "c"]);
    expect([...fleet.targets.values()].map(({ runtime }) => runtime.mode)).toEqual(["full", "full", "full"]);
    for (const group of ["a", "b", "c"]) {
      const replay = await replayJournal(inner.read(1), { group, effective: (policy) => policy });
      expect([group, replay.firstDifference, replay.passes]).toEqual([group, undefined, group === "c" ? 1 : 3]);
    }
    await fleet.close();
  });
});
