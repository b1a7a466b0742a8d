import { join } from "node:path";
import { fromJsonData } from "../model/canonical-json.ts";
import type { Decision } from "../model/decision.ts";
import type { Intent, Outcome } from "../model/intent.ts";
import { failure, success, type Failure, type Result } from "../model/result.ts";
import type { ModelInstall } from "../model/snapshot.ts";
import { type DecisionPlace, encodeCursor, queryStart } from "./decision-cursor.ts";
import { contentsOf, fitContent, joinPass, type StoredPass } from "./entry.ts";
import type { DecisionPage, DecisionQuery, Journal, JournalDamage, JournalledDecision, JournalPass, JournalRecord } from "./journal.ts";
import { type JournalFiles, NodeJournalFiles } from "./journal-files.ts";
import { lockJournal } from "./journal-lock.ts";
import { DamagedSegment, nextPass, type Segment, SegmentReader } from "./segment.ts";
import { recoverSegments } from "./segment-recovery.ts";
import { SegmentWriter } from "./segment-writer.ts";

/** A segment of 8 MiB holds about a day of one target at 15 s; retention drops whole segments. */
const SEGMENT_BYTES = 8 * 2 ** 20;

/** The journal's name in the daemon's data folder. */
export const JOURNAL_FOLDER = "journal";

export interface SegmentJournalOptions {
  /** For a reader beside the daemon: takes no lock, repairs nothing, refuses appends. */
  readonly readOnly?: boolean;
  readonly segmentBytes?: number;
  /** What does the reading and writing; a test puts its faults here. */
  readonly files?: JournalFiles;
}

/**
 * Opens the embedded journal in a folder, or creates it. A folder that another process writes to is `transient`; a file that is no
 * segment, or of a newer format, is `permanent`. What was cut off or found damaged stands in `damage`.
 */
export async function openSegmentJournal(folder: string, options: SegmentJournalOptions = {}): Promise<Result<Journal>> {
  const files = options.files ?? new NodeJournalFiles(folder);
  const readOnly = options.readOnly ?? false;
  let lock: { release(): void } | undefined;
  try {
    await files.list();
    if (!readOnly) {
      const locked = lockJournal(join(folder, "lock"));
      if (!locked.ok) return locked;
      lock = locked.value;
    }
    const recovered = await recoverSegments(files, readOnly);
    if (recovered.ok) {
      return success(new SegmentJournal({ ...recovered.value, files, lock, segmentBytes: options.segmentBytes ?? SEGMENT_BYTES }));
    }
    lock?.release();
    return recovered;
  } catch (error) {
    lock?.release();
    return failure("transient", `cannot open the journal ${folder}: ${String(error)}`);
  }
}

interface Parts {
  readonly segments: Segment[];
  readonly damage: JournalDamage[];
  readonly files: JournalFiles;
  readonly lock: { release(): void } | undefined;
  readonly segmentBytes: number;
}

class SegmentJournal implements Journal {
  readonly damage: readonly JournalDamage[];
  readonly #segments: Segment[];
  readonly #files: JournalFiles;
  readonly #lock: { release(): void } | undefined;
  readonly #writer: SegmentWriter;
  #closed = false;

  constructor(parts: Parts) {
    this.damage = parts.damage;
    this.#segments = parts.segments;
    this.#files = parts.files;
    this.#lock = parts.lock;
    this.#writer = new SegmentWriter(parts.files, parts.segments, parts.segmentBytes);
  }

  appendPass(pass: JournalPass): Promise<Result<number>> {
    return this.#refusal() ?? this.#writer.appendPass(pass);
  }

  appendOutcome(outcome: Outcome): Promise<Result<number>> {
    return this.#refusal() ?? this.#writer.append((q) => ({ t: "o", q, o: outcome }));
  }

  appendCheckpoint(group: string, timeSeconds: number, state: unknown): Promise<Result<number>> {
    return this.#refusal() ?? this.#writer.append((q) => ({ t: "c", q, g: group, s: timeSeconds, v: state }));
  }

  appendNote(timeSeconds: number, kind: string, detail: unknown): Promise<Result<number>> {
    return this.#refusal() ?? this.#writer.append((q) => ({ t: "n", q, s: timeSeconds, k: kind, v: detail }));
  }

