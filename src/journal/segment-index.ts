import { crc32 } from "node:zlib";
import { fromJsonData } from "../model/canonical-json.ts";
import type { Intent, Outcome } from "../model/intent.ts";
import type { DecisionPlace } from "./decision-cursor.ts";
import type { Entry, StoredPass } from "./entry.ts";
import type { DecisionQuery } from "./journal.ts";

/** Stands for a record that is not there: a damaged one, or the base of a whole pass. */
export const NONE = 2 ** 32 - 1;

/** Columns of an index: the first three have a row a record, the others a row a decision. */
export interface IndexColumns {
  /** Where the record's frame starts; NONE where it is damaged. */
  readonly offset: ArrayLike<number>;
  /** The record of the pass that a pass is a delta of; NONE for none. */
  readonly previous: ArrayLike<number>;
  /** The number of a pass's group; NONE for other records. */
  readonly group: ArrayLike<number>;
  readonly record: ArrayLike<number>;
  readonly ordinal: ArrayLike<number>;
  readonly target: ArrayLike<number>;
  readonly kind: ArrayLike<number>;
  readonly time: ArrayLike<number>;
  /** CRC-32 of the decision's id. */
  readonly hash: ArrayLike<number>;
}

/** What of an index is no column of numbers. */
export interface IndexTexts {
  readonly groups: readonly string[];
  readonly targets: readonly string[];
  readonly kinds: readonly string[];
  readonly intents: readonly Intent[];
  readonly outcomes: readonly Outcome[];
  /** The newest checkpoint's record of each group. */
  readonly checkpoints: ReadonlyMap<string, number>;
  /** Where the frame of each content starts, by digest. */
  readonly contents: ReadonlyMap<string, number>;
}

/** Where each record and decision of one segment is. */
export class SegmentIndex {
  readonly firstSequence: number;
  readonly columns: IndexColumns;
  readonly texts: IndexTexts;

  constructor(firstSequence: number, columns: IndexColumns, texts: IndexTexts) {
    this.firstSequence = firstSequence;
    this.columns = columns;
    this.texts = texts;
  }

  get records(): number {
    return this.columns.offset.length;
  }

  group(record: number): string | undefined {
    return this.texts.groups[this.columns.group[record] ?? NONE];
  }

  /** The records from the whole pass that a record's delta starts from, up to the record itself. */
  chain(record: number): number[] {
    const chain: number[] = [];
    for (let at = record; at !== NONE; at = this.columns.previous[at] ?? NONE) chain.push(at);
    return chain.reverse();
  }

  /** Places below `start` that a query asks for, newest first, at most `limit`. */
  places(query: DecisionQuery, start: DecisionPlace, limit: number): DecisionPlace[] {
    const { columns, texts } = this;
    const places: DecisionPlace[] = [];
    const target = query.target === undefined ? undefined : texts.targets.indexOf(query.target);
    const kind = query.kind === undefined ? undefined : texts.kinds.indexOf(query.kind);
    const [from, to] = [query.fromSeconds ?? -Infinity, query.toSeconds ?? Infinity];
    for (let row = columns.time.length - 1; row >= 0 && places.length < limit; row--) {
      if (target !== undefined && columns.target[row] !== target) continue;
      if (kind !== undefined && columns.kind[row] !== kind) continue;
      const time = columns.time[row] ?? NaN;
      if (!(time >= from && time < to)) continue;
      const place = this.#place(row);
      if (place.sequence < start.sequence || (place.sequence === start.sequence && place.ordinal < start.ordinal)) places.push(place);
    }
    return places;
  }

  /** Places whose decision may have this id, newest first. */
  placesOf(id: string): DecisionPlace[] {
    const wanted = crc32(id);
    const places: DecisionPlace[] = [];
    const { hash } = this.columns;
    for (let row = hash.length - 1; row >= 0; row--) if (hash[row] === wanted) places.push(this.#place(row));
    return places;
  }

  #place(row: number): DecisionPlace {
    return { sequence: this.firstSequence + (this.columns.record[row] ?? 0), ordinal: this.columns.ordinal[row] ?? 0 };
  }
}

/** The index of a segment that grows, or is read from its frames. `view` shows it at any time. */
export class GrowingIndex {
  readonly view: SegmentIndex;
  oldestSeconds = Infinity;
  newestSeconds = -Infinity;
  readonly #columns = { offset: numbers(), previous: numbers(), group: numbers(), record: numbers(), ordinal: numbers(), target: numbers(), kind: numbers(), time: numbers(), hash: numbers() };
  readonly #groups = new Names();
  readonly #targets = new Names();
  readonly #kinds = new Names();
  readonly #newestOfGroup = new Map<string, number>();
  readonly #intents: Intent[] = [];
  readonly #outcomes: Outcome[] = [];
  readonly #checkpoints = new Map<string, number>();
  readonly #contents = new Map<string, number>();

  constructor(firstSequence: number) {
    this.view = new SegmentIndex(firstSequence, this.#columns, {
      groups: this.#groups.texts, targets: this.#targets.texts, kinds: this.#kinds.texts,
      intents: this.#intents, outcomes: this.#outcomes, checkpoints: this.#checkpoints, contents: this.#contents,
    });
  }

  get nextSequence(): number {
    return this.view.firstSequence + this.#columns.offset.length;
  }

  /** Nothing was ever taken up: no record, no content. */
  get isEmpty(): boolean {
    return this.#columns.offset.length === 0 && this.#contents.size === 0;
  }

  /** Takes up the entry of a frame; `stored` is the whole pass where it is one. */
  add(entry: Entry, offset: number, stored: StoredPass | undefined): void {
    if (entry.t === "b") {
      this.#contents.set(entry.h, offset);
      return;
    }
    const isPass = entry.t === "p" || entry.t === "d";
    const record = this.#columns.offset.push(offset) - 1;
    this.#columns.previous.push(entry.t === "d" ? this.#newestOfGroup.get(entry.g) ?? NONE : NONE);
    this.#columns.group.push(isPass ? this.#groups.number(entry.g) : NONE);
    if (isPass) this.#newestOfGroup.set(entry.g, record);
    if (stored !== undefined) this.#addDecisions(record, stored);
    else if (entry.t === "o") this.#outcomes.push(entry.o);
    else if (entry.t === "c") this.#checkpoints.set(entry.g, record);
    this.#addTime(stored?.snapshot.timeSeconds ?? (entry.t === "c" || entry.t === "n" ? entry.s : NaN));
  }

  /** A record that was there and cannot be read. */
  addDamaged(): void {
    this.#columns.offset.push(NONE);
    this.#columns.previous.push(NONE);
    this.#columns.group.push(NONE);
  }

  #addDecisions(record: number, stored: StoredPass): void {
    for (const [ordinal, decision] of stored.decisions.entries()) {
      this.#columns.record.push(record);
      this.#columns.ordinal.push(ordinal);
      this.#columns.target.push(this.#targets.number(decision.target));
      this.#columns.kind.push(this.#kinds.number(decision.kind));
      this.#columns.time.push(decision.timeSeconds);
      this.#columns.hash.push(crc32(decision.id));
    }
    if (stored.intents.length > 0) this.#intents.push(...(fromJsonData(stored.intents) as readonly Intent[]));
  }

  #addTime(seconds: number): void {
    if (seconds < this.oldestSeconds) this.oldestSeconds = seconds;
    if (seconds > this.newestSeconds) this.newestSeconds = seconds;
  }
}

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
}

function numbers(): number[] {
  return [];
}
