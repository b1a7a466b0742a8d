import { join } from "node:path";
import { crc32 } from "node:zlib";
import { fromJsonData } from "../model/canonical-json.ts";
import type { Decision } from "../model/decision.ts";
import type { Intent, Outcome } from "../model/intent.ts";
import { failure, success, type Failure, type Result } from "../model/result.ts";
import type { ModelInstall } from "../model/snapshot.ts";
import { type DecisionPlace, encodeCursor, queryStart } from "./decision-cursor.ts";
import { type Entry, fitContent, type StoredPass } from "./entry.ts";
import type { DecisionPage, DecisionQuery, Journal, JournalDamage, JournalledDecision, JournalPass, JournalRecord } from "./journal.ts";
import { type JournalFiles, NodeJournalFiles } from "./journal-files.ts";
import { lockJournal } from "./journal-lock.ts";
import { EffectLog } from "./effect-log.ts";
import type { Effects } from "./sealed-file.ts";
import { RecentPasses } from "./recent-passes.ts";
import { Sealer } from "./sealer.ts";
import { type Segment, SegmentReader } from "./segment.ts";
import { DamagedSegment } from "./segment-format.ts";
import type { SegmentIndex } from "./segment-index.ts";
import { type Recovered, recoverSegments } from "./segment-recovery.ts";
import { joinedPass, SegmentWalk } from "./segment-walk.ts";
import { SegmentWriter } from "./segment-writer.ts";

/** A start after a kill reads one segment whole, and a full one is sealed: 8 MiB bound both. */
const SEGMENT_BYTES = 8 * 2 ** 20;
/** Indexes of sealed segments that are kept in memory, about half a megabyte each. */
const KNOWN_INDEXES = 8;

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
      const effects = await effectsOf(recovered.value);
      return success(new SegmentJournal({ ...recovered.value, effects, files, lock, segmentBytes: options.segmentBytes ?? SEGMENT_BYTES }));
    }
    lock?.release();
    return recovered;
  } catch (error) {
    lock?.release();
    return failure("transient", `cannot open the journal ${folder}: ${String(error)}`);
  }
}

async function effectsOf({ segments, damage }: Recovered): Promise<EffectLog> {
  const log = new EffectLog();
  for (const segment of segments) {
    try {
      log.take(segment.firstSequence, segment.sealed === undefined ? await indexedEffects(segment) : await segment.sealed.effects());
    } catch (error) {
      if (!(error instanceof DamagedSegment)) throw error;
      damage.push({ file: segment.name, offset: 0, bytes: segment.fileBytes, detail: error.message });
      log.take(segment.firstSequence, await indexedEffects(segment));
    }
  }
  return log;
}

/** From the index, which is made anew where it is damaged; none where nothing can be read. */
async function indexedEffects(segment: Segment): Promise<Effects> {
  try {
    const { intents, outcomes, checkpoints } = (await segment.index()).texts;
    return { intents, outcomes, checkpoints: [...checkpoints] };
  } catch (error) {
    if (!(error instanceof DamagedSegment)) throw error;
    return { intents: [], outcomes: [], checkpoints: [] };
  }
}

interface Parts {
  readonly segments: Segment[];
  readonly effects: EffectLog;
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
  readonly #effects: EffectLog;
  readonly #writer: SegmentWriter;
  readonly #sealer: Sealer;
  readonly #indexes = new Map<Segment, SegmentIndex>();
  readonly #recent = new RecentPasses();
  #closed = false;

  constructor({ segments, effects, damage, files, lock, segmentBytes }: Parts) {
    this.damage = damage;
    this.#segments = segments;
    this.#effects = effects;
    this.#files = files;
    this.#lock = lock;
    this.#sealer = new Sealer(files, segments);
    this.#writer = new SegmentWriter({ files, segments, segmentBytes, onCommit: (segment, entry, stored) => { this.#committed(segment, entry, stored); } });
    if (lock !== undefined) this.#sealer.kick();
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
    let segment = this.#segments.findLast((one) => one.firstSequence <= next) ?? this.#segments[0];
    while (segment !== undefined) {
      const current: Segment = segment;
      const { firstSequence } = current;
      if (firstSequence > next) {
        yield { type: "damaged", sequence: next, throughSequence: firstSequence - 1, detail: "these records are no longer in the journal" };
        next = firstSequence;
      }
      const index = await this.#guarded(() => this.#indexOf(current));
      if (!index.ok) {
        yield { type: "damaged", sequence: next, throughSequence: current.nextSequence - 1, detail: index.message };
        next = current.nextSequence;
      } else {
        for await (const record of new SegmentWalk(current, index.value).records(next)) {
          next = record.sequence + 1;
          yield record;
        }
      }
      segment = this.#segments.find((one) => one.firstSequence > firstSequence);
    }
  }

