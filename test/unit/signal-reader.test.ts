import { describe, expect, it } from "vitest";
import { bench, signalOf, type Bench } from "../fixtures/otlp/send.ts";
import { counter, gauge, histogram, histogramPoint, nanos, NOW, point } from "../fixtures/otlp/points.ts";
import type { SignalSpec } from "../../src/model/policy.ts";

const START = NOW - 5000;
const BOUNDS = [0.1, 0.25, 1];

/** A counter of `rate` per second, exported every `interval` seconds up to NOW - `lag`, for instance `id`. */
function sendCounter(on: Bench, given: { readonly rate: number; readonly interval?: number; readonly lag?: number; readonly id?: string; readonly delta?: boolean; readonly start?: number }): void {
  const { rate, interval = 10, lag = 0, id = "1", delta = false, start = START } = given;
  for (let time = NOW - lag - 120; time <= NOW - lag; time += interval) {
    const value = delta ? rate * interval : rate * (time - start);
    on.send([counter("m", [point({ start: delta ? time - interval : start, time, value, attributes: { id } })], { delta })], { now: time });
  }
}

function value(on: Bench, spec: SignalSpec, now = NOW): number {
  const read = on.reader.read(spec, now);
  if (read.kind === "absent") throw new Error(`${read.cause}: ${read.detail}`);
  return read.value;
}

function reading(spec: SignalSpec): Bench {
  const on = bench();
  on.reader.retain([spec]);
  return on;
}

describe("a rate", () => {
  it.each([false, true])("is the increase per second over the window (delta: %s)", (delta) => {
    const spec = signalOf();
    const on = reading(spec);
    sendCounter(on, { rate: 7, delta });
    expect(value(on, spec)).toBeCloseTo(7, 9);
  });

  it("sums series that export at other times and intervals as if all had exported now", () => {
    const spec = signalOf();
    const on = reading(spec);
    sendCounter(on, { rate: 7, id: "1", interval: 10, lag: 4 });
    sendCounter(on, { rate: 5, id: "2", interval: 15, lag: 11 });
    expect(value(on, spec)).toBeCloseTo(12, 9);
  });

  it.each([["sum", 12], ["mean", 6], ["max", 7], ["min", 5]] as const)("is aggregated by %s", (aggregate, expected) => {
    const spec = signalOf({ aggregate });
    const on = reading(spec);
    sendCounter(on, { rate: 7, id: "1" });
    sendCounter(on, { rate: 5, id: "2" });
    expect(value(on, spec)).toBeCloseTo(expected, 9);
  });

  it("counts a histogram's observations", () => {
    const spec = signalOf();
    const on = reading(spec);
    for (const time of [NOW - 60, NOW - 30, NOW]) on.send([histogram("m", [histogramPoint({ start: START, time, counts: [time - START, 0, 0, time - START], bounds: BOUNDS })])], { now: time });
    expect(value(on, spec)).toBeCloseTo(2, 9);
  });

  it("begins again from zero at a restart that states its start", () => {
    const spec = signalOf();
    const on = reading(spec);
    const send = (start: number, time: number): void => {
      on.send([counter("m", [point({ start, time, value: 3 * (time - start) })])], { now: time });
    };
    for (const time of [NOW - 70, NOW - 60, NOW - 50, NOW - 40]) send(START, time);
    for (const time of [NOW - 30, NOW - 20, NOW - 10, NOW]) send(NOW - 40, time);
    expect(value(on, spec)).toBeCloseTo(3, 9);
  });

  it("takes the first point after a restart of unknown start as a baseline", () => {
    const spec = signalOf();
    const on = reading(spec);
    const send = (start: number, time: number, total: number): void => {
      on.send([counter("m", [point({ start, time, value: total })])], { now: time });
    };
    for (const time of [NOW - 60, NOW - 50, NOW - 40]) send(START, time, 3 * (time - START));
    // The data model's "unknown start time": the new stream's first point has its own time as start.
    for (const time of [NOW - 30, NOW - 20, NOW - 10, NOW]) send(NOW - 30, time, 1_000_000 + 3 * (time - NOW + 30));
    expect(value(on, spec)).toBeCloseTo(3 * 50 / 60, 9);
  });

  it("lets a series that has gone fade, and counts one that has come from its start", () => {
    const spec = signalOf();
    const on = reading(spec);
    sendCounter(on, { rate: 6, id: "stays" });
    for (let time = NOW - 120; time <= NOW - 30; time += 10) on.send([counter("m", [point({ start: START, time, value: 6 * (time - START), attributes: { id: "goes" } })])], { now: time });
    expect(value(on, spec)).toBeCloseTo(6 + (6 * 30) / 60, 9);
    for (const time of [NOW - 5, NOW]) on.send([counter("m", [point({ start: NOW - 15, time, value: 6 * (time - NOW + 15), attributes: { id: "comes" } })])], { now: time });
    expect(value(on, spec)).toBeCloseTo(6 + (6 * 30) / 60 + (6 * 15) / 60, 9);
  });

  it("is that of the part observed where all series have just begun, and not of the gaps where few requests come", () => {
    const spec = signalOf();
    const begun = reading(spec);
    for (const time of [NOW - 10, NOW]) begun.send([counter("m", [point({ start: NOW - 20, time, value: 8 * (time - NOW + 20) })])], { now: time });
    expect(value(begun, spec)).toBeCloseTo(8, 9);
    // A delta exporter sends nothing for an interval without requests: one request in a minute is 1/60 per second, not 1/5.
    const sparse = reading(spec);
    for (const time of [NOW - 300, NOW - 100, NOW]) sparse.send([counter("m", [point({ start: time - 5, time, value: 1 })], { delta: true })], { now: time });
    expect(value(sparse, spec)).toBeCloseTo(1 / 60, 9);
  });

  it("is not lowered by a point that comes late, nor raised by one that comes twice", () => {
    const spec = signalOf();
    const on = reading(spec);
    const at = (time: number): Record<string, unknown> => counter("m", [point({ start: time - 10, time, value: 40 })], { delta: true });
    for (const time of [NOW - 60, NOW - 50, NOW - 40, NOW - 30, NOW - 10, NOW - 20, NOW - 20, NOW]) on.send([at(time)]);
    expect(value(on, spec)).toBeCloseTo(4, 9);
  });
});

