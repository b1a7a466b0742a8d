import { describe, expect, it } from "vitest";
import { bench, signalOf } from "../fixtures/otlp/send.ts";
import { counter, gauge, NOW, point } from "../fixtures/otlp/points.ts";

const gauges = (from: number, to: number, time: number): readonly Record<string, unknown>[] => Array.from({ length: to - from }, (_, i) => point({ time, value: 1, attributes: { i: from + i } }));

describe("limits on series", () => {
  it("refuses and counts what is over the limit of one request, then evicts the longest silent", () => {
    const { send, store } = bench({ series: { maxSeries: 100 } });
    expect(send([gauge("m", gauges(0, 80, NOW - 20))], { now: NOW - 20 }).rejected).toEqual({});
    expect(send([gauge("m", gauges(80, 130, NOW - 10))], { now: NOW - 10 })).toEqual({ accepted: 20, rejected: { cardinality: 30 } });
    expect(store.table.series.size).toBe(90);
    expect(store.table.evicted).toBe(10);
    // The ten longest silent went; they come back as new series, and those that stayed are still known.
    expect(send([gauge("m", gauges(70, 100, NOW))]).rejected).toEqual({});
    expect(store.table.series.size).toBe(90);
  });

  it("never evicts a series that a signal reads, and admits new ones to it when the table is full", () => {
    const { send, store, reader } = bench({ series: { maxSeries: 100 } });
    const spec = signalOf({ metric: "requests" });
    reader.retain([spec]);
    const requests = (instance: number, time: number): Record<string, unknown> => counter("requests", [point({ start: NOW - 1000, time, value: (time - NOW + 1000) * 2, attributes: { instance } })]);
    send([requests(1, NOW - 60)], { now: NOW - 60 });
    for (let round = 0; round < 50; round++) {
      const now = NOW - 50 + round;
      send([gauge("flood", gauges(round * 1000, (round + 1) * 1000, now))], { now });
      expect(store.table.series.size).toBeLessThanOrEqual(100);
    }
    expect(send([requests(1, NOW), requests(2, NOW - 10)]).rejected).toEqual({});
    send([requests(2, NOW)]);
    const read = reader.read(spec, NOW);
    expect(read.kind === "value" ? read.value : read.detail).toBeCloseTo(4, 6);
  });

  it("limits one resource, so that it cannot take the room of the others", () => {
    const { send } = bench({ series: { maxSeries: 100, maxSeriesPerResource: 10 } });
    expect(send([gauge("m", gauges(0, 30, NOW))], { resource: { "service.name": "loud" } }).rejected).toEqual({ cardinality: 20 });
    expect(send([gauge("m", gauges(0, 5, NOW))], { resource: { "service.name": "quiet" } }).rejected).toEqual({});
  });

  it("limits one signal", () => {
    const { send, reader } = bench({ series: { maxSeries: 10, maxSeriesPerSignal: 20 } });
    const spec = signalOf({ extract: "gauge" });
    reader.retain([spec]);
    expect(send([gauge("m", gauges(0, 15, NOW - 10))]).rejected).toEqual({});
    expect(reader.read(spec, NOW - 10)).toMatchObject({ kind: "value", value: 15 });
    expect(send([gauge("m", gauges(15, 100, NOW))])).toMatchObject({ rejected: { cardinality: 80 } });
    expect(reader.read(spec, NOW)).toMatchObject({ kind: "absent", cause: "invalid", detail: expect.stringContaining("more than 20 series of m match") as string });
  });

  it("forgets resources, scopes and metrics that have no series left", () => {
    const { send, store } = bench({ series: { maxSeries: 10 } });
    for (let i = 0; i < 500; i++) send([gauge(`metric-${String(i)}`, [point({ time: NOW, value: 1 })])], { resource: { "service.name": `service-${String(i)}` } });
    const { resources, scopes, metrics } = store.table;
    expect(resources.size + scopes.size + metrics.size).toBeLessThanOrEqual(33);
  });

  it("holds when senders invent resources whose every point is refused", () => {
    const { send, store } = bench({ series: { maxSeries: 10, maxSeriesPerResource: 0 } });
    for (let i = 0; i < 200; i++) send([gauge("m", [point({ time: NOW, value: 1 })])], { resource: { "service.name": `service-${String(i)}` } });
    const { resources, scopes, metrics } = store.table;
    expect(resources.size + scopes.size + metrics.size).toBeLessThanOrEqual(33);
  });
});
