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

const RATIO_FROM_BYTES = 2 ** 20;
const MIN_CHUNK_BYTES = 16 * 2 ** 10;
/** Bodies that are inflated at once: each may take the whole limit of memory while it is. */
const MAX_AT_ONCE = 2;

export type Inflated = Result<Uint8Array> & { readonly reason?: RequestRejection };

/**
 * Inflates gzip off the main thread, a few bodies at once, each at most to the limits: a bomb is stopped on its way, before
 * it takes the memory. Failures: `too-large`, `ratio`, or `bad-gzip` for bytes that are cut off or no gzip.
 */
export class Inflater {
  readonly #limits: InflateLimits;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(limits: InflateLimits = DEFAULT_INFLATE_LIMITS) {
    this.#limits = limits;
  }

  /** Inflate one body; `maxBytes` may be less than the limit. */
  async inflate(compressed: Uint8Array, maxBytes: number = this.#limits.maxBytes): Promise<Inflated> {
    const byRatio = Math.max(RATIO_FROM_BYTES, compressed.length * this.#limits.maxRatio);
    const maxOutputLength = Math.min(maxBytes, byRatio);
    const over = byRatio < maxBytes ? overRatio(this.#limits.maxRatio) : overSize(maxBytes);
    if (this.#running >= MAX_AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running++;
    try {
      return await gunzipWithin(compressed, { maxOutputLength, chunkSize: chunkBytes(compressed, maxOutputLength) }, over);
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }
}

function gunzipWithin(compressed: Uint8Array, options: { readonly maxOutputLength: number; readonly chunkSize: number }, over: Inflated): Promise<Inflated> {
  return new Promise((resolve) => {
    gunzip(compressed, options, (error, bytes) => {
      if (error === null) resolve(success<Uint8Array>(bytes));
      else if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") resolve(over);
      else resolve({ ...failure("permanent", `the body is no whole gzip stream: ${error.message}`), reason: "bad-gzip" });
    });
  });
}

function overRatio(maxRatio: number): Inflated {
  return { ...failure("permanent", `the body inflates to more than ${String(maxRatio)} times its size`), reason: "ratio" };
}

function overSize(maxBytes: number): Inflated {
  return { ...failure("permanent", `the body inflates to more than ${String(maxBytes)} bytes`), reason: "too-large" };
}

/**
 * The last four bytes of gzip tell the length of its last member (modulo 2^32): a hint for one buffer of the right size. A
 * sender that misstates it, or whose body is cut off, only gets more or smaller buffers.
 */
function chunkBytes(compressed: Uint8Array, maxBytes: number): number {
  if (compressed.length < 18) return MIN_CHUNK_BYTES;
  const stated = new DataView(compressed.buffer, compressed.byteOffset + compressed.length - 4, 4).getUint32(0, true);
  return stated > maxBytes ? MIN_CHUNK_BYTES : Math.max(stated, MIN_CHUNK_BYTES);
}
