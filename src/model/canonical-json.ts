/**
 * The one text of a value: keys in code-unit order, undefined members left out, NaN, infinities, -0 and typed arrays kept by
 * tags. Two values are equal exactly when their texts are. Throws a TypeError on what is no data (functions, maps, cycles).
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(toJsonData(value)));
}

/** Undoes `canonicalJson`, and the tags of `toJsonData`. */
export function parseCanonicalJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return text.includes(TAG_IN_TEXT) ? fromJsonData(value) : value;
}

const TAG = "$";
const TAG_IN_TEXT = '"$';
const FLOATS = "$f64";
const ESCAPED = "$$";

/** The value as data that JSON keeps without loss: itself where it already is, so that the ordinary case copies nothing. */
export function toJsonData(value: unknown): unknown {
  switch (typeof value) {
    case "string": case "boolean": return value;
    case "number": return isPlainNumber(value) ? value : { [TAG]: Object.is(value, -0) ? "-0" : String(value) };
    case "undefined": return { [TAG]: "undefined" };
    case "object": return value === null ? null : objectToJsonData(value);
    default: throw new TypeError(`no data: ${typeof value}`);
  }
}

function objectToJsonData(value: object): unknown {
  if (Array.isArray(value)) return mapped(value, toJsonData);
  if (value instanceof Float64Array) return { [FLOATS]: mapped([...value], toJsonData) };
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw new TypeError(`no plain data: ${value.constructor.name}`);
  let copy: Record<string, unknown> | undefined;
  let escape = false;
  const entries = Object.entries(value);
  for (const [key, member] of entries) {
    if (key.startsWith(TAG)) escape = true;
    const kept = member === undefined ? undefined : toJsonData(member);
    if (kept !== member) {
      copy ??= { ...value } as Record<string, unknown>;
      setMember(copy, key, kept);
    }
  }
  return escape ? { [ESCAPED]: copy ?? value } : copy ?? value;
}

function mapped(values: readonly unknown[], convert: (value: unknown) => unknown): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (let index = 0; index < values.length; index++) {
    const kept = convert(values[index]);
    if (kept !== values[index]) (copy ??= [...values])[index] = kept;
  }
  return copy ?? values;
}

/** Undoes `toJsonData`; like it, copies only what holds a tag. */
export function fromJsonData(value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Float64Array) return value;
  if (Array.isArray(value)) return mapped(value, fromJsonData);
  const record = value as Readonly<Record<string, unknown>>;
  const tag = record[TAG];
  if (typeof tag === "string") return tag === "undefined" ? undefined : Number(tag);
  const floats = record[FLOATS];
  if (Array.isArray(floats)) return Float64Array.from(floats.map((cell) => Number(fromJsonData(cell))));
  const escaped = record[ESCAPED];
  const members = typeof escaped === "object" && escaped !== null ? (escaped as typeof record) : record;
  let copy: Record<string, unknown> | undefined;
  for (const [key, member] of Object.entries(members)) {
    const kept = fromJsonData(member);
    if (kept !== member) setMember((copy ??= { ...members }), key, kept);
  }
  return copy ?? members;
}

/** Plain assignment to the name __proto__ would set the prototype. */
function setMember(members: Record<string, unknown>, name: string, value: unknown): void {
  if (name === "__proto__") Object.defineProperty(members, name, { value, enumerable: true, configurable: true, writable: true });
  else members[name] = value;
}

function isPlainNumber(value: number): boolean {
  return Number.isFinite(value) && !Object.is(value, -0);
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([key, member]) => [key, sorted(member)]));
}