describe("the other extracts", () => {
  const spec = (given: Partial<SignalSpec>): SignalSpec => signalOf({ aggregate: "mean", unit: "s", ...given });
  function histograms(on: Bench, delta = false): void {
    for (const time of [NOW - 60, NOW - 40, NOW - 20, NOW]) {
      const n = delta ? 20 : time - START;
      on.send([histogram("m", [histogramPoint({ start: delta ? time - 20 : START, time, counts: [6 * n, 3 * n, n, 0], bounds: BOUNDS, sum: 1.5 * n })], { delta })], { now: time });
    }
  }

  it.each([false, true])("takes a mean (delta: %s)", (delta) => {
    const on = reading(spec({ extract: "mean" }));
    histograms(on, delta);
    expect(value(on, spec({ extract: "mean" }))).toBeCloseTo(0.15, 9);
  });

  it.each([[0.1, 0.4], [0.25, 0.1], [1, 0], [0.175, 0.25]])("takes the share above %s", (threshold, expected) => {
    const share = spec({ extract: "share-above", threshold });
    const on = reading(share);
    histograms(on);
    expect(value(on, share)).toBeCloseTo(expected, 9);
  });

  it.each([[0.5, 0.1 * (5 / 6)], [0.6, 0.1], [0.9, 0.25], [0.95, 0.625], [1, 1]])("takes the quantile %s", (quantile, expected) => {
    const q = spec({ extract: "quantile", quantile });
    const on = reading(q);
    histograms(on);
    expect(value(on, q)).toBeCloseTo(expected, 9);
  });

  it("merges exponential histograms of different scales", () => {
    const q = spec({ extract: "quantile", quantile: 0.5 });
    const share = spec({ extract: "share-above", threshold: 2 });
    const on = bench();
    on.reader.retain([q, share]);
    // Scale 0: (1,2] and (2,4]; scale 1: four buckets between 1 and 4.
    const send = (time: number, id: string, counts: readonly number[]): void => {
      const scale = id === "coarse" ? 0 : 1;
      const n = time - START;
      const bucketCounts = counts.map((count) => count * n);
      const count = bucketCounts.reduce((a, b) => a + b, 0);
      on.send([{ name: "m", unit: "s", exponentialHistogram: { aggregationTemporality: 2, dataPoints: [{ attributes: [{ key: "id", value: { stringValue: id } }], startTimeUnixNano: nanos(START), timeUnixNano: nanos(time), count, sum: 1, scale, positive: { offset: 0, bucketCounts } }] } }], { now: time });
    };
    for (const time of [NOW - 60, NOW - 30, NOW]) {
      send(time, "coarse", [2, 2]);
      send(time, "fine", [1, 1, 1, 1]);
    }
    expect(value(on, q)).toBeCloseTo(2, 9);
    expect(value(on, share)).toBeCloseTo(0.5, 9);
  });

  it("reads a gauge as its last value, summed over the series that still report", () => {
    const active = signalOf({ metric: "g", extract: "gauge" });
    const on = reading(active);
    for (const [time, id, level] of [[NOW - 40, "gone", 9], [NOW - 30, "gone", 9], [NOW - 10, "1", 4], [NOW, "1", 5], [NOW - 10, "2", 1], [NOW - 2, "2", 2]] as const) {
      on.send([gauge("g", [point({ time, value: level, attributes: { id } })])], { now: time });
    }
    expect(value(on, active)).toBe(7);
  });

  it("keeps a gauge between two exports of a slow exporter, whatever the window", () => {
    const active = signalOf({ metric: "g", extract: "gauge", windowSeconds: 60, staleAfterSeconds: 150 });
    const on = reading(active);
    for (const [time, id] of [[NOW - 121, "1"], [NOW - 61, "1"], [NOW - 60, "2"], [NOW, "2"]] as const) on.send([gauge("g", [point({ time, value: 3, attributes: { id } })])], { now: time });
    expect(value(on, active)).toBe(6);
  });

  it("reads an up-down counter as a gauge", () => {
    const active = signalOf({ extract: "gauge" });
    const on = reading(active);
    on.send([counter("m", [point({ time: NOW, start: START, value: -3 })], { monotonic: false })]);
    expect(value(on, active)).toBe(-3);
  });
});

