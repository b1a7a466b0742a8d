import { REORDER_INTERVALS, type ApplySummary } from "../series/series-updater.ts";
import type { PointRejection } from "../series/point-kinds.ts";

/** The two forms in which OTLP/HTTP speaks; a response has the form of its request. */
export type Encoding = "protobuf" | "json";

export const CONTENT_TYPES: Readonly<Record<Encoding, string>> = { protobuf: "application/x-protobuf", json: "application/json" };

/** Codes of `google.rpc.Code` that OTLP uses here. */
export const RPC_CODE = { invalidArgument: 3, notFound: 5, resourceExhausted: 8, unimplemented: 12, unavailable: 14, unauthenticated: 16 } as const;

const EXPLANATIONS: Readonly<Record<PointRejection, string>> = {
  cardinality: "over the limit of series",
  future: "too far ahead of this receiver's clock",
  inconsistent: "a histogram whose buckets contradict its count or bounds",
  negative: "a monotonic sum below zero",
  "no-name": "a metric without a name",
  "no-time": "without a time",
  "not-a-number": "a value that is not a finite number",
  "out-of-order": `older than the newest point by more than ${String(REORDER_INTERVALS)} intervals`,
  overlap: "a delta that overlaps the one before",
  past: "too old",
  temporality: "without an aggregation temporality",
  "writer-conflict": "a second writer on the same series",
};

/** Points refused in all, and one sentence on why; undefined where all were taken. */
export function partialSuccess(summary: ApplySummary): { readonly rejected: number; readonly message: string } | undefined {
  const reasons = [...summary.rejected].filter(([, count]) => count > 0);
  if (reasons.length === 0) return undefined;
  const rejected = reasons.reduce((sum, [, count]) => sum + count, 0);
  const parts = reasons.map(([reason, count]) => `${String(count)} ${reason} (${EXPLANATIONS[reason]})`);
  return { rejected, message: `${String(rejected)} of ${String(rejected + summary.accepted)} points refused: ${parts.join(", ")}` };
}

/** The body of `ExportMetricsServiceResponse`; `partial_success` is left out where all points were taken. */
export function exportResponse(summary: ApplySummary, encoding: Encoding): Buffer {
  const partial = partialSuccess(summary);
  if (encoding === "json") {
    return Buffer.from(JSON.stringify(partial === undefined ? {} : { partialSuccess: { rejectedDataPoints: String(partial.rejected), errorMessage: partial.message } }));
  }
  return partial === undefined ? Buffer.alloc(0) : block(1, Buffer.concat([varintField(1, partial.rejected), textField(2, partial.message)]));
}

/** The body of `google.rpc.Status`, the form in which OTLP/HTTP tells errors. */
export function statusBody(code: number, message: string, encoding: Encoding): Buffer {
  return encoding === "json" ? Buffer.from(JSON.stringify({ code, message })) : Buffer.concat([varintField(1, code), textField(2, message)]);
}

/** `google.rpc.Status` with a `RetryInfo` detail, for the `grpc-status-details-bin` trailer: the client may try again after so many seconds. */
export function retryStatus(code: number, message: string, retrySeconds: number): Buffer {
  const retryInfo = block(1, varintField(1, retrySeconds));
  const detail = Buffer.concat([textField(1, "type.googleapis.com/google.rpc.RetryInfo"), block(2, retryInfo)]);
  return Buffer.concat([statusBody(code, message, "protobuf"), block(3, detail)]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

function varintField(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

function block(field: number, body: Buffer): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(body.length), body]);
}

function textField(field: number, text: string): Buffer {
  return block(field, Buffer.from(text));
}
