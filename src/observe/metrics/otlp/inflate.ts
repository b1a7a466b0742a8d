import { gunzip } from "node:zlib";
import { failure, success, type Result } from "../../../model/result.ts";
import type { RequestRejection } from "../series/point-kinds.ts";

/** How much a request may hold. */
export interface InflateLimits {
  /** Bytes after inflating. */
  readonly maxBytes: number;
  /** Inflated over compressed, for bodies that inflate to more than a mebibyte. */
  readonly maxRatio: number;
}

/** 64 MiB as the Collector's HTTP limit is tens of MiB; repetitive but honest OTLP was measured at 71:1. */
export const DEFAULT_INFLATE_LIMITS: InflateLimits = { maxBytes: 64 << 20, maxRatio: 200 };

const RATIO_FROM_BYTES = 1 << 20;
const MIN_CHUNK_BYTES = 16 << 10;

export type Inflated = Result<Uint8Array> & { readonly reason?: RequestRejection };

/**
 * Inflate gzip off the main thread, at most to the limits: a bomb is stopped on its way, before it takes the memory.
 * Failures: `too-large`, `ratio`, or `bad-gzip` for bytes that are cut off or no gzip.
 */
export function inflate(compressed: Uint8Array, limits: InflateLimits = DEFAULT_INFLATE_LIMITS): Promise<Inflated> {
  const byRatio = Math.max(RATIO_FROM_BYTES, compressed.length * limits.maxRatio);
  const maxOutputLength = Math.min(limits.maxBytes, byRatio);
  const chunkSize = Math.min(Math.max(statedLength(compressed), MIN_CHUNK_BYTES), maxOutputLength);
  return new Promise((resolve) => {
    gunzip(compressed, { maxOutputLength, chunkSize }, (error, bytes) => {
      if (error === null) resolve(success<Uint8Array>(bytes));
      else if ((error as NodeJS.ErrnoException).code !== "ERR_BUFFER_TOO_LARGE") resolve({ ...failure("permanent", `the body is no whole gzip stream: ${error.message}`), reason: "bad-gzip" });
      else if (byRatio < limits.maxBytes) resolve({ ...failure("permanent", `the body inflates to more than ${String(limits.maxRatio)} times its size`), reason: "ratio" });
      else resolve({ ...failure("permanent", `the body inflates to more than ${String(limits.maxBytes)} bytes`), reason: "too-large" });
    });
  });
}

/** The last four bytes of gzip tell the length before compression (modulo 2^32): a hint for one buffer of the right size. */
function statedLength(compressed: Uint8Array): number {
  if (compressed.length < 18) return 0;
  return new DataView(compressed.buffer, compressed.byteOffset + compressed.length - 4, 4).getUint32(0, true);
}
