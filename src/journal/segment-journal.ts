import { join } from "node:path";
import { fromJsonData } from "../model/canonical-json.ts";
import type { Intent, Outcome } from "../model/intent.ts";
import { failure, success, type Failure, type Result } from "../model/result.ts";
import type { ModelInstall } from "../model/snapshot.ts";
import { EffectLog } from "./effect-log.ts";
import { type Entry, fitContent, type StoredPass } from "./entry.ts";
import type { DecisionPage, DecisionQuery, Journal, JournalDamage, JournalledDecision, JournalPass, JournalRecord } from "./journal.ts";
import { type JournalFiles, NodeJournalFiles } from "./journal-files.ts";
import { lockJournal } from "./journal-lock.ts";
import { JournalReader } from "./journal-reader.ts";
import { PassCache } from "./pass-cache.ts";
import type { Effects } from "./sealed-file.ts";
import { Sealer } from "./sealer.ts";
import type { Segment } from "./segment.ts";
import { DamagedSegment } from "./segment-format.ts";
import { type Recovered, recoverSegments } from "./segment-recovery.ts";
import { SegmentWriter } from "./segment-writer.ts";

/** A start after a kill reads one segment whole, and a full one is sealed: 8 MiB bound both. */
const SEGMENT_BYTES = 8 * 2 ** 20;
/** The journal's name in the daemon's data folder. */
export const JOURNAL_FOLDER = "journal";

export interface SegmentJournalOptions {
  /** For a reader beside the daemon: takes no lock, repairs nothing, refuses appends. */
  readonly readOnly?: boolean;
  readonly segmentBytes?: number;
  /** What does the reading and writing; a test puts its faults here. */
  readonly files?: JournalFiles;
  /** Told how long each group commit took to be durable. */
  readonly onSync?: (durationSeconds: number) => void;
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
    const recovered = await (readOnly ? recoverBesideWriter(files) : recover(files, false));
    if (recovered.ok) {
      return success(new SegmentJournal({ ...recovered.value, files, lock, segmentBytes: options.segmentBytes ?? SEGMENT_BYTES, ...(options.onSync !== undefined && { onSync: options.onSync }) }));
    }
    lock?.release();
    return recovered;
  } catch (error) {
    lock?.release();
    if (!(error instanceof Error && "code" in error)) throw error;
    return failure("transient", `cannot open the journal ${folder}: ${error.message}`);
  }
}

/** What a folder holds, and what its records did. */
type Opened = Recovered & { readonly effects: EffectLog };

/** A busy writer may prune again and again while a slow reader opens. */
const MOST_ATTEMPTS = 20;

/** The daemon may seal a segment and remove its file, or prune it, while the folder is read: then it is read again. */
async function recoverBesideWriter(files: JournalFiles): Promise<Result<Opened>> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await recover(files, true);
    } catch (error) {
      if (attempt === MOST_ATTEMPTS || !(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    }
  }
}

async function recover(files: JournalFiles, readOnly: boolean): Promise<Result<Opened>> {
  const recovered = await recoverSegments(files, readOnly);
  return recovered.ok ? success({ ...recovered.value, effects: await effectsOf(recovered.value) }) : recovered;
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
  readonly onSync?: (durationSeconds: number) => void;
}

class SegmentJournal implements Journal {
  readonly damage: readonly JournalDamage[];
  readonly #segments: Segment[];
  readonly #files: JournalFiles;
  readonly #lock: { release(): void } | undefined;
  readonly #effects: EffectLog;
  readonly #writer: SegmentWriter;
  readonly #sealer: Sealer;
  readonly #reader: JournalReader;
  readonly #cache = new PassCache();
  #closed = false;

  constructor({ segments, effects, damage, files, lock, segmentBytes, onSync }: Parts) {
    this.damage = damage;
    this.#segments = segments;
    this.#effects = effects;
    this.#files = files;
    this.#lock = lock;
    this.#reader = new JournalReader(segments, effects, this.#cache);
    this.#sealer = new Sealer(files, segments);
    this.#writer = new SegmentWriter({ files, segments, segmentBytes, onCommit: (segment, entry, stored) => { this.#committed(segment, entry, stored); }, ...(onSync !== undefined && { onSync }) });
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

  read(fromSequence: number): AsyncIterable<JournalRecord> {
    return this.#reader.records(fromSequence);
  }

  decisions(query: DecisionQuery): Promise<Result<DecisionPage>> {
    return this.#reader.decisions(query);
  }

  decision(id: string): Promise<Result<JournalledDecision>> {
    return this.#reader.decision(id);
  }

  openIntents(): Promise<Result<readonly Intent[]>> {
    return Promise.resolve(success(this.#effects.openIntents()));
  }

  latestCheckpoint(group: string): Promise<Result<{ readonly sequence: number; readonly state: unknown } | undefined>> {
    return this.#reader.latestCheckpoint(group);
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
          this.#reader.forget(oldest);
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

  #committed(segment: Segment, entry: Entry, stored: StoredPass | undefined): void {
    const { firstSequence } = segment;
    if (stored !== undefined) {
      this.#cache.set(entry.q, stored);
      for (const intent of stored.intents) this.#effects.takeIntent(firstSequence, fromJsonData(intent) as Intent);
    } else if (entry.t === "o") this.#effects.takeOutcome(firstSequence, entry.o);
    else if (entry.t === "c") this.#effects.takeCheckpoint(entry.g, { segment: firstSequence, record: entry.q - firstSequence });
    this.#sealer.kick();
  }
}
