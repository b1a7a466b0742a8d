import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JsonDecoder } from "../../src/observe/metrics/otlp/json-decoder.ts";
import { ProtobufDecoder } from "../../src/observe/metrics/otlp/protobuf-decoder.ts";
import { EXPONENTIAL, PointBatch, POINT_STRIDE, shapeLength } from "../../src/observe/metrics/series/point-batch.ts";
import { SeriesTable } from "../../src/observe/metrics/series/series-table.ts";
import { arbitraryRequest } from "../fixtures/otlp/arbitrary-request.ts";
import { decodeRequest, encodeRequest, type RequestObject } from "../fixtures/otlp/oracle.ts";
import { shuffleFields } from "../fixtures/otlp/shuffle-fields.ts";
import { seriesName } from "../fixtures/otlp/table-snapshot.ts";

/** A decoded point in words that both decoders can say. */
interface PlainPoint {
  readonly series: string;
  readonly numbers: readonly number[];
  readonly flags: number;
  readonly temporality: number;
  readonly monotonic: boolean;
  readonly shape: readonly number[];
}

function plainPoints(batch: PointBatch, table: SeriesTable): readonly PlainPoint[] {
  return batch.blocks.flatMap((block) =>
    Array.from({ length: block.to - block.from }, (_, i) => {
      const index = block.from + i;
      const offset = batch.shapeOffsets[index] as number;
      const exponential = block.kind === 10;
      const shape = offset < 0 ? [] : [...batch.shapes.subarray(offset, offset + shapeLength(exponential, batch.shapes, offset))];
      return {
        series: seriesName(table, batch.series[index] as number),
        numbers: [...batch.numbers.subarray(index * POINT_STRIDE, (index + 1) * POINT_STRIDE)],
        flags: batch.flags[index] as number,
        temporality: block.temporality,
        monotonic: block.monotonic,
        shape: exponential || shape.length === 0 ? shape : [...(table.bounds[shape[0] as number] ?? []), ...shape.slice(1)],
      };
    }),
  );
}

type Tree = Record<string, unknown>;
const list = (value: unknown): readonly Tree[] => (value ?? []) as readonly Tree[];
const numbers = (value: unknown): readonly number[] => list(value).map(Number);

/** What protobufjs decoded, in the same words. Attributes are compared by the production canonical form of the JSON decoder's input. */
function oraclePoints(request: RequestObject): readonly PlainPoint[] {
  return list(request["resourceMetrics"]).flatMap((resourceMetrics) =>
    list(resourceMetrics["scopeMetrics"]).flatMap((scopeMetrics) => list(scopeMetrics["metrics"]).flatMap((metric) => oracleMetric(resourceMetrics, metric))),
  );
}

function oracleMetric(resourceMetrics: Tree, metric: Tree): readonly PlainPoint[] {
  const [field, kind] = ([["gauge", 5], ["sum", 7], ["histogram", 9], ["exponentialHistogram", 10], ["summary", 11]] as const).find(([name]) => metric[name] !== undefined) ?? ["gauge", 5];
  const data = (metric[field] ?? {}) as Tree;
  const resource = plainAttributes((resourceMetrics["resource"] as Tree | undefined)?.["attributes"]);
  return list(data["dataPoints"]).map((point) => {
    const isNumber = kind === 5 || kind === 7;
    const value = isNumber ? Number(point["asDouble"] ?? point["asInt"] ?? NaN) : Number(point["sum"] ?? NaN);
    return {
      series: JSON.stringify([resource, metric["name"] ?? "", metric["unit"] ?? "", kind, plainAttributes(point["attributes"])]),
      numbers: [seconds(point["startTimeUnixNano"]), seconds(point["timeUnixNano"]), value, isNumber ? 0 : Number(point["count"] ?? 0)],
      flags: Number(point["flags"] ?? 0),
      temporality: kind === 5 || kind === 11 ? 2 : Number(data["aggregationTemporality"] ?? 0),
      monotonic: kind === 7 ? data["isMonotonic"] === true : kind !== 5,
      shape: kind === 9 ? [...numbers(point["explicitBounds"]), numbers(point["bucketCounts"]).length, ...numbers(point["bucketCounts"])] : kind === 10 ? exponentialShape(point) : [],
    };
  });
}