  storeFit(install: ModelInstall): Promise<Result<void>> {
    return this.#refusal() ?? this.#writer.appendContent(...fitContent(install));
  }

  async *read(fromSequence: number): AsyncIterable<JournalRecord> {
    let next = Math.max(1, fromSequence);
    let segment = this.#segments.findLast((one) => one.index.firstSequence <= next) ?? this.#segments[0];
    while (segment !== undefined) {
      const { firstSequence } = segment.index;
      if (firstSequence > next) {
        yield { type: "damaged", sequence: next, throughSequence: firstSequence - 1, detail: "these records are no longer in the journal" };
        next = firstSequence;
      }
      for await (const record of this.#recordsOf(segment, next)) {
        next = (record.type === "damaged" ? record.throughSequence : record.sequence) + 1;
        yield record;
      }
      segment = this.#segments.find((one) => one.index.firstSequence > firstSequence);
    }
  }

  async decisions(query: DecisionQuery): Promise<Result<DecisionPage>> {
    const start = queryStart(query);
    if (!start.ok) return start;
    const decisions: { decision: Decision; outcome: Outcome | undefined }[] = [];
    let last: DecisionPlace | undefined;
    for (let at = this.#segments.length - 1; at >= 0 && decisions.length < query.limit; at--) {
      const segment = this.#segments[at];
      if (segment === undefined || segment.index.firstSequence > start.value.sequence) continue;
      const places = segment.index.places(query, start.value, query.limit - decisions.length);
      const found = await this.#guarded(() => this.#decisionsAt(segment, places));
      if (!found.ok) return found;
      decisions.push(...found.value);
      last = places.at(-1) ?? last;
    }
    return success({ decisions, nextCursor: decisions.length === query.limit && last !== undefined ? encodeCursor(last) : undefined });
  }

  async decision(id: string): Promise<Result<JournalledDecision>> {
    for (const segment of this.#segments.toReversed()) {
      for (const place of segment.index.placesOf(id)) {
        const found = await this.#guarded(() => this.#journalled(segment, place));
        if (!found.ok || found.value.decision.id === id) return found;
      }
    }
    return failure("missing", `no decision ${id} in the journal`);
  }

  openIntents(): Promise<Result<readonly Intent[]>> {
    const open = new Map<string, Intent>();
    for (const { index } of this.#segments) {
      for (const intent of index.intents) open.set(intent.idempotencyKey, intent);
      for (const key of index.outcomes.keys()) open.delete(key);
    }
    return Promise.resolve(success([...open.values()].map((intent) => fromJsonData(intent) as Intent)));
  }

