import { fromJsonData } from "../model/canonical-json.ts";
import { applyDelta } from "./delta.ts";
import { type Entry, parseEntry, type StoredPass } from "./entry.ts";
import { frameAt } from "./frame.ts";
import type { JournalFiles } from "./journal-files.ts";
import type { SegmentIndex } from "./segment-index.ts";

export const FORMAT = 1;
export const HEADER = Buffer.from(`foretide-journal ${String(FORMAT)}\n`);
const NAME = /^(\d{15})\.journal$/;
const WINDOW_BYTES = 256 * 2 ** 10;

/** A file of the journal: a header line and frames. Only the newest one grows. */
export interface Segment {
  readonly name: string;
  readonly index: SegmentIndex;
  /** Durable bytes; 0 before the first commit. */
  size: number;
}

export function segmentName(firstSequence: number): string {
  return `${String(firstSequence).padStart(15, "0")}.journal`;
}

/** The first sequence that a segment's name tells; undefined for another file. */
export function sequenceOfName(name: string): number | undefined {
  const match = NAME.exec(name);
  return match === null ? undefined : Number(match[1]);
}

/** Records of a segment that could not be read where its index says they are. */
export class DamagedSegment extends Error {}

/** Reads entries of one segment by offset, a window at a time, so that neighbours cost one read. */
export class SegmentReader {
  readonly #files: JournalFiles;
  readonly #segment: Segment;
  #window: Buffer = Buffer.alloc(0);
  #start = 0;
  readonly #passes = new Map<number, StoredPass>();
  /** Contents lie before the passes that refer to them: a window of their own keeps the other one going forward. */
  #contents: SegmentReader | undefined;

  constructor(files: JournalFiles, segment: Segment) {
    this.#files = files;
    this.#segment = segment;
  }

  async entry(offset: number): Promise<Entry> {
    let frame = offset >= this.#start ? frameAt(this.#window, offset, this.#start) : undefined;
    for (let length = WINDOW_BYTES; frame === undefined || "problem" in frame; length *= 4) {
      if (frame !== undefined && (frame.problem === "checksum" || this.#start + this.#window.length >= this.#segment.size) && this.#start === offset) {
        throw new DamagedSegment(`${this.#segment.name} is damaged at byte ${String(offset)} (${frame.problem})`);
      }
      this.#window = await this.#files.read(this.#segment.name, offset, Math.min(length, this.#segment.size - offset));
      this.#start = offset;
      frame = frameAt(this.#window, offset, this.#start);
    }
    return parseEntry(frame.text);
  }

  /** The entry of a record. */
  record(record: number): Promise<Entry> {
    return this.entry(this.#offset(record));
  }

  /** The pass of a record, put together from its chain; passes on the way are remembered by this reader. */
  async pass(record: number): Promise<StoredPass> {
    const chain = this.#segment.index.chain(record);
    let known = chain.length - 1;
    while (known >= 0 && !this.#passes.has(chain[known] ?? -1)) known--;
    let stored = this.#passes.get(chain[known] ?? -1);
    for (const at of chain.slice(known + 1)) {
      stored = nextPass(stored, await this.record(at)) ?? stored;
      if (stored !== undefined) this.#passes.set(at, stored);
    }
    if (stored === undefined) throw new DamagedSegment(`${this.#segment.name}: record ${String(record)} is no pass`);
    return stored;
  }

  async content(digest: string): Promise<unknown> {
    const offset = this.#segment.index.contents.get(digest);
    this.#contents ??= new SegmentReader(this.#files, this.#segment);
    const entry = offset === undefined ? undefined : await this.#contents.entry(offset);
    if (entry?.t !== "b") throw new DamagedSegment(`${this.#segment.name}: the content ${digest} is not there`);
    return fromJsonData(entry.v);
  }

  #offset(record: number): number {
    const offset = this.#segment.index.offsets[record] ?? -1;
    if (offset < 0) throw new DamagedSegment(`${this.#segment.name}: record ${String(this.#segment.index.firstSequence + record)} is damaged`);
    return offset;
  }
}

/** The pass that an entry holds, given the one before it of its group; undefined where it needs one that is missing, or is no pass. */
export function nextPass(before: StoredPass | undefined, entry: Entry): StoredPass | undefined {
  if (entry.t === "p") return entry.k as StoredPass;
  if (entry.t !== "d" || before === undefined) return undefined;
  return entry.d === undefined ? before : (applyDelta(before, entry.d) as StoredPass);
}
