import type { StoredPass } from "./entry.ts";

/** Enough for a page of each target of a group, and some MB at most. */
const MAX_DECISIONS = 4_000;

/** The newest passes as they were written, by sequence: what is asked for most is not read from the file again. */
export class RecentPasses {
  readonly #passes = new Map<number, StoredPass>();
  #decisions = 0;

  get(sequence: number): StoredPass | undefined {
    return this.#passes.get(sequence);
  }

  add(sequence: number, stored: StoredPass): void {
    this.#passes.set(sequence, stored);
    this.#decisions += stored.decisions.length;
    for (const [oldest, pass] of this.#passes) {
      if (this.#decisions <= MAX_DECISIONS || oldest === sequence) return;
      this.#passes.delete(oldest);
      this.#decisions -= pass.decisions.length;
    }
  }
}