describe("choosing series", () => {
  it("reads those whose resource or point attributes are equal, as text", () => {
    const spec = signalOf({ metric: "g", extract: "gauge", select: { "service.name": "shop", "http.response.status_code": "200", ok: "true" } });
    const on = reading(spec);
    on.send([gauge("g", [point({ time: NOW, value: 1, attributes: { "http.response.status_code": 200, ok: true } }), point({ time: NOW, value: 10, attributes: { "http.response.status_code": 500, ok: true } })])]);
    on.send([gauge("g", [point({ time: NOW, value: 100, attributes: { "http.response.status_code": 200, ok: true } })])], { resource: { "service.name": "other" } });
    expect(value(on, spec)).toBe(1);
  });

  it("falls back on an older name, in its own unit", () => {
    const spec = signalOf({ metric: "http.server.request.duration", unit: "s", extract: "mean", aggregate: "mean", alternatives: [{ metric: "http.server.duration", unit: "ms", scale: 0.001 }] });
    const share = { ...spec, extract: "share-above" as const, threshold: 0.25 };
    const on = bench();
    on.reader.retain([spec, share]);
    for (const time of [NOW - 30, NOW]) on.send([histogram("http.server.duration", [histogramPoint({ start: START, time, counts: [3 * (time - START), time - START], bounds: [250], sum: 200 * (time - START) })], { unit: "ms" })], { now: time });
    expect(value(on, spec)).toBeCloseTo(0.05, 9);
    expect(value(on, share)).toBeCloseTo(0.25, 9);
    for (const time of [NOW - 20, NOW]) on.send([histogram("http.server.request.duration", [histogramPoint({ start: START, time, counts: [time - START, 0], bounds: [0.25], sum: 0.1 * (time - START) })])], { now: time });
    expect(value(on, spec)).toBeCloseTo(0.1, 9);
  });

  it("starts from what is known when a signal is added later", () => {
    const on = bench();
    on.send([gauge("g", [point({ time: NOW, value: 3 })])]);
    expect(value(on, signalOf({ metric: "g", extract: "gauge" }))).toBe(3);
  });

  it("lets go of signals that no policy reads any more", () => {
    const spec = signalOf({ metric: "g", extract: "gauge" });
    const on = reading(spec);
    on.send([gauge("g", [point({ time: NOW, value: 3 })])]);
    on.reader.retain([]);
    expect(on.store.table.sinks.some((sinks) => sinks !== undefined)).toBe(false);
  });
});

