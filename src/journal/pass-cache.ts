import type { StoredPass } from "./entry.ts";

/** Enough for a page of each target of a group; some 6 kB each in memory, less where passes share what did not change. */
const MAX_DECISIONS = 4_000;

/** The passes that were written or read last, by sequence: what is asked for most is not read from the file again. */
export class PassCache {
  readonly #passes = new Map<number, StoredPass>();
  #decisions = 0;

  get(sequence: number): StoredPass | undefined {
    return this.#passes.get(sequence);
  }

  set(sequence: number, pass: StoredPass): void {
    this.#delete(sequence);
    this.#passes.set(sequence, pass);
    this.#decisions += pass.decisions.length;
    for (const oldest of this.#passes.keys()) {
      if (this.#decisions <= MAX_DECISIONS || oldest === sequence) return;
      this.#delete(oldest);
    }
  }

  #delete(sequence: number): void {
    this.#decisions -= this.#passes.get(sequence)?.decisions.length ?? 0;
    this.#passes.delete(sequence);
  }
}
