/**
 * The change from one JSON value to the next, itself JSON: `[value]` replaces, `[prefix, suffix, text]` keeps that many
 * characters at both ends of a string, an object changes members (0 removes one) or, by index, the cells of an array.
 */
export type Delta = readonly [unknown] | readonly [number, number, string] | MembersDelta;

interface MembersDelta {
  readonly [member: string]: Delta | 0;
}

type Members = Readonly<Record<string, unknown>>;

/** A splice costs about so many characters of syntax. */
const SPLICE_OVERHEAD = 8;

/** The delta between two JSON values, undefined where they are equal. Applying it gives the members of objects in the same order too. */
export function deltaOf(before: unknown, after: unknown): Delta | undefined {
  if (before === after) return undefined;
  if (typeof before === "string" && typeof after === "string") return spliceOf(before, after);
  if (Array.isArray(before) && Array.isArray(after)) return before.length === after.length ? cellsDelta(before, after) : [after];
  if (isMembers(before) && isMembers(after)) return membersDelta(before, after);
  return [after];
}

/** The next value; shares all that did not change with the one before. */
export function applyDelta(before: unknown, delta: Delta): unknown {
  if (isReplacement(delta)) return replaced(before, delta);
  if (Array.isArray(before)) {
    const cells = [...(before as readonly unknown[])];
    for (const [index, change] of Object.entries(delta)) if (change !== 0) cells[Number(index)] = applyDelta(cells[Number(index)], change);
    return cells;
  }
  const members: Record<string, unknown> = { ...(before as Members) };
  for (const [name, change] of Object.entries(delta)) {
    if (change === 0) Reflect.deleteProperty(members, name);
    else members[name] = applyDelta(members[name], change);
  }
  return members;
}

function isReplacement(delta: Delta): delta is readonly [unknown] | readonly [number, number, string] {
  return Array.isArray(delta);
}

function replaced(before: unknown, [first, suffix, text]: readonly [unknown] | readonly [number, number, string]): unknown {
  if (suffix === undefined || text === undefined) return first;
  const old = String(before);
  return old.slice(0, Number(first)) + text + old.slice(old.length - suffix);
}

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function spliceOf(before: string, after: string): Delta {
  const shorter = Math.min(before.length, after.length);
  let prefix = 0;
  while (prefix < shorter && before.charCodeAt(prefix) === after.charCodeAt(prefix)) prefix++;
  let suffix = 0;
  while (suffix < shorter - prefix && before.charCodeAt(before.length - 1 - suffix) === after.charCodeAt(after.length - 1 - suffix)) suffix++;
  return prefix + suffix > SPLICE_OVERHEAD ? [prefix, suffix, after.slice(prefix, after.length - suffix)] : [after];
}

function cellsDelta(before: readonly unknown[], after: readonly unknown[]): Delta | undefined {
  let delta: Record<string, Delta> | undefined;
  for (let index = 0; index < after.length; index++) {
    const change = deltaOf(before[index], after[index]);
    if (change !== undefined) (delta ??= {})[index] = change;
  }
  return delta;
}

function membersDelta(before: Members, after: Members): Delta | undefined {
  // Setting a member of this name would set the prototype.
  if (Object.hasOwn(after, "__proto__") || Object.hasOwn(before, "__proto__")) return [after];
  const oldNames = namesOf(before);
  const newNames = namesOf(after);
  if (!sameNames(oldNames, newNames)) return reshapedDelta(before, after, { oldNames, newNames });
  let delta: Record<string, Delta> | undefined;
  for (const name of newNames) {
    const change = deltaOf(before[name], after[name]);
    if (change !== undefined) (delta ??= {})[name] = change;
  }
  return delta;
}

/** Members came or went: those that stay keep their places and new ones follow, or else the whole is replaced. */
function reshapedDelta(before: Members, after: Members, names: { readonly oldNames: readonly string[]; readonly newNames: readonly string[] }): Delta {
  const { oldNames, newNames } = names;
  const now = new Set(newNames);
  const then = new Set(oldNames);
  const order = [...oldNames.filter((name) => now.has(name)), ...newNames.filter((name) => !then.has(name))];
  if (!sameNames(order, newNames)) return [after];
  const delta: Record<string, Delta | 0> = {};
  for (const name of oldNames) if (!now.has(name)) delta[name] = 0;
  for (const name of newNames) {
    const change = then.has(name) ? deltaOf(before[name], after[name]) : ([after[name]] as const);
    if (change !== undefined) delta[name] = change;
  }
  return delta;
}

/** An undefined member is an absent one, as in JSON. */
function namesOf(members: Members): string[] {
  const names = Object.keys(members);
  return names.some((name) => members[name] === undefined) ? names.filter((name) => members[name] !== undefined) : names;
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
