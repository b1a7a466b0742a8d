import type { AttributeValue, Attributes } from "../series/attributes.ts";
import type { WireCursor } from "./wire-cursor.ts";

/** Deepest nesting of arrays and key-value lists in one attribute. */
export const MAX_ATTRIBUTE_DEPTH = 16;

/**
 * Decode the `KeyValue` fields that carry `tag` from the cursor to `end`; other fields are passed over. Used once per new
 * series: a known one is found by its bytes. Where a key repeats, the last one counts.
 */
export function readAttributes(cursor: WireCursor, end: number, tag: number): Attributes {
  const attributes: Record<string, AttributeValue> = {};
  while (cursor.position < end) {
    const field = cursor.varint(end);
    if (field === tag) readKeyValue(cursor, attributes, { end: cursor.blockEnd(end), depth: 0 });
    else cursor.skip(field, end);
  }
  return attributes;
}

function readKeyValue(cursor: WireCursor, into: Record<string, AttributeValue>, { end, depth }: { readonly end: number; readonly depth: number }): void {
  let key = "";
  let value: AttributeValue = null;
  while (cursor.position < end) {
    const field = cursor.varint(end);
    if (field === 10) key = cursor.text(end);
    else if (field === 18) value = readValue(cursor, cursor.blockEnd(end), depth);
    else cursor.skip(field, end);
  }
  setAttribute(into, key, value);
}

/** `AnyValue`: string 1, bool 2, int 3, double 4, array 5, key-value list 6, bytes 7. */
function readValue(cursor: WireCursor, end: number, depth: number): AttributeValue {
  let value: AttributeValue = null;
  if (depth > MAX_ATTRIBUTE_DEPTH) cursor.fail(`an attribute nests deeper than ${String(MAX_ATTRIBUTE_DEPTH)}`);
  while (cursor.position < end) {
    const field = cursor.varint(end);
    if (field === 10) value = cursor.text(end);
    else if (field === 16) value = cursor.varint(end) !== 0;
    else if (field === 24) value = plainInteger(cursor.int64(end));
    else if (field === 33) value = plainDouble(cursor.double(end));
    else if (field === 42) value = readList(cursor, cursor.blockEnd(end), depth + 1);
    else if (field === 50) value = readMap(cursor, cursor.blockEnd(end), depth + 1);
    else if (field === 58) value = readBase64(cursor, cursor.blockEnd(end));
    else cursor.skip(field, end);
  }
  return value;
}

function readList(cursor: WireCursor, end: number, depth: number): readonly AttributeValue[] {
  const list: AttributeValue[] = [];
  while (cursor.position < end) {
    const field = cursor.varint(end);
    if (field === 10) list.push(readValue(cursor, cursor.blockEnd(end), depth));
    else cursor.skip(field, end);
  }
  return list;
}

function readMap(cursor: WireCursor, end: number, depth: number): Attributes {
  const map: Record<string, AttributeValue> = {};
  while (cursor.position < end) {
    const field = cursor.varint(end);
    if (field === 10) readKeyValue(cursor, map, { end: cursor.blockEnd(end), depth });
    else cursor.skip(field, end);
  }
  return map;
}

function readBase64(cursor: WireCursor, end: number): string {
  if (cursor.hasFailed()) return "";
  const bytes = cursor.bytes.subarray(cursor.position, end);
  cursor.position = end;
  return Buffer.from(bytes).toString("base64");
}

/** Set a key that may be any text, `__proto__` included. */
export function setAttribute(into: Record<string, AttributeValue>, key: string, value: AttributeValue): void {
  Object.defineProperty(into, key, { value, enumerable: true, configurable: true, writable: true });
}

/** A 64-bit integer as a number where that is exact, else as its decimal text. */
export function plainInteger(value: bigint): number | string {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString();
}

/** JSON has no NaN or infinities: as an attribute they are their names. */
export function plainDouble(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}
