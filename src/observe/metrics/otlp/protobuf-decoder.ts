import { FormIndex } from "./form-index.ts";
import type { PointBatch } from "../series/point-batch.ts";
import { PointDecoder } from "./point-decoder.ts";
import { KIND, TEMPORALITY } from "../series/point-kinds.ts";
import type { SeriesTable } from "../series/series-table.ts";
import { WireCursor, type WireFault } from "./wire-cursor.ts";

type Span = readonly [start: number, end: number];
const NOTHING: Span = [0, 0];

/**
 * Streaming decoder of `ExportMetricsServiceRequest` (opentelemetry-proto 1.x, `metrics/v1/metrics.proto`). It walks the
 * bytes once and appends points to a batch; for a known series it makes no string and no object. After a fault the caller
 * rolls decoder and table back.
 */
export class ProtobufDecoder {
  readonly #cursor = new WireCursor();
  readonly #forms: FormIndex;
  readonly #points: PointDecoder;
  readonly #batch: PointBatch;

  constructor(table: SeriesTable, batch: PointBatch) {
    this.#forms = new FormIndex(table, this.#cursor);
    this.#points = new PointDecoder({ cursor: this.#cursor, forms: this.#forms, table, batch });
    this.#batch = batch;
  }

  /** Decode a whole request into the batch. A fault tells the byte offset and what was wrong there. */
  decode(bytes: Uint8Array): WireFault | undefined {
    const cursor = this.#cursor;
    this.#forms.begin();
    const end = cursor.reset(bytes);
    while (cursor.position < end) {
      const tag = cursor.varint(end);
      if (tag === 10) this.#resourceMetrics(cursor.blockEnd(end));
      else cursor.skip(tag, end);
    }
    return cursor.fault;
  }

  rollback(): void {
    this.#forms.rollback();
  }

  dropEvicted(): void {
    this.#forms.dropEvicted();
  }

  /** `ResourceMetrics`: resource 1, scope_metrics 2. The resource is looked for first, wherever it stands. */
  #resourceMetrics(end: number): void {
    const cursor = this.#cursor;
    const start = cursor.position;
    const [resourceStart, resourceEnd] = this.#findBlock(10, end);
    if (cursor.hasFailed()) return;
    const resource = this.#forms.resource(resourceStart, resourceEnd);
    if (cursor.hasFailed()) return;
    cursor.position = start;
    while (cursor.position < end) {
      const tag = cursor.varint(end);
      if (tag === 18) this.#scopeMetrics(resource, cursor.blockEnd(end));
      else cursor.skip(tag, end);
    }
  }

  /** `ScopeMetrics`: scope 1, metrics 2. */
  #scopeMetrics(resource: number, end: number): void {
    const cursor = this.#cursor;
    const start = cursor.position;
    const [scopeStart, scopeEnd] = this.#findBlock(10, end);
    if (cursor.hasFailed()) return;
    const scope = this.#forms.scope(resource, scopeStart, scopeEnd);
    if (cursor.hasFailed()) return;
    cursor.position = start;
    while (cursor.position < end) {
      const tag = cursor.varint(end);
      if (tag === 18) this.#metric(scope, cursor.blockEnd(end));
      else cursor.skip(tag, end);
    }
  }

  /** `Metric`: name 1, unit 3, and one of gauge 5, sum 7, histogram 9, exponential_histogram 10, summary 11. */
  #metric(scope: number, end: number): void {
    const cursor = this.#cursor;
    let [name, unit, data] = [NOTHING, NOTHING, NOTHING];
    let kind = 0;
    while (cursor.position < end) {
      const tag = cursor.varint(end);
      const field = tag >> 3;
      if ((tag & 7) !== 2) cursor.skip(tag, end);
      else {
        const blockEnd = cursor.blockEnd(end);
        const span: Span = [cursor.position, blockEnd];
        if (field === 1) name = span;
        else if (field === 3) unit = span;
        else if (field === 5 || field === 7 || (field >= 9 && field <= 11)) [kind, data] = [field, span];
        else if (field === 0) cursor.fail("field number 0 is not allowed");
        cursor.position = blockEnd;
      }
    }
    if (cursor.hasFailed() || kind === 0) return;
    cursor.position = data[0];
    if (name[0] === name[1]) this.#unnamed(data[1]);
    else {
      const metric = this.#forms.metric(scope, kind, name, unit);
      if (!cursor.hasFailed()) this.#data(metric, kind, data[1]);
    }
    if (!cursor.hasFailed()) cursor.position = end;
  }

  /** Any of the data messages: data_points 1, aggregation_temporality 2, is_monotonic 3 (the last two follow the points). */
  #data(metric: number, kind: number, end: number): void {
    const cursor = this.#cursor;
    const from = this.#batch.count;
    let temporality: number = kind === KIND.gauge || kind === KIND.summary ? TEMPORALITY.cumulative : TEMPORALITY.unspecified;
    let monotonic = kind !== KIND.sum && kind !== KIND.gauge;
    while (cursor.position < end) {
      const tag = cursor.varint(end);
      if (tag === 10) this.#points.decode(kind, metric, cursor.blockEnd(end));
      else if (tag === 16 && kind !== KIND.gauge && kind !== KIND.summary) temporality = cursor.varint(end);
      else if (tag === 24 && kind === KIND.sum) monotonic = cursor.varint(end) !== 0;
      else cursor.skip(tag, end);
    }
    if (this.#batch.count > from) this.#batch.blocks.push({ metric, from, to: this.#batch.count, kind, temporality, monotonic });
  }

  /** Walk the points of a metric without a name, only to count them. */
  #unnamed(end: number): void {
    const cursor = this.#cursor;
    while (cursor.position < end) {
      const tag = cursor.varint(end);
      cursor.skip(tag, end);
      if (tag === 10) this.#batch.unnamed++;
    }
  }

  /** The last block with `tag` up to `end`; an empty one where there is none. */
  #findBlock(tag: number, end: number): Span {
    const cursor = this.#cursor;
    let found: Span = [cursor.position, cursor.position];
    while (cursor.position < end) {
      const field = cursor.varint(end);
      if (field === tag) {
        const blockEnd = cursor.blockEnd(end);
        found = [cursor.position, blockEnd];
        cursor.position = blockEnd;
      } else cursor.skip(field, end);
    }
    return found;
  }
}
