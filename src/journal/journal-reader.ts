import { crc32 } from "node:zlib";
import { fromJsonData } from "../model/canonical-json.ts";
import type { Decision } from "../model/decision.ts";
import type { Outcome } from "../model/intent.ts";
import { failure, success, type Result } from "../model/result.ts";
import { type DecisionPlace, encodeCursor, queryStart } from "./decision-cursor.ts";
import type { EffectLog } from "./effect-log.ts";
import type { StoredPass } from "./entry.ts";
import type { DecisionPage, DecisionQuery, JournalledDecision, JournalRecord } from "./journal.ts";
import type { PassCache } from "./pass-cache.ts";
import { type Segment, SegmentReader } from "./segment.ts";
import { DamagedSegment } from "./segment-format.ts";
import type { SegmentIndex } from "./segment-index.ts";
import { joinedPass, SegmentWalk } from "./segment-walk.ts";

/** Indexes of sealed segments that are kept in memory, about half a megabyte each. */
const KNOWN_INDEXES = 8;

interface DecisionWithOutcome {
  readonly decision: Decision;
  readonly outcome: Outcome | undefined;
}

/** Answers questions from a journal's segments, newest first. */
export class JournalReader {
  readonly #segments: readonly Segment[];
  readonly #effects: EffectLog;
  readonly #cache: PassCache;
  readonly #indexes = new Map<Segment, SegmentIndex>();

  constructor(segments: readonly Segment[], effects: EffectLog, cache: PassCache) {
    this.#segments = segments;
    this.#effects = effects;
    this.#cache = cache;
  }

  /** A segment is gone. */
  forget(segment: Segment): void {
    this.#indexes.delete(segment);
  }

  async *records(fromSequence: number): AsyncGenerator<JournalRecord> {
    let next = Math.max(1, fromSequence);
    let segment = this.#segments.findLast((one) => one.firstSequence <= next) ?? this.#segments[0];
    while (segment !== undefined) {
      const current: Segment = segment;
      const { firstSequence } = current;
      if (firstSequence > next) {
        yield { type: "damaged", sequence: next, throughSequence: firstSequence - 1, detail: "these records are no longer in the journal" };
        next = firstSequence;
      }
      const index = await guarded(() => this.#indexOf(current));
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
      const found = await guarded(() => this.#decisionsOf(segment, query, { start: start.value, limit: query.limit - decisions.length }));
      if (!found.ok) return found;
      decisions.push(...found.value.decisions);
      last = found.value.last ?? last;
    }
    return success({ decisions, nextCursor: decisions.length === query.limit && last !== undefined ? encodeCursor(last) : undefined });
  }

  async decision(id: string): Promise<Result<JournalledDecision>> {
    const hash = crc32(id);
    for (const segment of nearestFirst(this.#segments, id)) {
      const found = await guarded(async () => {
        if (!this.#indexes.has(segment) && segment.sealed !== undefined && !(await segment.sealed.mayHold(hash))) return undefined;
        return this.#decisionIn(segment, id);
      });
      if (!found.ok) return found;
      if (found.value !== undefined) return success(found.value);
    }
    return failure("missing", `no decision ${id} in the journal`);
  }

  async latestCheckpoint(group: string): Promise<Result<{ readonly sequence: number; readonly state: unknown } | undefined>> {
    const place = this.#effects.checkpoint(group);
    const segment = this.#segments.find((one) => one.firstSequence === place?.segment);
    if (place === undefined || segment === undefined) return success(undefined);
    return guarded(async () => {
      const entry = await new SegmentReader(segment, await this.#indexOf(segment), this.#cache).record(place.record);
      return entry.t === "c" ? { sequence: entry.q, state: entry.v } : undefined;
    });
  }

  async #decisionsOf(segment: Segment, query: DecisionQuery, page: { readonly start: DecisionPlace; readonly limit: number }): Promise<{ decisions: DecisionWithOutcome[]; last: DecisionPlace | undefined }> {
    const index = await this.#indexOf(segment);
    const reader = new SegmentReader(segment, index, this.#cache);
    const places = index.places(query, page.start, page.limit);
    const decisions: DecisionWithOutcome[] = [];
    // Oldest first, so that the reader goes forward through the file once.
    for (const place of places.toReversed()) {
      const stored = await reader.pass(place.sequence - segment.firstSequence);
      const decision = decisionAt(stored, place);
      decisions.push({ decision, outcome: (await this.#outcomesOf(stored, decision.id)).at(-1) });
    }
    return { decisions: decisions.reverse(), last: places.at(-1) };
  }

  async #decisionIn(segment: Segment, id: string): Promise<JournalledDecision | undefined> {
    const index = await this.#indexOf(segment);
    const reader = new SegmentReader(segment, index, this.#cache);
    for (const place of index.placesOf(id)) {
      const record = place.sequence - segment.firstSequence;
      const stored = await reader.pass(record);
      const decision = decisionAt(stored, place);
      if (decision.id !== id) continue;
      const group = index.group(record) ?? "";
      const { snapshot, policyDigests, forecasts } = await joinedPass(reader, { group, stored }, new Map());
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
    if (segment.growing !== undefined) return segment.growing.view;
    const index = this.#indexes.get(segment) ?? (await segment.index());
    this.#indexes.delete(segment);
    this.#indexes.set(segment, index);
    const [oldest] = this.#indexes.keys();
    if (this.#indexes.size > KNOWN_INDEXES && oldest !== undefined) this.#indexes.delete(oldest);
    return index;
  }
}

async function guarded<T>(work: () => Promise<T>): Promise<Result<T>> {
  try {
    return success(await work());
  } catch (error) {
    if (error instanceof DamagedSegment) return failure("permanent", error.message);
    if (error instanceof Error && "code" in error) return failure("transient", `the journal could not be read: ${error.message}`);
    throw error;
  }
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
