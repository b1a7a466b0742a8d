import { describe, expect, it } from "vitest";

import { withoutHidden } from "../../src/app/forecasts/mark-rows.ts";
import { GroupRuntime } from "../../src/app/loop/group-runtime.ts";
import { openMemoryJournal } from "../../src/journal/memory-journal.ts";
import { createGateMemory } from "../../src/act/gate-memory.ts";
import type { GateContext } from "../../src/act/gate.ts";
import { missing, present } from "../../src/model/observation.ts";
import type { Policy } from "../../src/model/policy.ts";
import type { TargetSnapshot } from "../../src/model/snapshot.ts";
import { CONTROL_MODELS } from "../../forecasts/models/lead-ridge-forecaster.ts";
import type { FitInput } from "../../forecasts/forecaster.ts";
import { initialGroupState } from "../../src/step.ts";
import { policyOf } from "../fixtures/policy.ts";

const START = 1_700_006_400;
const INTERVAL = 60;
/** A "day" of two hours, so that two of them pass quickly. */
const DAY_SECONDS = 7_200;

function policy(fields: Partial<Policy> = {}): Policy {
  return policyOf({ mode: "observe", evaluationIntervalSeconds: INTERVAL, forecast: { ...policyOf().forecast, seasonsSeconds: [DAY_SECONDS], refitSeconds: DAY_SECONDS }, ...fields });
}

function seen(timeSeconds: number, demand: number): TargetSnapshot {
  return {
    demand: present(demand, timeSeconds), utilization: missing("absent", "none"), missRatio: missing("absent", "none"), backlog: missing("absent", "none"),
    workload: { kind: "value", timeSeconds, desiredReplicas: 10, readyReplicas: 10, pendingReplicas: 0 }, notices: [],
  };
}

function runtimeOf(of: Policy, load: (timeSeconds: number) => number, onFit: (input: FitInput) => FitInput = (input) => input): GroupRuntime {
  return new GroupRuntime(of.group, { state: initialGroupState(of.group, [of]), policies: [of], outcomes: [] }, {
    journal: openMemoryJournal(), epoch: 1,
    observe: (_, nowSeconds) => Promise.resolve(seen(nowSeconds, load(nowSeconds))),
    gateContext: (): GateContext => ({
      memory: createGateMemory(), group: of.group, now: () => START,
      standing: { killSwitch: () => ({ engaged: false }), mode: () => of.mode, overrides: () => [], epoch: () => 1, backOff: () => undefined },
    } as unknown as GateContext),
    fit: (job) => Promise.resolve(CONTROL_MODELS[job.forecasterId]?.fit(job.forecasterId === "lead-ridge" ? { ...onFit(job.input) } : job.input) ?? { ok: false, reason: "none" }),
    overrides: () => [], effective: (plain) => plain,
  });
}

const rhythm = (timeSeconds: number): number => 500 + 300 * Math.sin((2 * Math.PI * timeSeconds) / DAY_SECONDS);

describe("the control forecast in the daemon's group", () => {
  it("says since when and why it only holds, until the first fit is installed", async () => {
    const runtime = runtimeOf(policy(), rhythm);
    const said: (string | undefined)[] = [];
    let last: Awaited<ReturnType<GroupRuntime["pass"]>>;
    for (let tick = 0; tick < 5 * 120; tick += 1) {
      last = await runtime.pass(START + tick * INTERVAL, "tick");
      said.push(last?.pass.decisions[0]?.forecast?.demotion?.reason);
    }
    expect(said[10]).toBe("there is no fit yet: it takes two days of rows");
    const ends = said.findIndex((reason) => reason === undefined);
    expect(ends).toBeGreaterThan(2 * 120);
    expect(said.slice(ends).every((reason) => reason === undefined)).toBe(true);
    expect(last?.pass.decisions[0]?.forecast).toMatchObject({ model: "lead-ridge", fittedToSeconds: expect.any(Number) as number });
  });

  it("expects an event's uplift at the lead time before it begins, and learns the ordinary load beneath it", async () => {
    const startSeconds = START + 5 * DAY_SECONDS;
    const endSeconds = startSeconds + 1_200;
    const events = [{ name: "launch", startSeconds, endSeconds, minReplicas: undefined, maxReplicas: undefined, priority: 0, uplift: 3 }];
    const load = (time: number): number => rhythm(time) * (time >= startSeconds && time < endSeconds ? 3 : 1);
    const plain = runtimeOf(policy(), rhythm);
    const told = runtimeOf(policy({ events }), load);
    const p50 = async (runtime: GroupRuntime, time: number): Promise<number> => (await runtime.pass(time, "tick"))?.pass.decisions[0]?.forecast?.p50 ?? NaN;
    let before = NaN;
    let after = NaN;
    for (let time = START; time < endSeconds + 3_600; time += INTERVAL) {
      const ratio = (await p50(told, time)) / (await p50(plain, time));
      if (time === startSeconds - 120) before = ratio;
      if (time === startSeconds - 180) expect(ratio).toBeCloseTo(1, 6);
      if (time === endSeconds + 300) after = ratio;
    }
    expect(before).toBeCloseTo(3, 6);
    expect(Math.abs(after - 1)).toBeLessThan(0.05);
  });

  it("is fitted without what the marks hide", async () => {
    const inputs: FitInput[] = [];
    const from = START + DAY_SECONDS;
    const mark = { id: "m", kind: "deploy" as const, fromSeconds: from, toSeconds: from + 600, reason: "" };
    const lowerBound = { ...mark, kind: "saturated" as const, fromSeconds: from + 1_200, toSeconds: from + 1_800 };
    const runtime = runtimeOf(policy(), rhythm, (input) => {
      const visible = withoutHidden(input, [mark, lowerBound]);
      inputs.push(visible);
      return visible;
    });
    for (let tick = 0; tick < 250; tick += 1) await runtime.pass(START + tick * INTERVAL, "tick");
    const { series } = inputs[0] ?? { series: { startSeconds: 0, stepSeconds: 1, values: new Float64Array() } };
    const hidden = Array.from(series.values.keys()).filter((row) => Number.isNaN(series.values[row])).map((row) => series.startSeconds + row * series.stepSeconds);
    expect(hidden).toEqual(Array.from({ length: 10 }, (_, row) => from + row * 60));
  });
});
