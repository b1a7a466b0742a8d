import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

import { CONTROL_MODELS } from "../../forecasts/models/lead-ridge-forecaster.ts";
import { withBorrowedPast } from "../../src/app/forecasts/control-past.ts";
import { MarkBook } from "../../src/app/forecasts/mark-book.ts";
import { present, missing } from "../../src/model/observation.ts";
import { success } from "../../src/model/result.ts";
import type { ModelInstall, Snapshot } from "../../src/model/snapshot.ts";
import { fitInput, fitRequests, initialGroupState, restoreGroupState, saveGroupState, step, type GroupState } from "../../src/step.ts";
import { policyOf } from "../fixtures/policy.ts";

const INTERVAL = 60;
/** A "day" of four hours. */
const DAY_SECONDS = 14_400;
const START = 1_700_006_400;

const forecast = { ...policyOf().forecast, stepSeconds: INTERVAL, seasonsSeconds: [DAY_SECONDS], refitSeconds: DAY_SECONDS, historySeconds: 14 * DAY_SECONDS };
const young = policyOf({ name: "young", evaluationIntervalSeconds: INTERVAL, forecast });
const lender = policyOf({ name: "lender", evaluationIntervalSeconds: INTERVAL, forecast });
/** A peak of forty minutes that comes within ten, once a day. */
const rhythm = (timeSeconds: number): number => 200 + 600 * Math.max(0, Math.min(1, 3 * Math.sin((2 * Math.PI * timeSeconds) / DAY_SECONDS)));
const noise = (timeSeconds: number): number => 1 + 0.02 * Math.sin(timeSeconds * 12.9898);

const none = missing("absent", "none");
const folder = mkdtempSync(join(tmpdir(), "foretide-borrow-"));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

/** Runs the young target's step for so many ticks, with the fits that it asks for, and gives how wrong it was of its load two minutes ahead. */
async function live(ticks: number, lend: (timeSeconds: number) => number): Promise<{ readonly errors: readonly number[]; readonly notes: readonly string[]; readonly state: GroupState }> {
  const marks = await MarkBook.open(join(folder, "marks.json"));
  if (!marks.ok) throw new Error(marks.message);
  const parts = {
    marks: marks.value, lenders: () => [{ policy: lender }],
    readHistory: (_: unknown, from: number, to: number) => {
      const startSeconds = Math.floor(from / INTERVAL) * INTERVAL;
      return Promise.resolve(success({ startSeconds, stepSeconds: INTERVAL, values: Float64Array.from({ length: Math.ceil((to - startSeconds) / INTERVAL) }, (__, row) => lend(startSeconds + (row + 0.5) * INTERVAL)) }));
    },
  };
  let state = initialGroupState(young.group, [young]);
  let waiting: { readonly install: ModelInstall; readonly atSeconds: number }[] = [];
  const errors: number[] = [];
  const notes: string[] = [];
  const said: number[] = [];
  for (let tick = 0; tick < ticks; tick += 1) {
    const timeSeconds = START + tick * INTERVAL;
    const load = rhythm(timeSeconds) * noise(timeSeconds);
    const installs = waiting.filter(({ atSeconds }) => atSeconds <= timeSeconds).map(({ install }) => install);
    waiting = waiting.filter(({ atSeconds }) => atSeconds > timeSeconds);
    const workload = { kind: "value" as const, timeSeconds, desiredReplicas: 10, readyReplicas: 10, pendingReplicas: 0 };
    const snapshot: Snapshot = { timeSeconds, wake: "tick", epoch: 1, installs, outcomes: [], overrides: [], targets: { young: { demand: present(load, timeSeconds), utilization: none, missRatio: none, backlog: none, notices: [], workload } } };
    state = step(state, snapshot, [young]).nextState;
    const { model } = state.targets["young"]!;
    const lead = model.spec.horizonsRows[0]!;
    errors.push(Math.abs(Math.log(load / (said[tick - lead] ?? load))));
    said.push(model.moments(0)?.median ?? NaN);
    for (const request of fitRequests(state, [young])) {
      const own = fitInput(state, request, [young])!;
      const input = request.modelId === "lead-past" ? await withBorrowedPast(own, young, parts) : own;
      const fitted = input && CONTROL_MODELS[request.modelId]!.fit(input);
      if (fitted?.ok !== true) continue;
      notes.push(fitted.note);
      waiting.push({ atSeconds: request.installAtSeconds, install: { target: "young", modelId: request.modelId, digest: "", fittedToSeconds: request.upToSeconds, fit: fitted.fit } });
    }
  }
  await marks.value.close();
  return { errors, notes, state };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("a new target beside one that lives alike", () => {
  it("foresees its second day by the other's past, scaled, where alone it only holds", async () => {
    const alone = await live(480, () => NaN);
    const beside = await live(480, (timeSeconds) => 3 * rhythm(timeSeconds));
    expect(alone.notes.filter((note) => note !== "")).toEqual([]);
    expect(beside.notes[0]).toContain('the past of "lender" is borrowed');
    expect(mean(beside.errors.slice(240))).toBeLessThan(0.6 * mean(alone.errors.slice(240)));
  });

  it("borrows nothing of one that lives otherwise", async () => {
    const { notes, state } = await live(300, (timeSeconds) => 500 + 450 * Math.sin((2 * Math.PI * timeSeconds) / 2_100));
    expect(notes).toEqual([]);
    expect(state.targets["young"]!.model.rows).toBe(300);
  });

  it("goes on with the same numbers from a checkpoint", async () => {
    const { state } = await live(300, (timeSeconds) => 3 * rhythm(timeSeconds));
    expect(state.targets["young"]!.model.rows).toBeGreaterThan(2_000);
    const restored = restoreGroupState(JSON.parse(JSON.stringify(saveGroupState(state))), [young]);
    if (!restored.ok) throw new Error(restored.message);
    expect(restored.value.targets["young"]!.model.save()).toEqual(state.targets["young"]!.model.save());
  });
});
