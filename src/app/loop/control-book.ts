import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";

import { MODES, type Mode } from "../../model/mode.ts";
import type { Override } from "../../model/override.ts";
import { ownValue } from "../../model/record.ts";
import { failure, success, type Result } from "../../model/result.ts";

const BOOK = z.object({
  format: z.literal(1),
  /** Fencing epoch of the process that wrote it: one more at every start. */
  epoch: z.int().nonnegative(),
  modeLimits: z.record(z.string(), z.enum(MODES)),
  overrides: z.array(
    z.object({
      id: z.string(), target: z.string(), kind: z.enum(["pause", "pause-scale-in", "pin", "floor"]), replicas: z.int().nonnegative().optional(),
      reason: z.string(), author: z.string(), createdAtSeconds: z.number(), expiresAtSeconds: z.number(),
    }),
  ),
});
type Book = z.infer<typeof BOOK>;

/**
 * What people have told the daemon (overrides, lowered modes) and its epoch, in one small file that is replaced whole and
 * synced: a pause survives a restart, a crash and a rollback of the configuration.
 */
export class ControlBook {
  readonly #path: string;
  #book: Book;

  private constructor(path: string, book: Book) {
    this.#path = path;
    this.#book = book;
  }

  /** Opens the book and begins a new epoch. A file that cannot be read is a failure: a pause might be lost with it. */
  static open(path: string): Result<ControlBook> {
    let before: Book = { format: 1, epoch: 0, modeLimits: {}, overrides: [] };
    try {
      if (existsSync(path)) before = BOOK.parse(JSON.parse(readFileSync(path, "utf8")));
    } catch (error) {
      return failure("permanent", `${path} holds the overrides and cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    }
    const book = new ControlBook(path, before);
    const written = book.#replace({ ...before, epoch: before.epoch + 1 });
    return written.ok ? success(book) : written;
  }

  get epoch(): number {
    return this.#book.epoch;
  }

  /** Those that have not ended. */
  overrides(nowSeconds: number): readonly Override[] {
    return (this.#book.overrides as readonly Override[]).filter((override) => nowSeconds < override.expiresAtSeconds);
  }

  modeLimit(target: string): Mode | undefined {
    return ownValue(this.#book.modeLimits, target);
  }

  /** Adds an override; one with the same id stays as it is and is given back. */
  add(override: Override, nowSeconds: number): Result<Override> {
    const kept = this.overrides(nowSeconds).find((one) => one.id === override.id);
    if (kept !== undefined) return success(kept);
    const written = this.#replace({ ...this.#book, overrides: [...this.overrides(nowSeconds), override] });
    return written.ok ? success(override) : written;
  }

  remove(id: string, nowSeconds: number): Result<Override> {
    const kept = this.overrides(nowSeconds);
    const removed = kept.find((one) => one.id === id);
    if (removed === undefined) return failure("missing", `there is no override ${id}`);
    const written = this.#replace({ ...this.#book, overrides: kept.filter((one) => one !== removed) });
    return written.ok ? success(removed) : written;
  }

  /** Lowers a target's mode for good; undefined gives it back to the policy. */
  setModeLimit(target: string, mode: Mode | undefined): Result<void> {
    const modeLimits = Object.fromEntries(Object.entries(this.#book.modeLimits).filter(([name]) => name !== target));
    return this.#replace({ ...this.#book, modeLimits: mode === undefined ? modeLimits : { ...modeLimits, [target]: mode } });
  }

  #replace(book: Book): Result<void> {
    try {
      mkdirSync(dirname(this.#path), { recursive: true });
      const file = openSync(`${this.#path}.new`, "w", 0o600);
      try {
        writeSync(file, `${JSON.stringify(book)}\n`);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(`${this.#path}.new`, this.#path);
      // The name is the folder's: without it a loss of power may bring the old file, and its epoch, back.
      const folder = openSync(dirname(this.#path), "r");
      try {
        fsyncSync(folder);
      } finally {
        closeSync(folder);
      }
    } catch (error) {
      return failure("transient", `${this.#path} could not be written: ${error instanceof Error ? error.message : String(error)}`);
    }
    this.#book = book;
    return success(undefined);
  }
}