function exponentialShape(point: Tree): readonly number[] {
  const [positive, negative] = [(point["positive"] ?? {}) as Tree, (point["negative"] ?? {}) as Tree];
  const [up, down] = [numbers(positive["bucketCounts"]), numbers(negative["bucketCounts"])];
  const head = [Number(point["scale"] ?? 0), Number(point["zeroCount"] ?? 0), Number(point["zeroThreshold"] ?? 0), Number(positive["offset"] ?? 0), up.length, Number(negative["offset"] ?? 0), down.length];
  expect(head).toHaveLength(EXPONENTIAL.counts);
  return [...head, ...up, ...down];
}

function seconds(nanoseconds: unknown): number {
  return Number(BigInt((nanoseconds ?? 0) as string | number)) / 1e9;
}

function plainAttributes(value: unknown): Tree {
  const entries = list(value).map((pair) => [typeof pair["key"] === "string" ? pair["key"] : "", plainValue((pair["value"] ?? {}) as Tree)] as const);
  return Object.fromEntries(entries);
}

function plainValue(any: Tree): unknown {
  if (any["stringValue"] !== undefined) return any["stringValue"];
  if (any["boolValue"] !== undefined) return any["boolValue"];
  if (any["intValue"] !== undefined) return Number.isSafeInteger(Number(any["intValue"])) ? Number(any["intValue"]) : any["intValue"];
  if (any["doubleValue"] !== undefined) return Number.isFinite(any["doubleValue"]) ? any["doubleValue"] : `${any["doubleValue"] as number}`;
  if (any["bytesValue"] !== undefined) return Buffer.from(any["bytesValue"] as Uint8Array).toString("base64");
  if (any["arrayValue"] !== undefined) return list((any["arrayValue"] as Tree)["values"]).map(plainValue);
  if (any["kvlistValue"] !== undefined) return plainAttributes((any["kvlistValue"] as Tree)["values"]);
  return null;
}

/** The series as a tree: the order of attributes says nothing. */
function normal(points: readonly PlainPoint[]): readonly unknown[] {
  return points.map((point) => ({ ...point, series: JSON.parse(point.series) as unknown }));
}

describe("the protobuf decoder", () => {
  it("decodes what protobufjs decodes, at first sight and when every series is known", () => {
    fc.assert(
      fc.property(arbitraryRequest, (request) => {
        const bytes = encodeRequest(request);
        const expected = normal(oraclePoints(decodeRequest(bytes)));
        const [table, batch] = [new SeriesTable(), new PointBatch()];
        const decoder = new ProtobufDecoder(table, batch);
        for (let turn = 0; turn < 2; turn++) {
          batch.clear();
          expect(decoder.decode(bytes)).toBeUndefined();
          expect(normal(plainPoints(batch, table))).toEqual(expected);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("reads fields in any order as the same series and numbers", () => {
    fc.assert(
      fc.property(arbitraryRequest, fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })), (request, random) => {
        const bytes = encodeRequest(request);
        const shuffled = shuffleFields(bytes, () => Number(random.next().value));
        const [table, batch] = [new SeriesTable(), new PointBatch()];
        const decoder = new ProtobufDecoder(table, batch);
        expect(decoder.decode(bytes)).toBeUndefined();
        const expected = normal(plainPoints(batch, table));
        const known = table.series.size;
        batch.clear();
        expect(decoder.decode(shuffled)).toBeUndefined();
        expect(table.series.size).toBe(known);
        expect(normal(plainPoints(batch, table))).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });
});

describe("the JSON decoder", () => {
  it("decodes the JSON form to the points of the protobuf form, as the same series", () => {
    fc.assert(
      fc.property(arbitraryRequest, (request) => {
        const [table, batch] = [new SeriesTable(), new PointBatch()];
        expect(new ProtobufDecoder(table, batch).decode(encodeRequest(request))).toBeUndefined();
        const expected = normal(plainPoints(batch, table));
        const known = table.series.size;
        batch.clear();
        const text = JSON.stringify(request, (_, value: unknown) => (typeof value === "number" && !Number.isFinite(value) ? String(value) : value));
        expect(new JsonDecoder(table, batch).decode(JSON.parse(text))).toBeUndefined();
        expect(table.series.size).toBe(known);
        expect(normal(plainPoints(batch, table))).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });
});
