import { z } from "zod";
import type { Journal } from "../../journal/journal.ts";
import { failure, success, type Result } from "../../model/result.ts";
import { readWhole, replaceWhole } from "../whole-file.ts";
import { EVACUATION_PHASES, hasEnded, type Evacuation } from "./traffic-view.ts";

const ENTRY = z.object({
  id: z.string(), split: z.string(), region: z.string(), reason: z.string(), author: z.string(), createdAtSeconds: z.number(), expiresAtSeconds: z.number(),
  phase: z.enum(EVACUATION_PHASES), base: z.record(z.string(), z.number()), code: z.string(), note: z.string(),
  lastMoveSeconds: z.number(), lastVersion: z.string().optional(), heldUntilSeconds: z.number(), moves: z.int(),
});
const BOOK = z.object({ format: z.literal(1), evacuations: z.array(ENTRY) });

/** An evacuation, and what its next step needs to know of the one before. */
export type EvacuationEntry = z.infer<typeof ENTRY>;

/** Ended evacuations are kept for a day, so that a repeated request finds its own. */
const KEPT_SECONDS = 86_400;

export interface EvacuationBookParts {
  readonly now: () => number;
  readonly journal: Pick<Journal, "appendNote">;
  /** Where the evacuations are kept. */
  readonly path: string;
}

/** A change that a note in the journal tells of. */
export interface Note {
  readonly kind: string;
  readonly detail: unknown;
}

/** The evacuations under way and those that ended lately, in one file that is replaced whole; what matters of a change is journalled. */
export class EvacuationBook {
  readonly #parts: EvacuationBookParts;
  #entries: readonly EvacuationEntry[];

  private constructor(parts: EvacuationBookParts, entries: readonly EvacuationEntry[]) {
    this.#parts = parts;
    this.#entries = entries;
  }

  /** A file that cannot be read is a failure. */
  static async open(parts: EvacuationBookParts): Promise<Result<EvacuationBook>> {
    const read = await readWhole(parts.path);
    if (!read.ok) return read;
    const parsed = BOOK.safeParse(read.value ?? { format: 1, evacuations: [] });
    return parsed.success ? success(new EvacuationBook(parts, parsed.data.evacuations)) : failure("permanent", `${parts.path} holds the evacuations and cannot be read: ${z.prettifyError(parsed.error)}`);
  }

  get all(): readonly EvacuationEntry[] {
    return this.#entries;
  }

  find(id: string): EvacuationEntry | undefined {
    return this.#entries.find((entry) => entry.id === id);
  }

  /** The one of a split that has not ended. */
  active(split: string): EvacuationEntry | undefined {
    return this.#entries.find((entry) => entry.split === split && !hasEnded(entry));
  }

  add(entry: EvacuationEntry, note: Note): Promise<Result<void>> {
    return this.#store([...this.#entries, entry], note);
  }

  /** Changes that say nothing new are not written. */
  replace(entry: EvacuationEntry, note?: Note): Promise<Result<void>> {
    if (JSON.stringify(this.find(entry.id)) === JSON.stringify(entry)) return Promise.resolve(success(undefined));
    return this.#store(this.#entries.map((one) => (one.id === entry.id ? entry : one)), note);
  }

  async #store(entries: readonly EvacuationEntry[], note: Note | undefined): Promise<Result<void>> {
    const now = this.#parts.now();
    const kept = entries.filter((entry) => !hasEnded(entry) || now < entry.expiresAtSeconds + KEPT_SECONDS);
    const written = await replaceWhole(this.#parts.path, { format: 1, evacuations: kept });
    if (!written.ok) return written;
    this.#entries = kept;
    if (note !== undefined) await this.#parts.journal.appendNote(now, note.kind, note.detail);
    return written;
  }
}

/** An entry as the API and the page show it. */
export function shownEvacuation({ lastMoveSeconds: _, lastVersion: __, heldUntilSeconds: ___, moves: ____, ...entry }: EvacuationEntry): Evacuation {
  return entry;
}
