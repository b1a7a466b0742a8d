import { z } from "zod";

import type { Mark } from "../../../forecasts/calendars/marks.ts";
import { failure, success, type Result } from "../../model/result.ts";
import { MARK_KINDS } from "./mark-kinds.ts";
import { readWhole, replaceWhole } from "../whole-file.ts";

/** A stretch of one target's history that forecasts do not learn from: who said so, when, and why. */
export interface TargetMark extends Mark {
  readonly target: string;
  readonly author: string;
  readonly createdAtSeconds: number;
  /** Found by the daemon itself. */
  readonly automatic: boolean;
}

/** What the daemon has found in a target's rows. */
export interface FoundStretch {
  readonly target: string;
  readonly kind: Mark["kind"];
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly reason: string;
}

const ENTRY = z.object({
  id: z.string(), target: z.string(), kind: z.enum(MARK_KINDS), fromSeconds: z.number(), toSeconds: z.number(), reason: z.string(),
  author: z.string(), createdAtSeconds: z.number(), automatic: z.boolean(),
  /** One that was found and then undone stays, so that it is not found again. */
  undone: z.boolean(),
});
type Entry = z.infer<typeof ENTRY>;
const BOOK = z.object({ format: z.literal(1), marks: z.array(ENTRY) });

const AUTHOR = "foretide";
const MAX_MARKS_OF_TARGET = 1_000;
const WRITE_EVERY_MS = 60_000;

/**
 * The marks of all targets, in one small file that is replaced whole. A person's change is synced before it is answered; what the
 * daemon finds is written within a minute, since a stretch that is still on grows with every tick.
 */
export class MarkBook {
  readonly #path: string;
  readonly #byTarget: Map<string, readonly Entry[]>;
  readonly #timer: NodeJS.Timeout;
  #dirty = false;
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(path: string, marks: readonly Entry[]) {
    this.#path = path;
    this.#byTarget = Map.groupBy(marks, ({ target }) => target);
    this.#timer = setInterval(() => { if (this.#dirty) void this.#write(); }, WRITE_EVERY_MS).unref();
  }

  /** A file that cannot be read is a failure: marks would be lost with the next write. */
  static async open(path: string): Promise<Result<MarkBook>> {
    const read = await readWhole(path);
    if (!read.ok) return read;
    const parsed = BOOK.safeParse(read.value ?? { format: 1, marks: [] });
    return parsed.success ? success(new MarkBook(path, parsed.data.marks)) : failure("permanent", `${path} holds the marks and cannot be read: ${z.prettifyError(parsed.error)}`);
  }

  /** Those in force, oldest first. */
  marks(target: string): readonly TargetMark[] {
    return (this.#byTarget.get(target) ?? []).filter(({ undone }) => !undone).map(({ undone: _, ...mark }) => mark).sort((a, b) => a.fromSeconds - b.fromSeconds);
  }

  find(id: string): TargetMark | undefined {
    for (const target of this.#byTarget.keys()) for (const mark of this.marks(target)) if (mark.id === id) return mark;
    return undefined;
  }

  /** Adds a person's mark; one with the same id stays as it is and is given back. */
  async add(mark: TargetMark): Promise<Result<TargetMark>> {
    const known = this.find(mark.id);
    if (known !== undefined) return success(known);
    const entries = this.#withRoom(mark.target);
    if (entries === undefined) return failure("permanent", `${mark.target} has ${String(MAX_MARKS_OF_TARGET)} marks: undo some`);
    this.#byTarget.set(mark.target, entries);
    return await this.#change(mark, { ...mark, undone: false });
  }

  /** What it hid is learned from again at the next fit. */
  async undo(id: string): Promise<Result<TargetMark>> {
    const mark = this.find(id);
    if (mark === undefined) return failure("missing", `there is no mark ${id}`);
    return await this.#change(mark, mark.automatic ? { ...mark, undone: true } : undefined);
  }

  /** Notes a stretch that was found: it joins one of its kind that it touches, and stays undone where that was undone. */
  found(stretch: FoundStretch, nowSeconds: number): void {
    const entries = this.#byTarget.get(stretch.target) ?? [];
    const touching = entries.find((entry) => entry.automatic && entry.kind === stretch.kind && entry.fromSeconds <= stretch.toSeconds && entry.toSeconds >= stretch.fromSeconds);
    if (touching !== undefined) {
      const [fromSeconds, toSeconds] = [Math.min(touching.fromSeconds, stretch.fromSeconds), Math.max(touching.toSeconds, stretch.toSeconds)];
      if (fromSeconds === touching.fromSeconds && toSeconds === touching.toSeconds) return;
      this.#byTarget.set(stretch.target, entries.map((entry) => (entry === touching ? { ...entry, fromSeconds, toSeconds } : entry)));
    } else {
      const fresh: Entry = { ...stretch, id: `${stretch.kind}-${stretch.target}-${String(stretch.fromSeconds)}`, author: AUTHOR, createdAtSeconds: nowSeconds, automatic: true, undone: false };
      const others = this.#withRoom(stretch.target);
      if (others === undefined) return;
      this.#byTarget.set(stretch.target, [...others, fresh]);
    }
    this.#dirty = true;
  }

  /** Drops what ended before a time: no fit sees it any more. */
  forget(beforeSeconds: number): void {
    for (const [target, entries] of this.#byTarget) {
      const kept = entries.filter((entry) => entry.toSeconds >= beforeSeconds);
      if (kept.length === entries.length) continue;
      if (kept.length > 0) this.#byTarget.set(target, kept);
      else this.#byTarget.delete(target);
      this.#dirty = true;
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#dirty) await this.#write();
    await this.#writing;
  }

  /** The target's entries with room for one more: of too many the oldest that was found goes, what a person has said stays. */
  #withRoom(target: string): readonly Entry[] | undefined {
    const entries = this.#byTarget.get(target) ?? [];
    if (entries.length < MAX_MARKS_OF_TARGET) return entries;
    const oldest = entries.findIndex(({ automatic }) => automatic);
    return oldest < 0 ? undefined : entries.filter((_, at) => at !== oldest);
  }

  /** Puts an entry in the place of the mark's, or takes it out; where that cannot be written, the mark's own entry alone goes back. */
  async #change(mark: TargetMark, entry: Entry | undefined): Promise<Result<TargetMark>> {
    const before = this.#replace(mark, entry);
    const written = await this.#write();
    if (written.ok) return success(mark);
    this.#replace(mark, before);
    return written;
  }

  #replace({ id, target }: TargetMark, entry: Entry | undefined): Entry | undefined {
    const entries = this.#byTarget.get(target) ?? [];
    this.#byTarget.set(target, [...entries.filter((one) => one.id !== id), ...(entry === undefined ? [] : [entry])]);
    return entries.find((one) => one.id === id);
  }

  #write(): Promise<Result<void>> {
    const work = this.#writing.then(async () => {
      this.#dirty = false;
      const written = await replaceWhole(this.#path, { format: 1, marks: [...this.#byTarget.values()].flat() } satisfies z.infer<typeof BOOK>);
      if (!written.ok) this.#dirty = true;
      return written;
    });
    this.#writing = work;
    return work;
  }
}
