/** Bytes of requests that are being received or decoded at once; more are answered "try again". */
export const MAX_IN_FLIGHT_BYTES = 256 * 2 ** 20;
export const MAX_IN_FLIGHT_REQUESTS = 64;

/** Keeps what is in flight below a limit, over both transports. */
export class Admission {
  readonly #maxBytes: number;
  readonly #maxRequests: number;
  #bytes = 0;
  #requests = 0;
  #closed = false;

  constructor(limits: { readonly maxBytes: number; readonly maxRequests: number }) {
    this.#maxBytes = limits.maxBytes;
    this.#maxRequests = limits.maxRequests;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** From now on nothing is admitted. */
  close(): void {
    this.#closed = true;
  }

  /** Begin a request of `bytes`; false where there is no room. */
  begin(bytes: number): boolean {
    if (this.#requests >= this.#maxRequests || !this.take(bytes)) return false;
    this.#requests++;
    return true;
  }

  /** Take room for more bytes of a request that has begun. */
  take(bytes: number): boolean {
    if (this.#closed || this.#bytes + bytes > this.#maxBytes) return false;
    this.#bytes += bytes;
    return true;
  }

  /** A request is answered: give back all that it took. */
  end(bytes: number): void {
    this.#bytes -= bytes;
    this.#requests--;
  }
}
