import { BAD_SHAPE, EXPLICIT, EXPONENTIAL, NO_SHAPE, type PointBatch } from "../series/point-batch.ts";
import { KIND, TEMPORALITY } from "../series/point-kinds.ts";
import type { SeriesTable } from "../series/series-table.ts";
import { attributesAt, booleanAt, countAt, doubleAt, enumAt, integerAt, JsonFault, listAt, objectAt, secondsAt, textAt, type JsonObject } from "./json-values.ts";

const DATA_KINDS = [
  ["gauge", KIND.gauge],
  ["sum", KIND.sum],
  ["histogram", KIND.histogram],
  ["exponentialHistogram", KIND.exponentialHistogram],
  ["summary", KIND.summary],
] as const;
/** Range of scales in the data model. */
const MAX_SCALE = 20;
const MIN_SCALE = -10;

/**
 * Decoder of the JSON form of `ExportMetricsServiceRequest`: lowerCamelCase names only, 64-bit integers as text or number,
 * enumerations as numbers, unknown fields passed over. It appends to the same batch as the protobuf decoder does.
 */
export class JsonDecoder {
  readonly #table: SeriesTable;
  readonly #batch: PointBatch;

  constructor(table: SeriesTable, batch: PointBatch) {
    this.#table = table;
    this.#batch = batch;
  }

  /** Decode a parsed request into the batch; a fault is a text that starts with the JSON path. */
  decode(request: unknown): string | undefined {
    try {
      if (request === null || typeof request !== "object" || Array.isArray(request)) throw new JsonFault("$: expected an object");
      listAt((request as JsonObject)["resourceMetrics"], "resourceMetrics").forEach((item, i) => {
        this.#resourceMetrics(item, `resourceMetrics[${String(i)}]`);
      });
      return undefined;
    } catch (error) {
      if (error instanceof JsonFault) return error.message;
      throw error;
    }
  }

