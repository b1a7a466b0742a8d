/** Work on the main thread takes at most so long at a stretch. */
const SLICE_MILLISECONDS = 4;

/**
 * Does many small pieces of work in order, in slices between which the event loop turns: when hundreds of targets get their
 * next row at the same second, a request or a pass waits for a slice, not for all of them.
 */
export class SliceQueue {
  #work: (() => void)[] = [];
  #next = 0;
  #scheduled: NodeJS.Immediate | undefined;

  get waiting(): number {
    return this.#work.length - this.#next;
  }

  push(work: () => void): void {
    this.#work.push(work);
    this.#scheduled ??= setImmediate(() => { this.#slice(); });
  }

  /** Drops what waits. */
  close(): void {
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    this.#work = [];
    this.#next = 0;
  }

  #slice(): void {
    const end = performance.now() + SLICE_MILLISECONDS;
    while (this.#next < this.#work.length && performance.now() < end) {
      this.#work[this.#next]?.();
      this.#next += 1;
    }
    if (this.#next === this.#work.length) this.close();
    else this.#scheduled = setImmediate(() => { this.#slice(); });
  }
}
