import { failure, success, type Failure, type Result } from "../../model/result.ts";
import { JsonDecoder } from "./otlp/json-decoder.ts";
import { MAX_JSON_DEPTH, tooDeepAt } from "./otlp/json-depth.ts";
import { newOtlpCounters, type OtlpCounters } from "./otlp/otlp-counters.ts";
import { ProtobufDecoder } from "./otlp/protobuf-decoder.ts";
import { PointBatch } from "./series/point-batch.ts";
import type { RequestRejection } from "./series/point-kinds.ts";
import { DEFAULT_SERIES_LIMITS, SeriesTable, type SeriesLimits } from "./series/series-table.ts";
import { DEFAULT_TIME_LIMITS, SeriesUpdater, type ApplySummary, type TimeLimits } from "./series/series-updater.ts";

export interface MetricStoreOptions {
  readonly series?: Partial<SeriesLimits>;
  readonly time?: Partial<TimeLimits>;
  /** Deepest nesting of a JSON request. */
  readonly maxJsonDepth?: number;
  readonly counters?: OtlpCounters;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * The metrics that senders have reported: takes requests, keeps each series' last state, and feeds the signals that read it.
 * A request is decoded to its end before anything is applied: one that is malformed changes nothing. Of a request that is
 * well formed, the points that break a rule are left out and counted (partial success).
 */
export class MetricStore {
  readonly table: SeriesTable;
  readonly counters: OtlpCounters;
  readonly #batch = new PointBatch();
  readonly #protobuf: ProtobufDecoder;
  readonly #json: JsonDecoder;
  readonly #updater: SeriesUpdater;
  readonly #maxJsonDepth: number;

  constructor(options: MetricStoreOptions = {}) {
    this.#maxJsonDepth = options.maxJsonDepth ?? MAX_JSON_DEPTH;
    this.table = new SeriesTable({ ...DEFAULT_SERIES_LIMITS, ...options.series });
    this.counters = options.counters ?? newOtlpCounters();
    this.#protobuf = new ProtobufDecoder(this.table, this.#batch);
    this.#json = new JsonDecoder(this.table, this.#batch);
    this.#updater = new SeriesUpdater(this.table, this.counters, { ...DEFAULT_TIME_LIMITS, ...options.time });
  }

  /** Take the protobuf bytes of an `ExportMetricsServiceRequest`. Malformed: a failure with the byte offset, nothing changed. */
  ingestProtobuf(bytes: Uint8Array, nowSeconds: number): Result<ApplySummary> {
    this.#begin();
    const fault = this.#protobuf.decode(bytes);
    if (fault === undefined) return success(this.#apply(nowSeconds));
    this.#protobuf.rollback();
    this.table.rollback();
    return this.#refuse("malformed", `malformed protobuf at byte ${String(fault.offset)} of ${String(bytes.length)}: ${fault.what}`);
  }

  /** Take the UTF-8 JSON form of the same. Malformed: a failure with the byte offset or the JSON path, nothing changed. */
  ingestJson(bytes: Uint8Array, nowSeconds: number): Result<ApplySummary> {
    const deep = tooDeepAt(bytes, this.#maxJsonDepth);
    if (deep >= 0) return this.#refuse("too-deep", `the JSON nests deeper than ${String(this.#maxJsonDepth)} at byte ${String(deep)}`);
    let request: unknown;
    try {
      request = JSON.parse(utf8.decode(bytes));
    } catch (error) {
      return this.#refuse("malformed", `malformed JSON: ${error instanceof Error ? error.message : String(error)}`);
    }
    return this.ingestObject(request, nowSeconds);
  }

  /** Take the JSON form after parsing. */
  ingestObject(request: unknown, nowSeconds: number): Result<ApplySummary> {
    this.#begin();
    const fault = this.#json.decode(request);
    if (fault === undefined) return success(this.#apply(nowSeconds));
    this.table.rollback();
    return this.#refuse("malformed", `malformed OTLP/JSON at ${fault}`);
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

  #refuse(reason: RequestRejection, message: string): Failure {
    this.counters.requestsRejected[reason]++;
    return failure("permanent", message);
  }
}
