import type { Attributes } from "./attributes.ts";
import type { BatchBlock, PointBatch } from "./point-batch.ts";
import type { MetricEntry, SeriesTable } from "./series-table.ts";

/** Takes the accepted points of one series for one signal. */
export interface SeriesSink {
  readonly watcher: SeriesWatcher;
  /** True once it holds nothing any more: the series may be evicted. A point wakes it. */
  readonly dormant: boolean;
  push(batch: PointBatch, index: number, block: BatchBlock): void;
}

/** A signal that reads some of the series: it names their metrics, chooses among them, and gets a sink per series. */
export interface SeriesWatcher {
  readonly metricNames: readonly string[];
  /** Series that it holds samples of. */
  readonly seriesCount: number;
  wants(metric: MetricEntry, point: Attributes, resource: Attributes): boolean;
  /** A sink for a series it wants, else undefined. */
  attach(series: number, table: SeriesTable): SeriesSink | undefined;
  /** A series that it wants could not be taken: it has `limit` series. */
  overflow(limit: number): void;
  /** The series was evicted. */
  detach(series: number): void;
}
