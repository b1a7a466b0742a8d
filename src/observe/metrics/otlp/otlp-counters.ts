import { POINT_REJECTIONS, REQUEST_REJECTIONS, type PointRejection, type RequestRejection } from "../series/point-kinds.ts";

/** What came in over OTLP, as plain numbers that only grow. Read them at any time; self-observation exports them. */
export interface OtlpCounters {
  requests: { http: number; grpc: number };
  /** Requests refused whole, by reason. */
  requestsRejected: Record<RequestRejection, number>;
  bytesReceived: number;
  bytesInflated: number;
  pointsAccepted: number;
  pointsRejected: Record<PointRejection, number>;
  /** The same point again (an exporter's retry): not counted twice. */
  duplicates: number;
  /** Accepted out of order, within two intervals. */
  late: number;
  /** Counters that began anew. */
  resets: number;
  /** Two writers seen on one series. */
  conflicts: number;
  /** Points that said NO_RECORDED_VALUE. */
  ended: number;
  exemplars: number;
  summaries: number;
}

export function newOtlpCounters(): OtlpCounters {
  return {
    requests: { http: 0, grpc: 0 },
    requestsRejected: zeros(REQUEST_REJECTIONS),
    bytesReceived: 0,
    bytesInflated: 0,
    pointsAccepted: 0,
    pointsRejected: zeros(POINT_REJECTIONS),
    duplicates: 0,
    late: 0,
    resets: 0,
    conflicts: 0,
    ended: 0,
    exemplars: 0,
    summaries: 0,
  };
}

function zeros<Key extends string>(keys: readonly Key[]): Record<Key, number> {
  return Object.fromEntries(keys.map((key) => [key, 0])) as Record<Key, number>;
}
