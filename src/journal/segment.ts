import { fromJsonData } from "../model/canonical-json.ts";
import { type Entry, nextPass, parseEntry, type StoredPass } from "./entry.ts";
import { frameAt } from "./frame.ts";
import type { JournalFiles } from "./journal-files.ts";
import type { PassCache } from "./pass-cache.ts";
import { SealedFile } from "./sealed-file.ts";
import { DamagedSegment, segmentName } from "./segment-format.ts";
import { scanFrames } from "./segment-scan.ts";
import { GrowingIndex, NONE, type SegmentIndex } from "./segment-index.ts";

const WINDOW_BYTES = 64 * 2 ** 10;

/** A run of records: a file of frames that may grow, or a sealed one. */
export class Segment {
  readonly firstSequence: number;
  /** Durable bytes of its frames; 0 before the first commit. */
  size: number;
  #growing: GrowingIndex | undefined;
  #sealed: SealedFile | undefined;
  readonly #name: string;
  readonly #files: JournalFiles;

  private constructor(files: JournalFiles, name: string, content: GrowingIndex | SealedFile) {
    this.#files = files;
    this.#name = name;
    if (content instanceof GrowingIndex) this.#growing = content;
    else this.#sealed = content;
    this.firstSequence = content instanceof GrowingIndex ? content.view.firstSequence : content.summary.firstSequence;
    this.size = content instanceof GrowingIndex ? 0 : content.summary.size;
  }

  static growing(files: JournalFiles, name: string, firstSequence: number): Segment {
    return new Segment(files, name, new GrowingIndex(firstSequence));
  }

  static sealed(files: JournalFiles, sealed: SealedFile): Segment {
    return new Segment(files, sealed.name, sealed);
  }

  get name(): string {
    return this.#sealed?.name ?? this.#name;
  }

  /** Undefined once it is sealed. */
  get growing(): GrowingIndex | undefined {
    return this.#growing;
  }

  get sealed(): SealedFile | undefined {
    return this.#sealed;
  }

  get nextSequence(): number {
    return this.firstSequence + (this.#growing?.view.records ?? this.#sealed?.summary.records ?? 0);
  }

  get newestSeconds(): number {
    return this.#growing?.newestSeconds ?? this.#sealed?.summary.newestSeconds ?? -Infinity;
  }

  get oldestSeconds(): number {
    return this.#growing?.oldestSeconds ?? this.#sealed?.summary.oldestSeconds ?? Infinity;
  }

  /** Bytes on disk. */
  get fileBytes(): number {
    return this.#sealed?.bytes ?? this.size;
  }

  /** From now on its bytes come from the sealed file; a reader in the middle goes on there. */
  replaceBy(sealed: SealedFile): void {
    this.#sealed = sealed;
    this.#growing = undefined;
  }

  /** Reads the index of a sealed segment; whoever asks often remembers it. */
  async index(): Promise<SegmentIndex> {
    if (this.#growing !== undefined) return this.#growing.view;
    if (this.#sealed === undefined) throw new DamagedSegment(`${this.#name} has no index`);
    try {
      return await this.#sealed.index();
    } catch (error) {
      if (!(error instanceof DamagedSegment)) throw error;
      // The index is made of the frames: where only it is damaged, they give it again.
      const again = new GrowingIndex(this.firstSequence);
      scanFrames(await this.#sealed.read(0, this.size), again);
      return again.view;
    }
  }

  async read(offset: number, length: number): Promise<Buffer> {
    if (this.#sealed !== undefined) return this.#sealed.read(offset, length);
    try {
      return await this.#files.read(this.#name, offset, Math.min(length, this.size - offset));
    } catch (error) {
      // It may have been sealed, and the file removed, in between: by this process, or by the daemon beside a reader.
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
      const sealed = this.sealed ?? (await SealedFile.open(this.#files, segmentName(this.firstSequence, "sealed")));
      this.#sealed = sealed;
      return sealed.read(offset, length);
    }
  }
}

/** Reads entries of one segment by offset, a window at a time, so that neighbours cost one read. */
export class SegmentReader {
  readonly #segment: Segment;
  readonly #index: SegmentIndex;
  #window: Buffer = Buffer.alloc(0);
  #start = 0;
  readonly #cache: PassCache;
  /** Contents lie before the passes that refer to them: a window of their own keeps the other one going forward. */
  #contents: SegmentReader | undefined;

  constructor(segment: Segment, index: SegmentIndex, cache: PassCache) {
    this.#segment = segment;
    this.#index = index;
    this.#cache = cache;
  }

  async entry(offset: number): Promise<Entry> {
    let frame = offset >= this.#start ? frameAt(this.#window, offset, this.#start) : undefined;
    for (let length = WINDOW_BYTES; frame === undefined || "problem" in frame; length *= 4) {
      if (frame !== undefined && (frame.problem === "checksum" || this.#start + this.#window.length >= this.#segment.size) && this.#start === offset) {
        throw new DamagedSegment(`${this.#segment.name} is damaged at byte ${String(offset)} (${frame.problem})`);
      }
      this.#window = await this.#segment.read(offset, length);
      this.#start = offset;
      frame = frameAt(this.#window, offset, this.#start);
    }
    return parseEntry(frame.text);
  }

  /** The entry of a record. */
  async record(record: number): Promise<Entry> {
    const offset = this.#index.columns.offset[record] ?? NONE;
    if (offset === NONE) throw new DamagedSegment(`${this.#segment.name}: record ${String(this.#index.firstSequence + record)} is damaged`);
    return this.entry(offset);
  }

  /** The pass of a record, put together from its chain, or from the newest pass of it that is in the cache. */
  async pass(record: number): Promise<StoredPass> {
    const chain = this.#index.chain(record);
    let stored: StoredPass | undefined;
    let known = chain.length;
    while (known > 0 && stored === undefined) stored = this.#cache.get(this.#index.firstSequence + (chain[--known] ?? NONE));
    for (const at of chain.slice(stored === undefined ? 0 : known + 1)) {
      stored = nextPass(stored, await this.record(at)) ?? stored;
      if (stored !== undefined) this.#cache.set(this.#index.firstSequence + at, stored);
    }
    if (stored === undefined) throw new DamagedSegment(`${this.#segment.name}: record ${String(record)} is no pass`);
    return stored;
  }

  async content(digest: string): Promise<unknown> {
    const offset = this.#index.texts.contents.get(digest);
    this.#contents ??= new SegmentReader(this.#segment, this.#index, this.#cache);
    const entry = offset === undefined ? undefined : await this.#contents.entry(offset);
    if (entry?.t !== "b") throw new DamagedSegment(`${this.#segment.name}: the content ${digest} is not there`);
    return fromJsonData(entry.v);
  }
}
