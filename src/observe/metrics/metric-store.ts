import { failure, success, type Result } from "../../model/result.ts";
import { newOtlpCounters, type OtlpCounters } from "./otlp/otlp-counters.ts";
import { PointBatch } from "./series/point-batch.ts";
import { ProtobufDecoder } from "./otlp/protobuf-decoder.ts";
import { DEFAULT_SERIES_LIMITS, SeriesTable, type SeriesLimits } from "./series/series-table.ts";
import { SeriesUpdater, type ApplySummary } from "./series/series-updater.ts";

/**
 * The metrics that senders have reported: takes requests, keeps each series' last state, and feeds the signals that read it.
 * A request is decoded to its end before anything is applied: one that is malformed changes nothing.
 */
export class MetricStore {
  readonly table: SeriesTable;
  readonly counters: OtlpCounters;
  readonly #batch = new PointBatch();
  readonly #protobuf: ProtobufDecoder;
  readonly #updater: SeriesUpdater;

  constructor(options: { readonly limits?: SeriesLimits; readonly counters?: OtlpCounters } = {}) {
    this.table = new SeriesTable(options.limits ?? DEFAULT_SERIES_LIMITS);
    this.counters = options.counters ?? newOtlpCounters();
    this.#protobuf = new ProtobufDecoder(this.table, this.#batch);
    this.#updater = new SeriesUpdater(this.table, this.counters);
  }

  /** Take the protobuf bytes of an `ExportMetricsServiceRequest`. Malformed: a failure with the byte offset, nothing changed. */
  ingestProtobuf(bytes: Uint8Array, nowSeconds: number): Result<ApplySummary> {
    this.#begin();
    const fault = this.#protobuf.decode(bytes);
    if (fault === undefined) return success(this.#apply(nowSeconds));
    this.#protobuf.rollback();
    this.table.rollback();
    this.counters.requestsRejected.malformed++;
    return failure("permanent", `malformed protobuf at byte ${String(fault.offset)} of ${String(bytes.length)}: ${fault.what}`);
  }

  #begin(): void {
    this.#batch.clear();
    this.table.begin();
  }

  #apply(nowSeconds: number): ApplySummary {
    this.table.commit();
    const summary = this.#updater.apply(this.#batch, nowSeconds);
    if (this.table.trim()) this.#protobuf.dropEvicted();
    return summary;
  }
}
