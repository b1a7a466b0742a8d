import { failure, success, type Failure, type Result } from "../model/result.ts";
import { deltaOf } from "./delta.ts";
import { type Entry, entryText, splitPass, type StoredPass } from "./entry.ts";
import { encodeFrame, markFirstOfCommit } from "./frame.ts";
import type { JournalPass } from "./journal.ts";
import type { JournalFiles } from "./journal-files.ts";
import { Segment } from "./segment.ts";
import { HEADER, segmentName } from "./segment-format.ts";

/** So many passes of a group follow a whole one as deltas: more would be smaller, and slower to read one of. */
const CHAIN_LENGTH = 32;

/** Told of each entry once it is durable. */
export type OnCommit = (segment: Segment, entry: Entry, stored: StoredPass | undefined) => void;

export interface WriterParts {
  readonly files: JournalFiles;
  /** The journal's segments, oldest first; the writer adds new ones. */
  readonly segments: Segment[];
  readonly segmentBytes: number;
  readonly onCommit: OnCommit;
  /** Told how long each commit took to be written and synced. */
  readonly onSync?: (durationSeconds: number) => void;
}

interface Pending {
  readonly segment: Segment;
  readonly bytes: Buffer;
  readonly entry: Entry;
  readonly stored: StoredPass | undefined;
  readonly settle: ((result: Result<number>) => void) | undefined;
}

/**
 * Appends entries in order. What is asked while a sync runs waits and shares the next one. A commit that fails leaves nothing
 * behind: the file is cut to what was durable, and all that waited fails with it.
 */
export class SegmentWriter {
  readonly #files: JournalFiles;
  readonly #onCommit: OnCommit;
  readonly #onSync: ((durationSeconds: number) => void) | undefined;
  readonly #segments: Segment[];
  readonly #segmentBytes: number;
  readonly #chains = new Map<string, { readonly stored: StoredPass; readonly length: number }>();
  readonly #contents = new Set<string>();
  #pending: Pending[] = [];
  #flushing: Promise<void> | undefined;
  #next: number;
  /** The segment that the next entry goes to, and its bytes with all that waits. */
  #segment: Segment | undefined;
  #encodedBytes = 0;
  /** A segment with bytes after its durable end that could not be cut yet. */
  #uncut: Segment | undefined;

  constructor({ files, segments, segmentBytes, onCommit, onSync }: WriterParts) {
    this.#files = files;
    this.#segments = segments;
    this.#segmentBytes = segmentBytes;
    this.#onCommit = onCommit;
    this.#onSync = onSync;
    const newest = segments.at(-1);
    this.#next = newest?.nextSequence ?? 1;
    this.#continue(newest);
  }

  appendPass(pass: JournalPass): Promise<Result<number>> {
    const { stored, contents } = splitPass(pass);
    const segment = this.#room();
    for (const [digest, value] of contents) this.#putContent(segment, digest, value);
    const chain = this.#chains.get(pass.group);
    const base = chain !== undefined && chain.length < CHAIN_LENGTH ? chain : undefined;
    this.#chains.set(pass.group, { stored, length: base === undefined ? 1 : base.length + 1 });
    return this.#push(segment, (q) => (base === undefined ? { t: "p", q, g: pass.group, k: stored } : { t: "d", q, g: pass.group, d: deltaOf(base.stored, stored) }), stored);
  }

  append(entry: (sequence: number) => Entry): Promise<Result<number>> {
    return this.#push(this.#room(), entry);
  }

  /** Resolves when the content is durable in the segment that the next record goes to. */
  async appendContent(digest: string, value: unknown): Promise<Result<void>> {
    const segment = this.#room();
    this.#putContent(segment, digest, value);
    await this.idle();
    return segment.growing?.view.texts.contents.has(digest) === true ? success(undefined) : failure("transient", "the journal could not store the content");
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing;
  }

