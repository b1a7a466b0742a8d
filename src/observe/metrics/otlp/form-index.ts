/* eslint-disable max-params -- called for every point: an object a call would be made for each */
import { ByteKeyTable } from "../series/byte-key-table.ts";
import type { SeriesTable } from "../series/series-table.ts";
import { readAttributes } from "./wire-attributes.ts";
import type { WireCursor } from "./wire-cursor.ts";

const RESOURCE_ATTRIBUTES = 10;
const SCOPE_ATTRIBUTES = 26;

/**
 * Finds table entries by the raw bytes in which a sender writes them, so that a known series costs no string. Senders may
 * order attributes differently: two forms may then lead to one entry, which is decided once, when a new form is seen.
 */
export class FormIndex {
  readonly #table: SeriesTable;
  readonly #cursor: WireCursor;
  readonly #resources = new ByteKeyTable();
  readonly #scopes = new ByteKeyTable();
  readonly #names = new ByteKeyTable();
  readonly #metrics = new ByteKeyTable();
  readonly #series = new ByteKeyTable();
  #marks: readonly number[] = [];

  constructor(table: SeriesTable, cursor: WireCursor) {
    this.#table = table;
    this.#cursor = cursor;
  }

  begin(): void {
    this.#marks = this.#tables().map((forms) => forms.mark());
    for (const forms of this.#tables()) forms.startSequence();
  }

  /** Forget the forms that came with a request that failed. */
  rollback(): void {
    this.#tables().forEach((forms, i) => {
      forms.undo(this.#marks[i] as number);
    });
  }

  /** After an eviction: keep only forms whose entry is still there. Names are learned again. */
  dropEvicted(): void {
    const table = this.#table;
    this.#resources.keepOnly((id) => table.resources.get(id) !== undefined);
    this.#scopes.keepOnly((id) => table.scopes.get(id) !== undefined);
    this.#names.keepOnly(() => false);
    this.#metrics.keepOnly(() => false);
    this.#series.keepOnly((id) => table.series.get(id) !== undefined);
  }

  /** The id of the resource whose message lies between two offsets. */
  resource(start: number, end: number): number {
    const cursor = this.#cursor;
    const known = this.#resources.find(0, cursor.view, start, end);
    if (known >= 0) return known;
    const attributes = this.#attributes(start, end, RESOURCE_ATTRIBUTES);
    if (cursor.hasFailed()) return -1;
    const id = this.#table.resource(attributes);
    this.#resources.add({ parent: 0, view: cursor.view, start, end }, id);
    return id;
  }

  /** The id of the instrumentation scope (name 1, version 2, attributes 3) between two offsets. */
  scope(resource: number, start: number, end: number): number {
    const cursor = this.#cursor;
    const known = this.#scopes.find(resource, cursor.view, start, end);
    if (known >= 0) return known;
    const attributes = this.#attributes(start, end, SCOPE_ATTRIBUTES);
    const [name, version] = this.#scopeTexts(start, end);
    if (cursor.hasFailed()) return -1;
    const id = this.#table.scope(resource, { name, version, attributes });
    this.#scopes.add({ parent: resource, view: cursor.view, start, end }, id);
    return id;
  }

  /** The id of a metric by the bytes of its name and unit. */
  metric(scope: number, kind: number, name: readonly [number, number], unit: readonly [number, number]): number {
    const cursor = this.#cursor;
    const owner = scope * 16 + kind;
    let nameId = this.#names.find(owner, cursor.view, name[0], name[1]);
    if (nameId < 0) {
      nameId = this.#names.mark();
      this.#names.add({ parent: owner, view: cursor.view, start: name[0], end: name[1] }, nameId);
    }
    const known = this.#metrics.find(nameId, cursor.view, unit[0], unit[1]);
    if (known >= 0) return known;
    const [nameText, unitText] = [cursor.textBetween(name[0], name[1]), cursor.textBetween(unit[0], unit[1])];
    if (cursor.hasFailed()) return -1;
    const id = this.#table.metric(scope, { kind, name: nameText, unit: unitText });
    this.#metrics.add({ parent: nameId, view: cursor.view, start: unit[0], end: unit[1] }, id);
    return id;
  }

  /** The id of a known series by the bytes of its attribute fields, or -1. `view` holds them. */
  findSeries(metric: number, view: DataView, start: number, end: number): number {
    return this.#series.find(metric, view, start, end);
  }

  /** Read the attributes of a form that is not known; -1 where limits refuse the series or the bytes are at fault. */
  addSeries(metric: number, bytes: Uint8Array, span: { readonly start: number; readonly end: number; readonly tag: number }): number {
    const cursor = this.#cursor;
    const attributes = this.#attributes(span.start, span.end, span.tag, bytes);
    if (cursor.hasFailed()) return -1;
    const id = this.#table.seriesOf(metric, attributes);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (id >= 0) this.#series.add({ parent: metric, view, start: span.start, end: span.end }, id);
    return id;
  }

  #tables(): readonly ByteKeyTable[] {
    return [this.#resources, this.#scopes, this.#names, this.#metrics, this.#series];
  }

  /** Reads elsewhere and comes back, unless a fault stopped the cursor. */
  #attributes(start: number, end: number, tag: number, bytes?: Uint8Array): ReturnType<typeof readAttributes> {
    const cursor = this.#cursor;
    const [position, request] = [cursor.position, cursor.bytes];
    if (bytes !== undefined && bytes !== request) cursor.reset(bytes);
    cursor.position = start;
    const attributes = readAttributes(cursor, end, tag);
    const { fault } = cursor;
    if (bytes !== undefined && bytes !== request) cursor.reset(request);
    cursor.position = position;
    if (fault !== undefined) cursor.fail(fault.what, bytes === undefined || bytes === request ? fault.offset : position);
    return attributes;
  }

  #scopeTexts(start: number, end: number): readonly [string, string] {
    const cursor = this.#cursor;
    if (cursor.hasFailed()) return ["", ""];
    const position = cursor.position;
    let [name, version] = ["", ""];
    cursor.position = start;
    while (cursor.position < end) {
      const tag = cursor.varint(end);
      if (tag === 10) name = cursor.text(end);
      else if (tag === 18) version = cursor.text(end);
      else cursor.skip(tag, end);
    }
    if (!cursor.hasFailed()) cursor.position = position;
    return [name, version];
  }
}