  async decisions(query: DecisionQuery): Promise<Result<DecisionPage>> {
    const start = queryStart(query);
    if (!start.ok) return start;
    const decisions: DecisionWithOutcome[] = [];
    let last: DecisionPlace | undefined;
    for (const segment of this.#segments.toReversed()) {
      if (decisions.length === query.limit) break;
      if (segment.firstSequence > start.value.sequence || !isWithin(segment, query)) continue;
      const found = await this.#guarded(() => this.#decisionsOf(segment, query, { start: start.value, limit: query.limit - decisions.length }));
      if (!found.ok) return found;
      decisions.push(...found.value.decisions);
      last = found.value.last ?? last;
    }
    return success({ decisions, nextCursor: decisions.length === query.limit && last !== undefined ? encodeCursor(last) : undefined });
  }

  async decision(id: string): Promise<Result<JournalledDecision>> {
    const hash = crc32(id);
    for (const segment of nearestFirst(this.#segments, id)) {
      const found = await this.#guarded(async () => {
        if (!this.#indexes.has(segment) && segment.sealed !== undefined && !(await segment.sealed.mayHold(hash))) return undefined;
        return this.#decisionIn(segment, id);
      });
      if (!found.ok) return found;
      if (found.value !== undefined) return success(found.value);
    }
    return failure("missing", `no decision ${id} in the journal`);
  }

  openIntents(): Promise<Result<readonly Intent[]>> {
    return Promise.resolve(success(this.#effects.openIntents()));
  }

  async latestCheckpoint(group: string): Promise<Result<{ readonly sequence: number; readonly state: unknown } | undefined>> {
    const place = this.#effects.checkpoint(group);
    const segment = this.#segments.find((one) => one.firstSequence === place?.segment);
    if (place === undefined || segment === undefined) return success(undefined);
    return this.#guarded(async () => {
      const entry = await new SegmentReader(segment, await this.#indexOf(segment)).record(place.record);
      return entry.t === "c" ? { sequence: entry.q, state: entry.v } : undefined;
    });
  }

  async prune(beforeSeconds: number, maxBytes: number): Promise<Result<number>> {
    const refused = this.#refusal();
    if (refused !== undefined) return refused;
    return this.#sealer.exclusive(async () => {
      let total = this.#segments.reduce((sum, segment) => sum + segment.fileBytes, 0);
      let freed = 0;
      try {
        while (this.#segments.length > 1) {
          const oldest = this.#segments[0];
          if (oldest === undefined || (oldest.newestSeconds >= beforeSeconds && total <= maxBytes)) break;
          await this.#files.remove(oldest.name);
          this.#segments.shift();
          this.#indexes.delete(oldest);
          this.#effects.drop(oldest.firstSequence);
          total -= oldest.fileBytes;
          freed += oldest.fileBytes;
        }
        return success(freed);
      } catch (error) {
        return failure("transient", `the journal could not be pruned: ${String(error)}`);
      }
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#writer.idle();
    await this.#sealer.idle();
    await this.#files.close();
    this.#lock?.release();
  }

  #refusal(): Promise<Failure> | undefined {
    if (this.#closed) return Promise.resolve(failure("permanent", "the journal is closed"));
    return this.#lock === undefined ? Promise.resolve(failure("permanent", "the journal is open for reading only")) : undefined;
  }

  async #decisionsOf(segment: Segment, query: DecisionQuery, page: { readonly start: DecisionPlace; readonly limit: number }): Promise<{ decisions: DecisionWithOutcome[]; last: DecisionPlace | undefined }> {
    const index = await this.#indexOf(segment);
    const reader = new SegmentReader(segment, index);
    const places = index.places(query, page.start, page.limit);
    const decisions: DecisionWithOutcome[] = [];
    // Oldest first, so that the reader goes forward through the file once.
    for (const place of places.toReversed()) {
      const stored = this.#recent.get(place.sequence) ?? await reader.pass(place.sequence - segment.firstSequence);
      const decision = decisionAt(stored, place);
      decisions.push({ decision, outcome: (await this.#outcomesOf(stored, decision.id)).at(-1) });
    }
    return { decisions: decisions.reverse(), last: places.at(-1) };
  }

  async #decisionIn(segment: Segment, id: string): Promise<JournalledDecision | undefined> {
    const index = await this.#indexOf(segment);
    const reader = new SegmentReader(segment, index);
    for (const place of index.placesOf(id)) {
      const record = place.sequence - segment.firstSequence;
      const stored = await reader.pass(record);
      const decision = decisionAt(stored, place);
      if (decision.id !== id) continue;
      const group = index.group(record) ?? "";
      const { snapshot, policyDigests, forecasts } = await joinedPass(reader, group, stored, new Map());
      const outcomes = await this.#outcomesOf(stored, id);
      return { decision, sequence: place.sequence, group, snapshot, policyDigest: policyDigests[decision.target], forecast: forecasts?.[decision.target], outcomes };
    }
    return undefined;
  }

  async #outcomesOf(stored: StoredPass, decisionId: string): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const intent of stored.intents) {
      if (intent.decisionId !== decisionId) continue;
      for (const firstSequence of this.#effects.segmentsOfOutcomes(intent.idempotencyKey)) {
        const segment = this.#segments.find((one) => one.firstSequence === firstSequence);
        if (segment === undefined) continue;
        const { texts } = await this.#indexOf(segment);
        outcomes.push(...texts.outcomes.filter((outcome) => outcome.idempotencyKey === intent.idempotencyKey));
      }
    }
    return outcomes;
  }

