import { describe, expect, it } from "vitest";
import { bench, signalOf } from "../fixtures/otlp/send.ts";
import { counter, gauge, histogram, histogramPoint, NOW, nanos, pairs, point } from "../fixtures/otlp/points.ts";

const START = NOW - 600;
const BOUNDS = [0.1, 1];

describe("time", () => {
  const cases: readonly (readonly [string, number, Record<string, number>])[] = [
    ["takes a point up to 60 s in the future", NOW + 59.9, {}],
    ["refuses one further in the future", NOW + 60.1, { future: 1 }],
    ["takes a point up to an hour old", NOW - 3599, {}],
    ["refuses an older one", NOW - 3601, { past: 1 }],
    ["refuses one without a time", 0, { "no-time": 1 }],
  ];
  it.each(cases)("%s", (_, time, rejected) => {
    expect(bench().send([gauge("m", [point({ time, value: 1 })])]).rejected).toEqual(rejected);
  });

  it("keeps the limits that it is given", () => {
    const { send } = bench({ time: { futureSeconds: 5, pastSeconds: 60 } });
    expect(send([gauge("m", [point({ time: NOW + 6, value: 1 }), point({ time: NOW - 61, value: 1 })])]).rejected).toEqual({ future: 1, past: 1 });
  });
});

describe("values", () => {
  const cases: readonly (readonly [string, Record<string, unknown>, Record<string, number>])[] = [
    ["refuses a gauge that is not a number", gauge("m", [point({ time: NOW, value: Number.NaN })]), { "not-a-number": 1 }],
    ["refuses an infinite gauge", gauge("m", [point({ time: NOW, value: Number.POSITIVE_INFINITY })]), { "not-a-number": 1 }],
    ["refuses a point without a value", gauge("m", [point({ time: NOW })]), { "not-a-number": 1 }],
    ["refuses a counter below zero", counter("m", [point({ time: NOW, value: -1 })]), { negative: 1 }],
    ["takes an up-down counter below zero", counter("m", [point({ time: NOW, value: -1 })], { monotonic: false }), {}],
    ["refuses a sum without temporality", { name: "m", sum: { isMonotonic: true, dataPoints: [point({ time: NOW, value: 1 })] } }, { temporality: 1 }],
    ["refuses buckets that do not add up to the count", histogram("m", [{ ...histogramPoint({ time: NOW, counts: [1, 2, 3], bounds: BOUNDS }), count: 7 }]), { inconsistent: 1 }],
    ["refuses bounds that do not fit the buckets", histogram("m", [histogramPoint({ time: NOW, counts: [1, 2, 3], bounds: [0.1] })]), { inconsistent: 1 }],
    ["refuses bounds that do not rise", histogram("m", [histogramPoint({ time: NOW, counts: [1, 2, 3], bounds: [1, 1] })]), { inconsistent: 1 }],
    ["refuses bounds that are not numbers", histogram("m", [histogramPoint({ time: NOW, counts: [1, 2, 3], bounds: [1, Number.NaN] })]), { inconsistent: 1 }],
    ["takes a histogram without buckets", histogram("m", [{ timeUnixNano: nanos(NOW), count: 3, sum: 1 }]), {}],
    ["refuses the points of a metric without a name", gauge("", [point({ time: NOW, value: 1 }), point({ time: NOW, value: 2, attributes: { a: "b" } })]), { "no-name": 2 }],
  ];
  it.each(cases)("%s", (_, metric, rejected) => {
    expect(bench().send([metric]).rejected).toEqual(rejected);
  });

  it("takes the other points of a request in which some are refused", () => {
    const { send, store } = bench();
    const done = send([gauge("m", [point({ time: NOW, value: Number.NaN, attributes: { a: 1 } }), point({ time: NOW, value: 1, attributes: { a: 2 } })])]);
    expect(done).toEqual({ accepted: 1, rejected: { "not-a-number": 1 } });
    expect(store.counters.pointsAccepted).toBe(1);
    expect(store.counters.pointsRejected["not-a-number"]).toBe(1);
  });
});

describe("order", () => {
  const at = (time: number, value: number): Record<string, unknown> => counter("m", [point({ start: START, time, value })]);

  it("counts the same point again as a duplicate and takes it once", () => {
    const { send, store } = bench();
    send([at(NOW - 10, 5)]);
    expect(send([at(NOW - 10, 5)]).rejected).toEqual({});
    expect(store.counters.duplicates).toBe(1);
  });

  it("refuses another value at the same time as a second writer", () => {
    const { send, store } = bench();
    send([at(NOW - 10, 5)]);
    expect(send([at(NOW - 10, 6)]).rejected).toEqual({ "writer-conflict": 1 });
    expect(store.counters.conflicts).toBe(1);
  });

  it("takes points out of order within two intervals, and refuses later ones", () => {
    const { send, store } = bench();
    send([at(NOW - 40, 1)]);
    send([at(NOW - 30, 2)]);
    send([at(NOW - 10, 4)]);
    expect(send([at(NOW - 20, 3)]).rejected).toEqual({});
    expect(store.counters.late).toBe(1);
    expect(send([at(NOW - 50, 0)]).rejected).toEqual({ "out-of-order": 1 });
  });
});

