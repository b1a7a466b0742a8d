/* eslint-disable max-params -- called for every point: an object a call would be made for each */
import { BucketReader } from "./bucket-reader.ts";
import type { FormIndex } from "./form-index.ts";
import { NO_SHAPE, type PointBatch } from "../series/point-batch.ts";
import { KIND } from "../series/point-kinds.ts";
import type { SeriesTable } from "../series/series-table.ts";
import { STOPPED, type WireCursor } from "./wire-cursor.ts";

const TWO_32 = 4294967296;
/** Tags of the attribute fields: the kinds of point number them differently. */
const NUMBER_ATTRIBUTES = 58;
const HISTOGRAM_ATTRIBUTES = 74;
const EXPONENTIAL_ATTRIBUTES = 10;

/** Decodes one data point into the batch: its series by the raw bytes of its attributes, its numbers, its buckets. */
export class PointDecoder {
  readonly #cursor: WireCursor;
  readonly #forms: FormIndex;
  readonly #batch: PointBatch;
  readonly #buckets: BucketReader;
  /** Span of the attribute fields of the point in hand, -1 where it has none; `#split`: other fields stand between them. */
  #attributesStart = -1;
  #attributesEnd = -1;
  #split = false;
  /** Fields that histograms, exponential histograms and summaries number alike. */
  #start = 0;
  #time = 0;
  #count = 0;
  #sum = Number.NaN;
  #flags = 0;

  constructor(parts: { readonly cursor: WireCursor; readonly forms: FormIndex; readonly table: SeriesTable; readonly batch: PointBatch }) {
    this.#cursor = parts.cursor;
    this.#forms = parts.forms;
    this.#batch = parts.batch;
    this.#buckets = new BucketReader(parts);
  }

  /** Decode the point of a metric from the cursor to `end`. */
  decode(kind: number, metric: number, end: number): void {
    if (end === STOPPED) return;
    if (kind === KIND.histogram) this.#histogram(metric, end);
    else if (kind === KIND.exponentialHistogram) this.#exponentialHistogram(metric, end);
    else if (kind === KIND.summary) this.#summary(metric, end);
    else this.#number(metric, end);
  }

