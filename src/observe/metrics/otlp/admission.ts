/** Bytes of requests that are being received or decoded at once; more are answered "try again". */
export const MAX_IN_FLIGHT_BYTES = 256 << 20;

/** Keeps what is in flight below a limit, over both transports. */
export class Admission {
  readonly #maxBytes: number;
  #bytes = 0;
  #closed = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** From now on nothing is admitted. */
  close(): void {
    this.#closed = true;
  }

  /** Take room for `bytes`; false where there is none. */
  take(bytes: number): boolean {
    if (this.#closed || this.#bytes + bytes > this.#maxBytes) return false;
    this.#bytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
  }
}
