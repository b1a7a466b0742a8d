import { describe, expect, it } from "vitest";
import type { HistoryPoint } from "../../src/history/history-store.ts";
import type { SignalSpec } from "../../src/model/policy.ts";
import { bench, signalOf, type Bench } from "../fixtures/otlp/send.ts";
import { counter, gauge, NOW as SOME_TIME, point } from "../fixtures/otlp/points.ts";

const STEP = 60;
/** A step's start. */
const NOW = Math.floor(SOME_TIME / STEP) * STEP;
const START = NOW - 5000;

/** Requests until a time of a service whose rate doubles each minute: 1, 2, 4 per second from NOW on. */
function doubling(time: number): number {
  const minute = Math.floor((time - NOW) / STEP);
  if (minute < 0) return time - START;
  return NOW - START + STEP * (2 ** minute - 1) + 2 ** minute * (time - NOW - minute * STEP);
}

function run(on: Bench, spec: SignalSpec, given: { readonly interval: number; readonly offset: number; readonly ids?: readonly string[]; readonly untilSeconds: number; readonly skip?: (time: number) => boolean }): readonly (HistoryPoint & { readonly at: number })[] {
  const points: (HistoryPoint & { readonly at: number })[] = [];
  for (let time = NOW - 180; time <= NOW + given.untilSeconds; time++) {
    if ((time - NOW - given.offset) % given.interval === 0 && given.skip?.(time) !== true) {
      for (const id of given.ids ?? ["1"]) on.send([counter("m", [point({ start: START, time, value: doubling(time), attributes: { id } })])], { now: time });
    }
    points.push(...on.reader.takeSteps(spec, STEP, time).map((step) => ({ ...step, at: time })));
  }
  return points.filter((step) => step.timeSeconds >= NOW);
}

describe("steps of a signal", () => {
  it("gives each step once, in order, with the mean of the step itself", () => {
    const spec = signalOf();
    const steps = run(bench(), spec, { interval: 5, offset: 0, untilSeconds: 190 });
    expect(steps.map((step) => [step.timeSeconds - NOW, step.mean])).toEqual([[0, 1], [60, 2], [120, 4]]);
    expect(steps.map((step) => [step.min, step.max, step.coverage])).toEqual([[1, 1, 1], [2, 2, 1], [4, 4, 1]]);
    expect(steps.map((step) => step.count)).toEqual([12, 12, 12]);
  });

  it("waits for the point that ends the step, not longer", () => {
    const spec = signalOf();
    expect(run(bench(), spec, { interval: 15, offset: 4, untilSeconds: 100 }).map((step) => step.at - NOW)).toEqual([64]);
    const on = bench();
    const steps = run(on, spec, { interval: 15, offset: 4, untilSeconds: 100, skip: (time) => time > NOW + 55 });
    expect(steps.map((step) => step.at - NOW)).toEqual([90]);
  });

  it("sums instances, and leaves out steps without data", () => {
    const spec = signalOf();
    const steps = run(bench(), spec, { interval: 5, offset: 2, ids: ["1", "2", "3"], untilSeconds: 400, skip: (time) => time > NOW + 60 && time < NOW + 310 });
    expect(steps.map((step) => step.timeSeconds - NOW)).not.toContain(120);
    expect(steps[0]?.mean).toBeCloseTo(3, 9);
  });

  it("keeps the least and the greatest part of a step", () => {
    const spec = signalOf({ metric: "g", extract: "gauge" });
    const on = bench();
    on.reader.retain([spec]);
    on.reader.takeSteps(spec, STEP, NOW);
    const steps: HistoryPoint[] = [];
    for (let time = NOW; time <= NOW + 65; time += 5) {
      on.send([gauge("g", [point({ time, value: time === NOW + 30 ? 10 : 2 })])], { now: time });
      steps.push(...on.reader.takeSteps(spec, STEP, time));
    }
    expect(steps.at(-1)).toMatchObject({ timeSeconds: NOW, min: 2, max: 10, count: 12, coverage: 1 });
    expect(steps.at(-1)?.mean).toBeCloseTo((11 * 2 + 10) / 12, 9);
  });

  it("costs the same however long it runs", () => {
    const spec = signalOf();
    const on = bench();
    on.reader.retain([spec]);
    for (let time = NOW; time < NOW + 20_000; time += 5) {
      on.send([counter("m", [point({ start: START, time, value: time - START })])], { now: time });
      on.reader.takeSteps(spec, STEP, time);
    }
    const track = on.store.table.sinks[0]?.[0] as unknown as { ring: { length: number; times: Float64Array } };
    expect(track.ring.length).toBeLessThan(60);
    expect(track.ring.times.length).toBeLessThanOrEqual(128);
  });
});