  /** `NumberDataPoint`: start 2, time 3, as_double 4, exemplars 5, as_int 6, attributes 7, flags 8. The hot path: locals, few calls. */
  #number(metric: number, end: number): void {
    const cursor = this.#cursor;
    const bytes = cursor.bytes;
    const view = cursor.view;
    const from = cursor.position;
    let p = from;
    let attributesStart = -1;
    let attributesEnd = -1;
    let split = false;
    let start = 0;
    let time = 0;
    let value = Number.NaN;
    let flags = 0;
    while (p < end) {
      const tag = bytes[p] as number;
      if (tag === NUMBER_ATTRIBUTES) {
        if (attributesStart < 0) attributesStart = p;
        else if (attributesEnd !== p) split = true;
        const length = p + 1 < end ? (bytes[p + 1] as number) : 128;
        if (length < 128 && p + 2 + length <= end) p += 2 + length;
        else {
          cursor.position = p + 1;
          p = cursor.blockEnd(end);
        }
        attributesEnd = p;
      } else if ((tag & 0x87) === 1 && tag > 8 && p + 9 <= end) {
        p += 9;
        if (tag === 25) time = (view.getUint32(p - 4, true) * TWO_32 + view.getUint32(p - 8, true)) / 1e9;
        else if (tag === 17) start = (view.getUint32(p - 4, true) * TWO_32 + view.getUint32(p - 8, true)) / 1e9;
        else if (tag === 33) value = view.getFloat64(p - 8, true);
        else if (tag === 49) value = view.getInt32(p - 4, true) * TWO_32 + view.getUint32(p - 8, true);
      } else {
        cursor.position = p;
        const field = cursor.varint(end);
        if (field === 64) flags = cursor.varint(end);
        else {
          cursor.skip(field, end);
          if (field === 42) this.#batch.exemplars++;
        }
        p = cursor.position;
      }
    }
    if (cursor.hasFailed()) return;
    cursor.position = end;
    this.#attributesStart = attributesStart;
    this.#attributesEnd = attributesEnd;
    this.#split = split;
    const series = this.#series(metric, from, end, NUMBER_ATTRIBUTES);
    if (!cursor.hasFailed()) this.#batch.add(series, start, time, value, 0, flags, NO_SHAPE);
  }

  /** `HistogramDataPoint`: bucket_counts 6, explicit_bounds 7, exemplars 8, attributes 9, flags 10; min and max are not kept. */
  #histogram(metric: number, end: number): void {
    const cursor = this.#cursor;
    const buckets = this.#buckets;
    const from = cursor.position;
    this.#begin();
    buckets.begin();
    while (cursor.position < end) {
      const at = cursor.position;
      const tag = cursor.varint(end);
      if (tag === HISTOGRAM_ATTRIBUTES) this.#attribute(at, end);
      else if (tag === 50) buckets.counts(cursor.blockEnd(end));
      else if (tag === 58) buckets.bounds(cursor.blockEnd(end));
      else if (tag === 49) buckets.count(cursor.fixed64(end));
      else if (tag === 57) buckets.bound(cursor.double(end));
      else if (tag === 80) this.#flags = cursor.varint(end);
      else if (!this.#shared(tag, end)) this.#skip(tag, end, 66);
    }
    if (cursor.hasFailed()) return;
    const series = this.#series(metric, from, end, HISTOGRAM_ATTRIBUTES);
    if (!cursor.hasFailed()) this.#add(series, buckets.explicitShape(this.#count));
  }

  /** `ExponentialHistogramDataPoint`: attributes 1, scale 6, zero_count 7, positive 8, negative 9, flags 10, exemplars 11, zero_threshold 14. */
  #exponentialHistogram(metric: number, end: number): void {
    const cursor = this.#cursor;
    const buckets = this.#buckets;
    const from = cursor.position;
    this.#begin();
    buckets.begin();
    while (cursor.position < end) {
      const at = cursor.position;
      const tag = cursor.varint(end);
      if (tag === EXPONENTIAL_ATTRIBUTES) this.#attribute(at, end);
      else if (tag === 48) buckets.scale = cursor.sint32(end);
      else if (tag === 57) buckets.zeroCount = cursor.fixed64(end);
      else if (tag === 66) buckets.positive(cursor.blockEnd(end));
      else if (tag === 74) buckets.negative(cursor.blockEnd(end));
      else if (tag === 80) this.#flags = cursor.varint(end);
      else if (tag === 113) buckets.zeroThreshold = cursor.double(end);
      else if (!this.#shared(tag, end)) this.#skip(tag, end, 90);
    }
    if (cursor.hasFailed()) return;
    const series = this.#series(metric, from, end, EXPONENTIAL_ATTRIBUTES);
    if (!cursor.hasFailed()) this.#add(series, buckets.exponentialShape(this.#count));
  }

  /** `SummaryDataPoint`: attributes 7, flags 8. Count and sum are kept; its quantiles cannot be merged and are not. */
  #summary(metric: number, end: number): void {
    const cursor = this.#cursor;
    const from = cursor.position;
    this.#begin();
    while (cursor.position < end) {
      const at = cursor.position;
      const tag = cursor.varint(end);
      if (tag === NUMBER_ATTRIBUTES) this.#attribute(at, end);
      else if (tag === 64) this.#flags = cursor.varint(end);
      else if (!this.#shared(tag, end)) cursor.skip(tag, end);
    }
    if (cursor.hasFailed()) return;
    const series = this.#series(metric, from, end, NUMBER_ATTRIBUTES);
    if (!cursor.hasFailed()) this.#add(series, NO_SHAPE);
  }

  #begin(): void {
    this.#attributesStart = -1;
    this.#attributesEnd = -1;
    this.#split = false;
    this.#start = 0;
    this.#time = 0;
    this.#count = 0;
    this.#sum = Number.NaN;
    this.#flags = 0;
  }

  #add(series: number, shapeOffset: number): void {
    this.#batch.add(series, this.#start, this.#time, this.#sum, this.#count, this.#flags, shapeOffset);
  }

  /** start_time 2, time 3, count 4, sum 5. */
  #shared(tag: number, end: number): boolean {
    if (tag === 25) this.#time = this.#cursor.seconds(end);
    else if (tag === 17) this.#start = this.#cursor.seconds(end);
    else if (tag === 33) this.#count = this.#cursor.fixed64(end);
    else if (tag === 41) this.#sum = this.#cursor.double(end);
    else return false;
    return true;
  }

  #skip(tag: number, end: number, exemplarsTag: number): void {
    this.#cursor.skip(tag, end);
    if (tag === exemplarsTag) this.#batch.exemplars++;
  }

  /** Note the span of an attribute field whose tag stands at `at`. */
  #attribute(at: number, end: number): void {
    if (this.#attributesStart < 0) this.#attributesStart = at;
    else if (this.#attributesEnd !== at) this.#split = true;
    const blockEnd = this.#cursor.blockEnd(end);
    this.#attributesEnd = blockEnd;
    this.#cursor.position = blockEnd;
  }

  #series(metric: number, from: number, end: number, tag: number): number {
    const cursor = this.#cursor;
    if (this.#split) return this.#gatheredSeries(metric, from, end, tag);
    const start = this.#attributesStart < 0 ? 0 : this.#attributesStart;
    const stop = this.#attributesStart < 0 ? 0 : this.#attributesEnd;
    const known = this.#forms.findSeries(metric, cursor.view, start, stop);
    return known >= 0 ? known : this.#forms.addSeries(metric, cursor.bytes, { start, end: stop, tag });
  }

  /** Attribute fields with others between them (no known exporter writes so): copied together first. */
  #gatheredSeries(metric: number, from: number, end: number, tag: number): number {
    const cursor = this.#cursor;
    const gathered = new Uint8Array(end - from);
    let length = 0;
    cursor.position = from;
    while (cursor.position < end) {
      const at = cursor.position;
      const field = cursor.varint(end);
      cursor.skip(field, end);
      if (field !== tag) continue;
      gathered.set(cursor.bytes.subarray(at, cursor.position), length);
      length += cursor.position - at;
    }
    const known = this.#forms.findSeries(metric, new DataView(gathered.buffer), 0, length);
    return known >= 0 ? known : this.#forms.addSeries(metric, gathered, { start: 0, end: length, tag });
  }
}