  async #indexOf(segment: Segment): Promise<SegmentIndex> {
    const index = segment.growing?.view ?? this.#indexes.get(segment) ?? await segment.index();
    this.#indexes.delete(segment);
    if (segment.growing === undefined) this.#indexes.set(segment, index);
    const [oldest] = this.#indexes.keys();
    if (this.#indexes.size > KNOWN_INDEXES && oldest !== undefined) this.#indexes.delete(oldest);
    return index;
  }

  #committed(segment: Segment, entry: Entry, stored: StoredPass | undefined): void {
    const { firstSequence } = segment;
    if (stored !== undefined) this.#recent.add(entry.q, stored);
    if (stored !== undefined) for (const intent of stored.intents) this.#effects.takeIntent(firstSequence, fromJsonData(intent) as Intent);
    else if (entry.t === "o") this.#effects.takeOutcome(firstSequence, entry.o);
    else if (entry.t === "c") this.#effects.takeCheckpoint(entry.g, { segment: firstSequence, record: entry.q - firstSequence });
    this.#sealer.kick();
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

interface DecisionWithOutcome {
  readonly decision: Decision;
  readonly outcome: Outcome | undefined;
}

function decisionAt(stored: StoredPass, { ordinal, sequence }: DecisionPlace): Decision {
  const decision = stored.decisions[ordinal];
  if (decision === undefined) throw new DamagedSegment(`the pass ${String(sequence)} has no decision ${String(ordinal)}`);
  return fromJsonData(decision) as Decision;
}

function isWithin(segment: Segment, query: DecisionQuery): boolean {
  return segment.newestSeconds >= (query.fromSeconds ?? -Infinity) && segment.oldestSeconds < (query.toSeconds ?? Infinity);
}

/** Newest first; where the id ends in a time, as decisions' ids do, the segments of that time before all others. */
function nearestFirst(segments: readonly Segment[], id: string): Segment[] {
  const seconds = Number(/\d+$/.exec(id)?.[0] ?? NaN);
  const isNear = (segment: Segment): boolean => segment.oldestSeconds <= seconds && seconds <= segment.newestSeconds;
  const newestFirst = segments.toReversed();
  return [...newestFirst.filter(isNear), ...newestFirst.filter((segment) => !isNear(segment))];
}
