import { crc32 } from "node:zlib";
import type { Intent, Outcome } from "../model/intent.ts";
import type { DecisionPlace } from "./decision-cursor.ts";
import type { Entry, StoredPass } from "./entry.ts";
import type { DecisionQuery } from "./journal.ts";

/** Texts numbered in the order of their coming. */
class Names {
  readonly texts: string[] = [];
  readonly #numbers = new Map<string, number>();

  number(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.texts.push(text) - 1;
      this.#numbers.set(text, number);
    }
    return number;
  }

  find(text: string): number | undefined {
    return this.#numbers.get(text);
  }
}

const NO_ROW = -1;

/** Where each record and decision of one segment is: columns of numbers, a row a record and a row a decision. */
export class SegmentIndex {
  readonly firstSequence: number;
  /** Of each record's frame; -1 where it is damaged. */
  readonly offsets: number[] = [];
  /** The record of the pass that a pass is a delta of; -1 for none. */
  readonly #previous: number[] = [];
  readonly #newestOfGroup = new Map<string, number>();
  readonly #groups = new Names();
  readonly #groupOf: number[] = [];

  readonly #targets = new Names();
  readonly #kinds = new Names();
  readonly #decisionRecord: number[] = [];
  readonly #decisionOrdinal: number[] = [];
  readonly #decisionTarget: number[] = [];
  readonly #decisionKind: number[] = [];
  readonly #decisionTime: number[] = [];
  readonly #decisionHash: number[] = [];

  readonly intents: Intent[] = [];
  readonly outcomes = new Map<string, Outcome[]>();
  readonly checkpoints = new Map<string, number>();
  readonly contents = new Map<string, number>();
  oldestSeconds = Infinity;
  newestSeconds = -Infinity;

  constructor(firstSequence: number) {
    this.firstSequence = firstSequence;
  }

  get nextSequence(): number {
    return this.firstSequence + this.offsets.length;
  }

  /** Takes up the entry of a frame; `stored` is the whole pass where it is one. */
  add(entry: Entry, offset: number, stored: StoredPass | undefined): void {
    if (entry.t === "b") {
      this.contents.set(entry.h, offset);
      return;
    }
    const record = this.offsets.push(offset) - 1;
    this.#previous.push(entry.t === "d" ? this.#newestOfGroup.get(entry.g) ?? NO_ROW : NO_ROW);
    this.#groupOf.push(entry.t === "p" || entry.t === "d" ? this.#groups.number(entry.g) : NO_ROW);
    if (entry.t === "p" || entry.t === "d") this.#newestOfGroup.set(entry.g, record);
    if (stored !== undefined) this.#addPass(record, stored);
    else if (entry.t === "o") this.#addOutcome(entry.o);
    else if (entry.t === "c") this.checkpoints.set(entry.g, record);
    this.#addTime(stored?.snapshot.timeSeconds ?? (entry.t === "c" || entry.t === "n" ? entry.s : NaN));
  }

  /** A record that was there and cannot be read. */
  addDamaged(): void {
    this.offsets.push(NO_ROW);
    this.#previous.push(NO_ROW);
    this.#groupOf.push(NO_ROW);
  }

  group(record: number): string | undefined {
    return this.#groups.texts[this.#groupOf[record] ?? NO_ROW];
  }

  /** The records from the whole pass that a record's delta starts from, up to the record itself. */
  chain(record: number): number[] {
    const chain: number[] = [];
    for (let at = record; at !== NO_ROW; at = this.#previous[at] ?? NO_ROW) chain.push(at);
    return chain.reverse();
  }

  /** Places below `start` that a query asks for, newest first, at most `limit`. */
  places(query: DecisionQuery, start: DecisionPlace, limit: number): DecisionPlace[] {
    const places: DecisionPlace[] = [];
    const target = query.target === undefined ? undefined : this.#targets.find(query.target) ?? NO_ROW;
    const kind = query.kind === undefined ? undefined : this.#kinds.find(query.kind) ?? NO_ROW;
    const [from, to] = [query.fromSeconds ?? -Infinity, query.toSeconds ?? Infinity];
    if (target === NO_ROW || kind === NO_ROW || this.newestSeconds < from || this.oldestSeconds >= to) return places;
    for (let row = this.#decisionTime.length - 1; row >= 0 && places.length < limit; row--) {
      if (target !== undefined && this.#decisionTarget[row] !== target) continue;
      if (kind !== undefined && this.#decisionKind[row] !== kind) continue;
      const time = this.#decisionTime[row] ?? NaN;
      if (!(time >= from && time < to)) continue;
      const place = this.#place(row);
      if (place.sequence < start.sequence || (place.sequence === start.sequence && place.ordinal < start.ordinal)) places.push(place);
    }
    return places;
  }

  /** Places whose decision may have this id, newest first. */
  placesOf(id: string): DecisionPlace[] {
    const hash = crc32(id);
    const places: DecisionPlace[] = [];
    for (let row = this.#decisionHash.length - 1; row >= 0; row--) if (this.#decisionHash[row] === hash) places.push(this.#place(row));
    return places;
  }

  #place(row: number): DecisionPlace {
    return { sequence: this.firstSequence + (this.#decisionRecord[row] ?? 0), ordinal: this.#decisionOrdinal[row] ?? 0 };
  }

  #addPass(record: number, stored: StoredPass): void {
    for (const [ordinal, decision] of stored.decisions.entries()) {
      this.#decisionRecord.push(record);
      this.#decisionOrdinal.push(ordinal);
      this.#decisionTarget.push(this.#targets.number(decision.target));
      this.#decisionKind.push(this.#kinds.number(decision.kind));
      this.#decisionTime.push(decision.timeSeconds);
      this.#decisionHash.push(crc32(decision.id));
    }
    this.intents.push(...stored.intents);
  }

  #addTime(seconds: number): void {
    if (seconds < this.oldestSeconds) this.oldestSeconds = seconds;
    if (seconds > this.newestSeconds) this.newestSeconds = seconds;
  }

  #addOutcome(outcome: Outcome): void {
    const known = this.outcomes.get(outcome.idempotencyKey);
    if (known === undefined) this.outcomes.set(outcome.idempotencyKey, [outcome]);
    else known.push(outcome);
  }
}