describe("resets and writers", () => {
  const at = (start: number, time: number, value: number): Record<string, unknown> => counter("m", [point({ start, time, value })]);

  it("counts a newer start as a reset", () => {
    const { send, store } = bench();
    send([at(START, NOW - 30, 1000)]);
    expect(send([at(NOW - 25, NOW - 20, 3)]).rejected).toEqual({});
    expect(store.counters.resets).toBe(1);
    expect(store.counters.conflicts).toBe(0);
  });

  it("refuses an older start that comes back: the first writer of two", () => {
    const { send, store } = bench();
    send([at(START, NOW - 30, 1000)]);
    send([at(NOW - 25, NOW - 20, 3)]);
    expect(send([at(START, NOW - 15, 1010)]).rejected).toEqual({ "writer-conflict": 1 });
    expect(store.counters.conflicts).toBe(1);
  });

  it("takes one fall without a start as a restart, and two in short order as two writers", () => {
    const { send, store, reader } = bench();
    const spec = signalOf();
    reader.retain([spec]);
    send([at(0, NOW - 40, 1000)]);
    send([at(0, NOW - 30, 50)]);
    expect(store.counters).toMatchObject({ resets: 1, conflicts: 0 });
    expect(reader.read(spec, NOW - 25)).toMatchObject({ kind: "value" });
    send([at(0, NOW - 20, 1010)]);
    send([at(0, NOW - 10, 60)]);
    expect(store.counters).toMatchObject({ resets: 2, conflicts: 1 });
    expect(reader.read(spec, NOW)).toMatchObject({ kind: "absent", cause: "invalid", detail: expect.stringContaining("two writers report m") as string });
  });

  it("refuses deltas that overlap the one before, and takes those that follow it", () => {
    const { send } = bench();
    const delta = (start: number, time: number): Record<string, unknown> => counter("m", [point({ start, time, value: 1 })], { delta: true });
    send([delta(NOW - 30, NOW - 20)]);
    expect(send([delta(NOW - 25, NOW - 10)]).rejected).toEqual({ overlap: 1 });
    expect(send([delta(NOW - 20, NOW - 10)]).rejected).toEqual({});
    expect(send([delta(NOW - 5, NOW)]).rejected).toEqual({});
  });

  it("refuses a change of temporality while the first writer is alive", () => {
    const { send } = bench();
    send([at(START, NOW - 20, 10)]);
    expect(send([counter("m", [point({ start: NOW - 25, time: NOW - 10, value: 1 })], { delta: true })]).rejected).toEqual({ "writer-conflict": 1 });
    expect(send([counter("m", [point({ start: NOW - 15, time: NOW - 10, value: 1 })], { delta: true })]).rejected).toEqual({});
  });

  it("sums an up-down counter that arrives in deltas to its level", () => {
    const { send, store } = bench();
    const change = (start: number, time: number, value: number): Record<string, unknown> => counter("m", [point({ start, time, value })], { delta: true, monotonic: false });
    send([change(NOW - 30, NOW - 20, 5)]);
    send([change(NOW - 20, NOW - 10, -2)]);
    expect(store.table.state[2]).toBe(3);
  });
});

describe("identity", () => {
  it("knows a series again whatever the order of its attributes", () => {
    const { send, store } = bench();
    send([gauge("m", [point({ time: NOW - 10, value: 1, attributes: { a: "1", b: "2" } })])]);
    send([gauge("m", [point({ time: NOW, value: 2, attributes: { b: "2", a: "1" } })])]);
    expect(store.table.series.size).toBe(1);
  });

  it("tells series apart by resource, scope, name, unit, kind and attributes", () => {
    const { send, store } = bench();
    const one = point({ time: NOW, value: 1, attributes: { a: "1" } });
    send([gauge("m", [one])]);
    send([gauge("m", [one])], { resource: { "service.name": "shop", "service.instance.id": "2" } });
    send([gauge("n", [one]), gauge("m", [one], "s"), counter("m", [one]), gauge("m", [point({ time: NOW, value: 1, attributes: { a: "2" } })])]);
    expect(store.table.series.size).toBe(6);
  });

  it("keeps text, number and truth apart", () => {
    const { send, store } = bench();
    send([gauge("m", [point({ time: NOW, value: 1, attributes: { a: "1" } }), point({ time: NOW, value: 1, attributes: { a: 1 } }), point({ time: NOW, value: 1, attributes: { a: true } })])]);
    expect(store.table.series.size).toBe(3);
  });
});

describe("what is only counted", () => {
  it("counts exemplars, summaries and ended series", () => {
    const { send, store } = bench();
    send([
      gauge("m", [{ ...point({ time: NOW, value: 1 }), exemplars: [{ timeUnixNano: nanos(NOW), asDouble: 1, filteredAttributes: pairs({ a: "b" }) }] }, point({ time: NOW, flags: 1, attributes: { gone: true } })]),
      { name: "s", summary: { dataPoints: [{ timeUnixNano: nanos(NOW), count: 3, sum: 6, quantileValues: [{ quantile: 0.5, value: 2 }] }] } },
    ]);
    expect(store.counters).toMatchObject({ exemplars: 1, summaries: 1, ended: 1, pointsAccepted: 3 });
  });
});