describe("absence", () => {
  const cases: readonly (readonly [string, Partial<SignalSpec>, readonly Record<string, unknown>[], "stale" | "absent" | "invalid", string])[] = [
    ["a metric that nobody sends", { metric: "m", select: { "service.name": "shop" } }, [], "absent", 'no series of m with service.name="shop" has been seen'],
    ["one point of a counter", {}, [counter("m", [point({ start: START, time: NOW, value: 5 })])], "absent", "m: a rate needs two points, and no series has more than one yet"],
    ["a unit that is not the policy's", { unit: "s" }, [counter("m", [point({ time: NOW, value: 5 })], { unit: "ms" })], "invalid", 'm is reported in "ms", but the policy reads it in "s"'],
    ["a metric without a unit where the policy states one", { unit: "s" }, [counter("m", [point({ time: NOW, value: 5 })], { unit: "" })], "invalid", 'm is reported in no unit, but the policy reads it in "s"'],
    ["a unit that nobody knows", { unit: "s" }, [counter("m", [point({ time: NOW, value: 5 })], { unit: "furlongs" })], "invalid", 'm is reported in "furlongs", but the policy reads it in "s"'],
    ["a rate of a gauge", {}, [gauge("m", [point({ time: NOW, value: 5 })])], "invalid", "extract: rate cannot be taken from m, a gauge: use extract: gauge"],
    ["a gauge of a counter", { extract: "gauge" }, [counter("m", [point({ time: NOW, value: 5 })])], "invalid", "extract: gauge cannot be taken from m, a counter: use extract: rate"],
    ["a quantile of a counter", { extract: "quantile", quantile: 0.5 }, [counter("m", [point({ time: NOW, value: 5 })])], "invalid", "extract: quantile cannot be taken from m, a counter: it needs a histogram with buckets"],
    ["a series that has ended", { extract: "gauge" }, [gauge("m", [point({ time: NOW - 1, value: 5 })]), gauge("m", [point({ time: NOW, flags: 1 })])], "stale", "every series of m has ended (no recorded value)"],
  ];
  it.each(cases)("says why: %s", (...row) => {
    const [, given, metrics, cause, detail] = row;
    const spec = signalOf(given);
    const on = reading(spec);
    for (const metric of metrics) on.send([metric]);
    expect(on.reader.read(spec, NOW)).toEqual({ kind: "absent", cause, detail });
  });

  it("is stale, never zero, when the newest point is too old; the message tells the usual interval", () => {
    const spec = signalOf({ staleAfterSeconds: 45 });
    const on = reading(spec);
    sendCounter(on, { rate: 7 });
    expect(on.reader.read(spec, NOW + 45)).toMatchObject({ kind: "value" });
    expect(on.reader.read(spec, NOW + 46)).toEqual({ kind: "absent", cause: "stale", detail: "the newest point of m is 46 s old, more than 45 s; its series report every 10 s" });
  });

  it("takes no mean where nothing was observed: zero requests have no miss ratio", () => {
    const spec = signalOf({ extract: "share-above", threshold: 0.1, aggregate: "mean" });
    const on = reading(spec);
    for (const time of [NOW - 60, NOW - 30, NOW]) on.send([histogram("m", [histogramPoint({ start: START, time, counts: [5, 1, 0, 0], bounds: BOUNDS })])], { now: time });
    expect(on.reader.read(spec, NOW)).toEqual({ kind: "absent", cause: "absent", detail: "m: nothing was observed in the last 60 s to take a share-above of" });
  });

  it("units with annotations only are the same, and no unit is one of them", () => {
    const spec = signalOf({ extract: "gauge", unit: "{request}" });
    for (const unit of ["{requests}", "1", ""]) {
      const on = reading(spec);
      on.send([gauge("m", [point({ time: NOW, value: 2 })], unit)]);
      expect(value(on, spec)).toBe(2);
    }
  });
});

describe("what is kept beside", () => {
  it("tells the share of the window that is covered", () => {
    const spec = signalOf();
    const on = reading(spec);
    for (const time of [NOW - 15, NOW]) on.send([counter("m", [point({ start: START, time, value: time })])], { now: time });
    expect(on.reader.read(spec, NOW)).toMatchObject({ kind: "value", value: 1, coverage: 0.25 });
  });

  it("keeps the last values that were read", () => {
    const spec = signalOf({ extract: "gauge" });
    const on = reading(spec);
    for (let i = 0; i < 200; i++) {
      on.send([gauge("m", [point({ time: NOW + i, value: i })])], { now: NOW + i });
      on.reader.read(spec, NOW + i);
      on.reader.read(spec, NOW + i + 0.5);
    }
    const recent = on.reader.recent(spec);
    expect(recent).toHaveLength(120);
    expect(recent.at(-1)).toEqual({ timeSeconds: NOW + 199, value: 199 });
  });
});