  #putContent(segment: Segment, digest: string, value: unknown): void {
    if (this.#contents.has(digest)) return;
    this.#contents.add(digest);
    this.#enqueue({ segment, entry: { t: "b", q: this.#next, h: digest, v: value }, stored: undefined, settle: undefined });
  }

  #push(segment: Segment, make: (sequence: number) => Entry, stored?: StoredPass): Promise<Result<number>> {
    const entry = make(this.#next++);
    return new Promise((settle) => { this.#enqueue({ segment, entry, stored, settle }); });
  }

  #enqueue(item: Omit<Pending, "bytes">): void {
    const bytes = encodeFrame(entryText(item.entry));
    this.#encodedBytes += bytes.length;
    this.#pending.push({ ...item, bytes });
    this.#flushing ??= Promise.resolve().then(() => this.#flush());
  }

  /** The segment for the next entries; a full one is followed by a new one, in which every group starts with a whole pass. */
  #room(): Segment {
    const current = this.#segment;
    if (current !== undefined && (this.#encodedBytes < this.#segmentBytes || current.firstSequence === this.#next)) return current;
    const segment = Segment.growing(this.#files, segmentName(this.#next, "journal"), this.#next);
    this.#continue(segment);
    return segment;
  }

  #continue(segment: Segment | undefined): void {
    this.#segment = segment?.growing === undefined ? undefined : segment;
    this.#encodedBytes = this.#segment?.size ?? 0;
    this.#chains.clear();
    this.#contents.clear();
    for (const digest of segment?.growing?.view.texts.contents.keys() ?? []) this.#contents.add(digest);
  }

  async #flush(): Promise<void> {
    while (this.#pending.length > 0) {
      const segment = this.#pending[0]?.segment;
      const batch = this.#pending.filter((item) => item.segment === segment);
      if (segment === undefined) break;
      this.#pending = this.#pending.slice(batch.length);
      try {
        await this.#commit(segment, batch);
      } catch (error) {
        await this.#fail(segment, batch, failureOfWrite(error));
      }
    }
    this.#flushing = undefined;
  }

  async #commit(segment: Segment, batch: readonly Pending[]): Promise<void> {
    if (this.#uncut !== undefined) await this.#cut(this.#uncut);
    const isNew = segment.size === 0;
    if (batch[0] !== undefined) markFirstOfCommit(batch[0].bytes);
    const bytes = Buffer.concat([...(isNew ? [HEADER] : []), ...batch.map((item) => item.bytes)]);
    const startedAt = performance.now();
    await this.#files.append(segment.name, bytes);
    await this.#files.sync(segment.name);
    this.#onSync?.((performance.now() - startedAt) / 1_000);
    if (isNew) {
      await this.#files.syncFolder();
      segment.size = HEADER.length;
      this.#segments.push(segment);
    }
    for (const item of batch) {
      segment.growing?.add(item.entry, segment.size, item.stored);
      segment.size += item.bytes.length;
      this.#onCommit(segment, item.entry, item.stored);
      item.settle?.(success(item.entry.q));
    }
  }

  async #fail(segment: Segment, batch: readonly Pending[], failed: Failure): Promise<void> {
    const lost = [...batch, ...this.#pending];
    this.#pending = [];
    const newest = this.#segments.at(-1);
    this.#next = newest?.nextSequence ?? 1;
    this.#continue(newest);
    this.#uncut = segment;
    await this.#cut(segment).catch(() => undefined);
    for (const item of lost) item.settle?.(failed);
  }

  async #cut(segment: Segment): Promise<void> {
    if (segment.size === 0) await this.#files.remove(segment.name);
    else await this.#files.truncate(segment.name, segment.size);
    this.#uncut = undefined;
  }
}

function failureOfWrite(error: unknown): Failure {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const cause = code === "ENOSPC" || code === "EDQUOT" ? "the disk is full" : String(error);
  return failure("transient", `the journal could not be written: ${cause}; nothing of this commit was kept`);
}