  #resourceMetrics(item: unknown, path: string): void {
    const resourceMetrics = objectAt(item, path);
    const attributes = attributesAt(objectAt(resourceMetrics["resource"], `${path}.resource`)["attributes"], `${path}.resource.attributes`);
    const resource = this.#table.resource(attributes);
    listAt(resourceMetrics["scopeMetrics"], `${path}.scopeMetrics`).forEach((scope, i) => {
      this.#scopeMetrics(resource, scope, `${path}.scopeMetrics[${String(i)}]`);
    });
  }

  #scopeMetrics(resource: number, item: unknown, path: string): void {
    const scopeMetrics = objectAt(item, path);
    const scope = objectAt(scopeMetrics["scope"], `${path}.scope`);
    const [name, version] = [textAt(scope["name"], `${path}.scope.name`), textAt(scope["version"], `${path}.scope.version`)];
    const id = this.#table.scope(resource, { name, version, attributes: attributesAt(scope["attributes"], `${path}.scope.attributes`) });
    listAt(scopeMetrics["metrics"], `${path}.metrics`).forEach((metric, i) => {
      this.#metric(id, objectAt(metric, `${path}.metrics[${String(i)}]`), `${path}.metrics[${String(i)}]`);
    });
  }

  #metric(scope: number, metric: JsonObject, path: string): void {
    const name = textAt(metric["name"], `${path}.name`);
    const unit = textAt(metric["unit"], `${path}.unit`);
    for (const [field, kind] of DATA_KINDS) {
      if (metric[field] === undefined || metric[field] === null) continue;
      const data = objectAt(metric[field], `${path}.${field}`);
      const points = listAt(data["dataPoints"], `${path}.${field}.dataPoints`);
      if (name === "") this.#batch.unnamed += points.length;
      else if (points.length > 0) this.#data({ metric: this.#table.metric(scope, { kind, name, unit }), kind, data, points, path: `${path}.${field}` });
    }
  }

  #data(task: { readonly metric: number; readonly kind: number; readonly data: JsonObject; readonly points: readonly unknown[]; readonly path: string }): void {
    const { metric, kind, data, points, path } = task;
    const stated = kind !== KIND.gauge && kind !== KIND.summary;
    const temporality = stated ? enumAt(data["aggregationTemporality"], `${path}.aggregationTemporality`) : TEMPORALITY.cumulative;
    const monotonic = kind === KIND.sum ? booleanAt(data["isMonotonic"], `${path}.isMonotonic`) : kind !== KIND.gauge;
    const from = this.#batch.count;
    points.forEach((item, i) => {
      const at = `${path}.dataPoints[${String(i)}]`;
      const point = objectAt(item, at);
      const series = this.#table.seriesOf(metric, attributesAt(point["attributes"], `${at}.attributes`));
      this.#point(series, kind, { point, path: at });
    });
    this.#batch.blocks.push({ metric, from, to: this.#batch.count, kind, temporality, monotonic });
  }

  #point(series: number, kind: number, { point, path }: { readonly point: JsonObject; readonly path: string }): void {
    const start = secondsAt(point["startTimeUnixNano"], `${path}.startTimeUnixNano`);
    const time = secondsAt(point["timeUnixNano"], `${path}.timeUnixNano`);
    const flags = countAt(point["flags"], `${path}.flags`);
    this.#batch.exemplars += listAt(point["exemplars"], `${path}.exemplars`).length;
    if (kind === KIND.gauge || kind === KIND.sum) {
      this.#batch.add(series, start, time, numberOf(point, path), 0, flags, NO_SHAPE);
      return;
    }
    const count = countAt(point["count"], `${path}.count`);
    const sum = point["sum"] === undefined || point["sum"] === null ? Number.NaN : doubleAt(point["sum"], `${path}.sum`);
    let shape: number = NO_SHAPE;
    if (kind === KIND.histogram) shape = this.#explicitShape(point, count, path);
    else if (kind === KIND.exponentialHistogram) shape = this.#exponentialShape(point, count, path);
    this.#batch.add(series, start, time, sum, count, flags, shape);
  }

  #explicitShape(point: JsonObject, total: number, path: string): number {
    const counts = listAt(point["bucketCounts"], `${path}.bucketCounts`).map((item, i) => countAt(item, `${path}.bucketCounts[${String(i)}]`));
    const bounds = listAt(point["explicitBounds"], `${path}.explicitBounds`).map((item, i) => doubleAt(item, `${path}.explicitBounds[${String(i)}]`));
    if (counts.length === 0) return bounds.length === 0 ? NO_SHAPE : BAD_SHAPE;
    if (bounds.length !== counts.length - 1 || counts.reduce((a, b) => a + b, 0) !== total) return BAD_SHAPE;
    const bytes = new Float64Array(bounds);
    const id = bounds.length === 0 ? -1 : this.#table.internBounds({ view: new DataView(bytes.buffer), start: 0, end: bytes.byteLength });
    if (bounds.length > 0 && id < 0) return BAD_SHAPE;
    const offset = this.#shape(EXPLICIT.counts + counts.length);
    this.#batch.shapes.set([id, counts.length, ...counts], offset);
    return offset;
  }

  #exponentialShape(point: JsonObject, total: number, path: string): number {
    const scale = Number(integerAt(point["scale"], `${path}.scale`));
    const zeroCount = countAt(point["zeroCount"], `${path}.zeroCount`);
    const zeroThreshold = point["zeroThreshold"] === undefined || point["zeroThreshold"] === null ? 0 : doubleAt(point["zeroThreshold"], `${path}.zeroThreshold`);
    const [positive, negative] = [bucketsAt(point["positive"], `${path}.positive`), bucketsAt(point["negative"], `${path}.negative`)];
    const counts = [...positive.counts, ...negative.counts];
    if (counts.reduce((a, b) => a + b, zeroCount) !== total || scale < MIN_SCALE || scale > MAX_SCALE) return BAD_SHAPE;
    const offset = this.#shape(EXPONENTIAL.counts + counts.length);
    this.#batch.shapes.set([scale, zeroCount, zeroThreshold, positive.offset, positive.counts.length, negative.offset, negative.counts.length, ...counts], offset);
    return offset;
  }

  #shape(length: number): number {
    this.#batch.reserveShape(length);
    const offset = this.#batch.shapesUsed;
    this.#batch.shapesUsed += length;
    return offset;
  }
}

function numberOf(point: JsonObject, path: string): number {
  if (point["asDouble"] !== undefined && point["asDouble"] !== null) return doubleAt(point["asDouble"], `${path}.asDouble`);
  if (point["asInt"] !== undefined && point["asInt"] !== null) return Number(integerAt(point["asInt"], `${path}.asInt`));
  return Number.NaN;
}

function bucketsAt(value: unknown, path: string): { readonly offset: number; readonly counts: readonly number[] } {
  const buckets = objectAt(value, path);
  const counts = listAt(buckets["bucketCounts"], `${path}.bucketCounts`).map((item, i) => countAt(item, `${path}.bucketCounts[${String(i)}]`));
  return { offset: Number(integerAt(buckets["offset"], `${path}.offset`)), counts };
}
