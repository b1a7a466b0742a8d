import { setTimeout as wait } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";

import { CONTROL_MODELS } from "../../../forecasts/models/lead-ridge-forecaster.ts";
import type { FitInput, FitResult } from "../../../forecasts/forecaster.ts";
import type { Actuator } from "../../../src/act/actuator.ts";
import { createGateMemory } from "../../../src/act/gate-memory.ts";
import { GroupRuntime } from "../../../src/app/loop/group-runtime.ts";
import { PastLearner } from "../../../src/app/loop/past-learner.ts";
import { recoverGroup } from "../../../src/app/loop/recover-group.ts";
import type { Journal } from "../../../src/journal/journal.ts";
import { openMemoryJournal } from "../../../src/journal/memory-journal.ts";
import { canonicalJson } from "../../../src/model/canonical-json.ts";
import { missing, present } from "../../../src/model/observation.ts";
import type { Policy } from "../../../src/model/policy.ts";
import type { Series } from "../../../src/model/series.ts";
import type { Snapshot, TargetSnapshot } from "../../../src/model/snapshot.ts";
import { replayJournal } from "../../../src/replay/replay-journal.ts";
import { warmUp } from "../../../src/replay/warm-up.ts";
import { initialGroupState, saveGroupState, step, type GroupState } from "../../../src/step.ts";
import { policyOf } from "../../fixtures/policy.ts";

const NOW_SECONDS = 1_700_006_400;
const POLICIES: readonly Policy[] = [policyOf({ evaluationIntervalSeconds: 60 })];
const DAYS = 4;
const HISTORY: Series = { startSeconds: NOW_SECONDS - DAYS * 86_400, stepSeconds: 60, values: Float64Array.from({ length: DAYS * 1_440 }, (_, row) => loadAt(row * 60)) };
const NOBODY: Actuator = { type: "nobody", read: () => Promise.reject(new Error("advice only")), write: () => Promise.reject(new Error("advice only")), close: () => Promise.resolve() };

function loadAt(seconds: number): number {
  return 900 - 500 * Math.cos((2 * Math.PI * seconds) / 86_400) + 20 * Math.sin(seconds);
}

function seenAt(timeSeconds: number): TargetSnapshot {
  return {
    demand: present(loadAt(timeSeconds), timeSeconds), utilization: present(0.6, timeSeconds), missRatio: present(0, timeSeconds), backlog: missing("absent", "test"), notices: [],
    workload: { kind: "value", timeSeconds, desiredReplicas: 12, readyReplicas: 12, pendingReplicas: 0 },
  };
}

const learners: PastLearner[] = [];
afterEach(() => { for (const learner of learners.splice(0)) learner.close(); });

interface Scene {
  readonly group: GroupRuntime;
  readonly learner: PastLearner;
  /** Passes each 60 s from the start on; gives their snapshots. */
  pass(count: number): Promise<readonly Snapshot[]>;
  /** Lets the fits be made: none is before. */
  release(): void;
  readonly done: Promise<unknown>;
}

