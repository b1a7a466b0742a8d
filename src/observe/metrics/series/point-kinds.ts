/** The five kinds of OTLP metric data, as small integers for typed arrays. The values are the field numbers of `Metric`'s oneof. */
export const KIND = { gauge: 5, sum: 7, histogram: 9, exponentialHistogram: 10, summary: 11 } as const;

const KIND_NAMES: Readonly<Record<number, string>> = {
  [KIND.gauge]: "gauge",
  [KIND.sum]: "sum",
  [KIND.histogram]: "histogram",
  [KIND.exponentialHistogram]: "exponential histogram",
  [KIND.summary]: "summary",
};

/** The kind's name as the OpenTelemetry data model writes it. */
export function kindName(kind: number): string {
  return KIND_NAMES[kind] ?? `kind ${String(kind)}`;
}

/** AggregationTemporality of opentelemetry.proto.metrics.v1. */
export const TEMPORALITY = { unspecified: 0, delta: 1, cumulative: 2 } as const;

/** DataPointFlags: the series has ended or lapsed; the point carries no value. */
export const NO_RECORDED_VALUE = 1;

/** Why a single point was not taken. Each is a counter; the request as a whole still succeeds (partial success). */
export const POINT_REJECTIONS = [
  "cardinality",
  "future",
  "inconsistent",
  "negative",
  "no-name",
  "no-time",
  "not-a-number",
  "out-of-order",
  "overlap",
  "past",
  "temporality",
  "writer-conflict",
] as const;
export type PointRejection = (typeof POINT_REJECTIONS)[number];

/** Why a whole request was refused. Nothing of it was applied. */
export const REQUEST_REJECTIONS = [
  "bad-gzip",
  "malformed",
  "overloaded",
  "ratio",
  "too-deep",
  "too-large",
  "unsupported-encoding",
  "unsupported-media-type",
] as const;
export type RequestRejection = (typeof REQUEST_REJECTIONS)[number];
