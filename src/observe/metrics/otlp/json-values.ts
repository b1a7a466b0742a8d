import type { AttributeValue, Attributes } from "../series/attributes.ts";
import { MAX_ATTRIBUTE_DEPTH, plainDouble, plainInteger, setAttribute } from "./wire-attributes.ts";

/** A value that OTLP/JSON does not allow, with its path. Thrown within the decoder and caught at its entry. */
export class JsonFault extends Error {}

export type JsonObject = Readonly<Record<string, unknown>>;

/** A JSON object; absent and null are an empty one. */
export function objectAt(value: unknown, path: string): JsonObject {
  if (value === undefined || value === null) return {};
  if (typeof value === "object" && !Array.isArray(value)) return value as JsonObject;
  throw new JsonFault(`${path}: expected an object, got ${nameOf(value)}`);
}

export function listAt(value: unknown, path: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value as readonly unknown[];
  throw new JsonFault(`${path}: expected a list, got ${nameOf(value)}`);
}

export function textAt(value: unknown, path: string): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  throw new JsonFault(`${path}: expected a text, got ${nameOf(value)}`);
}

export function booleanAt(value: unknown, path: string): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value === "boolean") return value;
  throw new JsonFault(`${path}: expected true or false, got ${nameOf(value)}`);
}

/** A double: a number, a decimal text, or "NaN", "Infinity", "-Infinity". */
export function doubleAt(value: unknown, path: string): number {
  if (typeof value === "number") return value;
  if (typeof value === "string" && (/^-?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(value) || /^(NaN|-?Infinity)$/.test(value))) return Number(value);
  throw new JsonFault(`${path}: expected a number, got ${nameOf(value)}`);
}

/** An integer of at most 64 bits: a whole number or its decimal text. */
export function integerAt(value: unknown, path: string): bigint {
  if (value === undefined || value === null) return 0n;
  if (typeof value === "number" && Number.isInteger(value)) return BigInt(value);
  if (typeof value === "string" && /^-?\d{1,20}$/.test(value)) return BigInt(value);
  throw new JsonFault(`${path}: expected an integer (a number or a decimal text), got ${nameOf(value)}`);
}

export function countAt(value: unknown, path: string): number {
  const count = integerAt(value, path);
  if (count >= 0n && count < 2n ** 64n) return Number(count);
  throw new JsonFault(`${path}: expected an unsigned integer, got ${String(count)}`);
}

/** An enumeration's number. OTLP/JSON does not allow its names. */
export function enumAt(value: unknown, path: string): number {
  if (value === undefined || value === null) return 0;
  if (typeof value === "number" && Number.isInteger(value)) return value;
  throw new JsonFault(`${path}: an enumeration is written as its number in OTLP/JSON, got ${nameOf(value)}`);
}

/** Nanoseconds since the epoch as seconds, computed as the protobuf decoder does, so that both give the same number. */
export function secondsAt(value: unknown, path: string): number {
  const nanoseconds = integerAt(value, path);
  if (nanoseconds < 0n) throw new JsonFault(`${path}: expected a time, got ${String(nanoseconds)}`);
  return Number(nanoseconds) / 1e9;
}

/** A list of `{ key, value }` as attributes; where a key repeats, the last one counts. */
export function attributesAt(value: unknown, path: string, depth = 0): Attributes {
  const attributes: Record<string, AttributeValue> = {};
  listAt(value, path).forEach((item, i) => {
    const pair = objectAt(item, `${path}[${String(i)}]`);
    setAttribute(attributes, textAt(pair["key"], `${path}[${String(i)}].key`), valueAt(pair["value"], `${path}[${String(i)}].value`, depth));
  });
  return attributes;
}

function valueAt(value: unknown, path: string, depth: number): AttributeValue {
  if (depth > MAX_ATTRIBUTE_DEPTH) throw new JsonFault(`${path}: an attribute nests deeper than ${String(MAX_ATTRIBUTE_DEPTH)}`);
  const any = objectAt(value, path);
  if (any["stringValue"] !== undefined) return textAt(any["stringValue"], `${path}.stringValue`);
  if (any["boolValue"] !== undefined) return booleanAt(any["boolValue"], `${path}.boolValue`);
  if (any["intValue"] !== undefined) return plainInteger(integerAt(any["intValue"], `${path}.intValue`));
  if (any["doubleValue"] !== undefined) return plainDouble(doubleAt(any["doubleValue"], `${path}.doubleValue`));
  if (any["bytesValue"] !== undefined) return Buffer.from(textAt(any["bytesValue"], `${path}.bytesValue`), "base64").toString("base64");
  if (any["arrayValue"] !== undefined) {
    const values = `${path}.arrayValue.values`;
    return listAt(objectAt(any["arrayValue"], `${path}.arrayValue`)["values"], values).map((item, i) => valueAt(item, `${values}[${String(i)}]`, depth + 1));
  }
  if (any["kvlistValue"] !== undefined) {
    return attributesAt(objectAt(any["kvlistValue"], `${path}.kvlistValue`)["values"], `${path}.kvlistValue.values`, depth + 1);
  }
  return null;
}

function nameOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return value.length > 40 ? "a text" : JSON.stringify(value);
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "an object";
}