async function start(journal: Journal, { history = HISTORY, nowSeconds = NOW_SECONDS }: { readonly history?: Series; readonly nowSeconds?: number } = {}): Promise<Scene> {
  const recovered = await recoverGroup(journal, { group: "web", policies: POLICIES, nowSeconds, effective: (policy) => policy });
  if (!recovered.ok) throw new Error(recovered.message);
  expect(recovered.value.differsAt).toBeUndefined();
  const memory = createGateMemory();
  const group = new GroupRuntime("web", { state: recovered.value.state, policies: POLICIES, outcomes: [] }, {
    journal, epoch: 1, observe: (_policy, timeSeconds) => Promise.resolve(seenAt(timeSeconds)),
    gateContext: () => ({ actuator: NOBODY, memory, group: "web", now: () => nowSeconds, standing: { killSwitch: () => ({ engaged: false }), mode: () => "recommend", overrides: () => [], epoch: () => 1, backOff: () => undefined } }),
    fit: () => Promise.resolve({ ok: false, reason: "no fits here" }), overrides: () => [], effective: (policy) => policy,
  });
  const released = Promise.withResolvers<undefined>();
  const done = Promise.withResolvers();
  const fit = async ({ forecasterId, input }: { readonly forecasterId: string; readonly input: FitInput }): Promise<FitResult> => {
    await released.promise;
    return CONTROL_MODELS[forecasterId]?.fit(input) ?? { ok: false, reason: "none" };
  };
  const learner = new PastLearner({ nowSeconds: () => nowSeconds, history: () => Promise.resolve(history), fit, onLearned: done.resolve, onError: (_group, error) => { done.reject(error); } });
  learners.push(learner);
  if (recovered.value.isYoung) learner.add(group);
  let passes = 0;
  return {
    group, learner, done: done.promise, release: () => { released.resolve(undefined); },
    async pass(count) {
      const snapshots: Snapshot[] = [];
      for (let i = 0; i < count; i += 1) {
        passes += 1;
        const result = await group.pass(nowSeconds + 60 * passes, "tick");
        if (result !== undefined) snapshots.push(result.pass.snapshot);
      }
      return snapshots;
    },
  };
}

/** What is known of the demand. */
function demandKnown(state: GroupState): string {
  const { model, fittedToSeconds, demotion, drop, recentPeak, firstTickSeconds } = (saveGroupState(state) as { readonly targets: Record<string, Record<string, unknown>> }).targets["web"] ?? {};
  return canonicalJson({ model, fittedToSeconds, demotion, drop, recentPeak, firstTickSeconds });
}

/** What a start that learns first, and then makes the same passes, knows of it. */
function learnedFirst(snapshots: readonly Snapshot[]): string {
  let state = warmUp(initialGroupState("web", POLICIES), POLICIES, new Map([["web", HISTORY]]));
  for (const snapshot of snapshots) state = step(state, snapshot, POLICIES).nextState;
  return demandKnown(state);
}

describe("a group that has watched for little", () => {
  it("decides at once, and once the past is learned knows of the demand what it would had it learned first, byte for byte", async () => {
    const journal = openMemoryJournal();
    const scene = await start(journal);
    const before = await scene.pass(5);
    expect(before).toHaveLength(5);
    expect(scene.group.state.targets["web"]?.model.rows).toBe(5);
    expect(scene.learner.progress).toMatchObject({ group: "web", waiting: 0 });
    scene.release();
    await scene.done;
    const after = await scene.pass(3);
    expect(demandKnown(scene.group.state)).toBe(learnedFirst([...before, ...after]));
    const replay = await replayJournal(journal.read(1), { group: "web", effective: (policy) => policy });
    expect(replay).toMatchObject({ passes: 8, firstDifference: undefined });
    expect(replay.state && canonicalJson(saveGroupState(replay.state))).toBe(canonicalJson(saveGroupState(scene.group.state)));
  });

  it("learns after a restart what it had not learned before it", async () => {
    const journal = openMemoryJournal();
    const first = await start(journal);
    await first.pass(5);
    first.learner.close();
    first.release();
    const second = await start(journal, { nowSeconds: NOW_SECONDS + 600 });
    second.release();
    await second.done;
    await second.pass(1);
    expect(second.group.state.targets["web"]?.model.rows).toBeGreaterThan(DAYS * 1_440 - 10);
    const third = await start(journal, { nowSeconds: NOW_SECONDS + 1_200 });
    expect(third.learner.progress).toBeUndefined();
  });

  it("goes on as it is where the past knows no more than it has watched, or the clock was set back meanwhile", async () => {
    const scene = await start(openMemoryJournal(), { history: { ...HISTORY, values: HISTORY.values.map(() => NaN) } });
    await scene.pass(2);
    await wait(20);
    expect(scene.learner.progress).toBeUndefined();
    const set = await start(openMemoryJournal());
    await set.pass(1);
    await set.group.pass(NOW_SECONDS - 7_200, "tick");
    set.release();
    await set.done;
    await set.group.pass(NOW_SECONDS - 7_140, "tick");
    expect(set.group.state.targets["web"]?.model.rows).toBe(2);
  });
});
