import { fromJsonData } from "../model/canonical-json.ts";
import type { JournalPass, JournalRecord } from "./journal.ts";
import { contentsOf, type Entry, joinPass, nextPass, parseEntry, type StoredPass } from "./entry.ts";
import { type Frame, frameAt } from "./frame.ts";
import { type Segment, SegmentReader } from "./segment.ts";
import { PassCache } from "./pass-cache.ts";
import { DamagedSegment } from "./segment-format.ts";
import { NONE, type SegmentIndex } from "./segment-index.ts";

const WINDOW_BYTES = 2 ** 20;
/** Contents that stay in memory on the way; others are read again. */
const KNOWN_CONTENTS = 256;

/** The records of one segment in order, each from its frame in one forward walk; what is damaged is a record that says so. */
export class SegmentWalk {
  readonly #segment: Segment;
  readonly #index: SegmentIndex;
  readonly #reader: SegmentReader;
  readonly #passes = new Map<string, StoredPass>();
  readonly #contents = new Map<string, unknown>();
  #window: Buffer = Buffer.alloc(0);
  #start = 0;
  /** Where the next frame starts. */
  #offset = 0;

  constructor(segment: Segment, index: SegmentIndex) {
    this.#segment = segment;
    this.#index = index;
    this.#reader = new SegmentReader(segment, index, new PassCache());
  }

  /** Walks up to the newest record that is durable when it gets there. */
  async *records(from: number): AsyncGenerator<JournalRecord> {
    for (let record = 0; record < this.#index.records; record++) {
      const sequence = this.#segment.firstSequence + record;
      try {
        const entry = await this.#entry(record);
        const stored = this.#advance(entry);
        if (sequence >= from) yield await this.#record(entry, stored);
      } catch (error) {
        const detail = unreadable(error);
        if (detail === undefined) throw error;
        if (sequence >= from) yield { type: "damaged", sequence, throughSequence: sequence, detail };
      }
    }
  }

  async #entry(record: number): Promise<Entry> {
    const target = this.#index.columns.offset[record] ?? NONE;
    if (target === NONE) throw new DamagedSegment(`${this.#segment.name}: record ${String(this.#segment.firstSequence + record)} is damaged`);
    if (this.#offset === 0) this.#offset = Math.min(target, ...this.#index.texts.contents.values());
    while (this.#offset < target) {
      const frame = this.#held(this.#offset) ?? await this.#fetch(this.#offset);
      if (frame === undefined) break;
      this.#offset = frame.end;
      this.#keepContent(parseEntry(frame.text));
    }
    const frame = this.#held(target) ?? await this.#fetch(target);
    if (frame === undefined) throw new DamagedSegment(`${this.#segment.name} is damaged at byte ${String(target)}`);
    this.#offset = frame.end;
    return parseEntry(frame.text);
  }

  /** The frame at an offset if the window holds it whole. */
  #held(offset: number): Frame | undefined {
    if (offset < this.#start || offset >= this.#start + this.#window.length) return undefined;
    const frame = frameAt(this.#window, offset, this.#start);
    return "problem" in frame ? undefined : frame;
  }

  async #fetch(offset: number): Promise<Frame | undefined> {
    for (let length = WINDOW_BYTES; ; length *= 4) {
      this.#window = await this.#segment.read(offset, length);
      this.#start = offset;
      const frame = this.#held(offset);
      if (frame !== undefined || offset + length >= this.#segment.size) return frame;
    }
  }

  #keepContent(entry: Entry): void {
    if (entry.t !== "b") return;
    this.#contents.set(entry.h, fromJsonData(entry.v));
    const [oldest] = this.#contents.keys();
    if (this.#contents.size > KNOWN_CONTENTS && oldest !== undefined) this.#contents.delete(oldest);
  }

  /** The whole pass that an entry comes to, as the base of its group's next. */
  #advance(entry: Entry): StoredPass | undefined {
    if (entry.t !== "p" && entry.t !== "d") return undefined;
    const stored = nextPass(this.#passes.get(entry.g), entry);
    if (stored === undefined) throw new DamagedSegment(`${this.#segment.name}: the pass ${String(entry.q)} follows a damaged one`);
    this.#passes.set(entry.g, stored);
    return stored;
  }

  async #record(entry: Entry, stored: StoredPass | undefined): Promise<JournalRecord> {
    const sequence = entry.q;
    switch (entry.t) {
      case "o": return { type: "outcome", sequence, outcome: entry.o };
      case "c": return { type: "checkpoint", sequence, group: entry.g, timeSeconds: entry.s, state: entry.v };
      case "n": return { type: "note", sequence, timeSeconds: entry.s, kind: entry.k, detail: entry.v };
      case "b": throw new DamagedSegment(`${this.#segment.name}: a content stands where record ${String(sequence)} should be`);
      case "p": case "d":
        if (stored === undefined) throw new DamagedSegment(`${this.#segment.name}: record ${String(sequence)} is no pass`);
        return { type: "pass", sequence, pass: await joinedPass(this.#reader, { group: entry.g, stored }, this.#contents) };
    }
  }
}

/** Why a record could not be read: damage, or the system's word (a daemon beside this reader has pruned the file). */
function unreadable(error: unknown): string | undefined {
  if (error instanceof DamagedSegment) return error.message;
  return error instanceof Error && "code" in error ? `could not be read: ${error.message}` : undefined;
}

/** A pass with its fits and forecasts; `known` are contents that need not be read. */
export async function joinedPass(reader: SegmentReader, { group, stored }: { readonly group: string; readonly stored: StoredPass }, known: Map<string, unknown>): Promise<JournalPass> {
  for (const digest of contentsOf(stored)) if (!known.has(digest)) known.set(digest, await reader.content(digest));
  return joinPass(group, stored, (digest) => known.get(digest));
}
