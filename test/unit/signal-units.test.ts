import { describe, expect, it } from "vitest";
import { bench, signalOf, type Bench } from "../fixtures/otlp/send.ts";
import { counter, gauge, histogram, histogramPoint, nanos, NOW, point } from "../fixtures/otlp/points.ts";
import type { Observation } from "../../src/model/observation.ts";
import type { SignalSpec } from "../../src/model/policy.ts";

const START = NOW - 5000;

function reading(spec: SignalSpec): Bench {
  const on = bench();
  on.reader.retain([spec]);
  return on;
}

/** What is read of a metric that is told every ten seconds for a minute in one unit, then for two in another. */
function changing(spec: SignalSpec, tell: (time: number, unit: 0 | 1) => Record<string, unknown>, from: readonly (0 | 1)[] = [0, 1]): readonly [Observation, Observation] {
  const on = reading(spec);
  const during = (at: number, until: number, unit: 0 | 1): Observation => {
    for (let time = at; time <= until; time += 10) on.send([tell(time, unit)], { now: time });
    return on.reader.read(spec, until);
  };
  return [during(NOW - 240, NOW - 130, from[0] ?? 0), during(NOW - 120, NOW, from[1] ?? 1)];
}

function valueOf(observation: Observation): number {
  if (observation.kind === "absent") throw new Error(`${observation.cause}: ${observation.detail}`);
  return observation.value;
}

/** Ten observations at a time in seconds or milliseconds, as an exponential histogram of scale 3. */
function exponential(time: number, unit: 0 | 1): Record<string, unknown> {
  const [scale, value] = [3, [0.2, 200][unit] as number];
  const count = time - START;
  const offset = Math.ceil(Math.log2(value) * 2 ** scale) - 1;
  return { name: "m", unit: ["s", "ms"][unit], exponentialHistogram: { aggregationTemporality: 2, dataPoints: [{ attributes: [], startTimeUnixNano: nanos(START), timeUnixNano: nanos(time), count, sum: count * value, scale, positive: { offset, bucketCounts: [count] } }] } };
}

describe("a signal whose unit is not stated", () => {
  const latency = (time: number, unit: 0 | 1): Record<string, unknown> => {
    const factor = [1, 1000][unit] as number;
    const count = time - START;
    return histogram("m", [histogramPoint({ start: START, time, counts: [0, count, count, 0], bounds: [0.1, 0.25, 1].map((bound) => bound * factor), sum: 0.5 * count * factor })], { unit: ["s", "ms"][unit] as string });
  };

  it.each([
    ["gauge", signalOf({ extract: "gauge" }), (time: number, unit: 0 | 1) => gauge("m", [point({ time, value: [2, 2000][unit] as number })], ["s", "ms"][unit])],
    ["rate", signalOf(), (time: number, unit: 0 | 1) => counter("m", [point({ start: START, time, value: (time - START) * ([1, 1024][unit] as number) })], { unit: ["KiBy", "By"][unit] as string })],
    ["mean", signalOf({ extract: "mean", aggregate: "mean" }), latency],
    ["quantile", signalOf({ extract: "quantile", aggregate: "mean", quantile: 0.9 }), latency],
    ["share-above", signalOf({ extract: "share-above", aggregate: "mean", threshold: 0.25 }), latency],
    ["rate of observations", signalOf(), latency],
  ] as const)("keeps its %s where the senders go on in a unit of the same dimension", (_, spec, tell) => {
    const [first, then] = changing(spec, tell);
    expect(valueOf(then)).toBeCloseTo(valueOf(first), 9);
    expect(then).toMatchObject({ coverage: (first as { readonly coverage: number }).coverage });
  });

  it.each([[0, 1], [1, 0]] as const)("keeps a quantile of exponential histograms, to a bucket's width (%d, %d)", (...from) => {
    const [first, then] = changing(signalOf({ extract: "quantile", aggregate: "mean", quantile: 0.5 }), exponential, from);
    expect(valueOf(then) / valueOf(first)).toBeGreaterThan(2 ** (-1 / 8));
    expect(valueOf(then) / valueOf(first)).toBeLessThan(2 ** (1 / 8));
  });

  it("is invalid in a unit of another dimension, names both, and heals with the first", () => {
    const spec = signalOf({ extract: "gauge" });
    const tell = (time: number, unit: string, value: number): Record<string, unknown> => gauge("m", [point({ time, value })], unit);
    const on = reading(spec);
    on.send([tell(NOW - 20, "s", 2)], { now: NOW - 20 });
    expect(on.reader.read(spec, NOW - 20)).toMatchObject({ value: 2, unit: "s" });
    on.send([tell(NOW - 10, "By", 2000)], { now: NOW - 10 });
    const refused = { kind: "absent", cause: "invalid", detail: `m is now reported in "By", after "s": state its unit in the policy` };
    expect(on.reader.read(spec, NOW)).toEqual(refused);
    // Also where some senders still tell the first: the whole would be less than what is there.
    on.send([tell(NOW, "s", 3)], { now: NOW });
    expect(on.reader.read(spec, NOW)).toEqual(refused);
    on.send([tell(NOW + 60, "s", 3)], { now: NOW + 60 });
    expect(on.reader.read(spec, NOW + 60)).toMatchObject({ value: 3 });
  });

  it("takes annotations for no unit", () => {
    const spec = signalOf({ extract: "gauge" });
    const [first, then] = changing(spec, (time, unit) => gauge("m", [point({ time, value: 4 })], ["{job}", ""][unit]));
    expect([valueOf(first), valueOf(then)]).toEqual([4, 4]);
  });
});