  async latestCheckpoint(group: string): Promise<Result<{ readonly sequence: number; readonly state: unknown } | undefined>> {
    const segment = this.#segments.findLast((one) => one.index.checkpoints.has(group));
    const record = segment?.index.checkpoints.get(group);
    if (segment === undefined || record === undefined) return success(undefined);
    return this.#guarded(async () => {
      const entry = await new SegmentReader(this.#files, segment).record(record);
      return entry.t === "c" ? { sequence: entry.q, state: entry.v } : undefined;
    });
  }

  async prune(beforeSeconds: number, maxBytes: number): Promise<Result<number>> {
    const refused = this.#refusal();
    if (refused !== undefined) return refused;
    let total = this.#segments.reduce((sum, segment) => sum + segment.size, 0);
    let freed = 0;
    try {
      while (this.#segments.length > 1) {
        const oldest = this.#segments[0];
        if (oldest === undefined || (oldest.index.newestSeconds >= beforeSeconds && total <= maxBytes)) break;
        await this.#files.remove(oldest.name);
        this.#segments.shift();
        total -= oldest.size;
        freed += oldest.size;
      }
      return success(freed);
    } catch (error) {
      return failure("transient", `the journal could not be pruned: ${String(error)}`);
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#writer.idle();
    await this.#files.close();
    this.#lock?.release();
  }

  #refusal(): Promise<Failure> | undefined {
    if (this.#closed) return Promise.resolve(failure("permanent", "the journal is closed"));
    return this.#lock === undefined ? Promise.resolve(failure("permanent", "the journal is open for reading only")) : undefined;
  }

  async *#recordsOf(segment: Segment, from: number): AsyncGenerator<JournalRecord> {
    const reader = new SegmentReader(this.#files, segment);
    const passes = new Map<string, StoredPass>();
    const contents = new Map<string, unknown>();
    for (let record = 0; record < segment.index.offsets.length; record++) {
      const sequence = segment.index.firstSequence + record;
      try {
        const entry = await reader.record(record);
        if (entry.t === "p" || entry.t === "d") {
          const stored = nextPass(passes.get(entry.g), entry);
          if (stored === undefined) throw new DamagedSegment(`${segment.name}: the pass ${String(sequence)} follows a damaged one`);
          passes.set(entry.g, stored);
          if (sequence >= from) yield { type: "pass", sequence, pass: await joined(reader, entry.g, stored, contents) };
        } else if (sequence < from) continue;
        else if (entry.t === "o") yield { type: "outcome", sequence, outcome: entry.o };
        else if (entry.t === "c") yield { type: "checkpoint", sequence, group: entry.g, timeSeconds: entry.s, state: entry.v };
        else if (entry.t === "n") yield { type: "note", sequence, timeSeconds: entry.s, kind: entry.k, detail: entry.v };
      } catch (error) {
        if (!(error instanceof DamagedSegment)) throw error;
        if (sequence >= from) yield { type: "damaged", sequence, throughSequence: sequence, detail: error.message };
      }
    }
  }

  async #decisionsAt(segment: Segment, places: readonly DecisionPlace[]): Promise<{ decision: Decision; outcome: Outcome | undefined }[]> {
    const reader = new SegmentReader(this.#files, segment);
    const found: { decision: Decision; outcome: Outcome | undefined }[] = [];
    // Oldest first, so that the reader goes forward through the file once.
    for (const place of places.toReversed()) {
      const stored = await reader.pass(place.sequence - segment.index.firstSequence);
      const decision = stored.decisions[place.ordinal];
      if (decision === undefined) throw new DamagedSegment(`${segment.name}: the decision ${String(place.sequence)}.${String(place.ordinal)} is not there`);
      found.push({ decision: fromJsonData(decision) as Decision, outcome: this.#outcomesOf(segment, stored, decision.id).at(-1) });
    }
    return found.reverse();
  }

  async #journalled(segment: Segment, place: DecisionPlace): Promise<JournalledDecision> {
    const reader = new SegmentReader(this.#files, segment);
    const record = place.sequence - segment.index.firstSequence;
    const stored = await reader.pass(record);
    const group = segment.index.group(record) ?? "";
    const pass = await joined(reader, group, stored, new Map());
    const decision = pass.decisions[place.ordinal];
    if (decision === undefined) throw new DamagedSegment(`${segment.name}: the decision ${String(place.sequence)}.${String(place.ordinal)} is not there`);
    return {
      decision,
      sequence: place.sequence,
      group,
      snapshot: pass.snapshot,
      policyDigest: pass.policyDigests[decision.target],
      forecast: pass.forecasts?.[decision.target],
      outcomes: this.#outcomesOf(segment, stored, decision.id),
    };
  }

  /** Outcomes follow their intent: in its segment or a later one. */
  #outcomesOf(segment: Segment, stored: StoredPass, decisionId: string): Outcome[] {
    const keys = stored.intents.filter((intent) => intent.decisionId === decisionId).map((intent) => intent.idempotencyKey);
    if (keys.length === 0) return [];
    const later = this.#segments.slice(this.#segments.indexOf(segment));
    return later.flatMap(({ index }) => keys.flatMap((key) => index.outcomes.get(key) ?? []));
  }

  async #guarded<T>(work: () => Promise<T>): Promise<Result<T>> {
    try {
      return success(await work());
    } catch (error) {
      if (error instanceof DamagedSegment) return failure("permanent", error.message);
      if (error instanceof Error && "code" in error) return failure("transient", `the journal could not be read: ${error.message}`);
      throw error;
    }
  }
}

/** A pass with its fits and forecasts; `contents` remembers what was read. */
async function joined(reader: SegmentReader, group: string, stored: StoredPass, contents: Map<string, unknown>): Promise<JournalPass> {
  for (const digest of contentsOf(stored)) if (!contents.has(digest)) contents.set(digest, await reader.content(digest));
  return joinPass(group, stored, (digest) => contents.get(digest));
}
