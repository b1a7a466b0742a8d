import type { z } from "zod";
import { type ConfigError, dotted, type PathSegment } from "./config-error.ts";
import { nearest, suggestOneOf } from "./suggest.ts";
import type { YamlDocument } from "./yaml-source.ts";

/** A fault in a value, before its place in a file is known. */
export interface Fault {
  readonly path: readonly PathSegment[];
  readonly at: "key" | "value";
  readonly message: string;
  readonly suggestion?: string | undefined;
  /** The key that an unknown one was probably meant to be. */
  readonly meant?: string | undefined;
}

/** Parses a value with a schema; `x-…` keys are a user's own and pass. Faults carry paths that start with `base`. */
export function parseWith<Schema extends z.ZodType>(schema: Schema, value: unknown, base: readonly PathSegment[]): { readonly value?: z.output<Schema>; readonly faults: readonly Fault[] } {
  let result = schema.safeParse(value);
  if (!result.success && hasOwnKeys(result.error.issues)) result = schema.safeParse(withoutOwnKeys(value, result.error.issues));
  if (result.success) return { value: result.data, faults: [] };
  return { faults: withoutEchoes(result.error.issues.flatMap((issue) => faultsOf(issue, { value, schema }, base))) };
}

// A mistyped key is one fault, not two: that the meant key is missing follows from it.
export function withoutEchoes(faults: readonly Fault[]): readonly Fault[] {
  const meant = new Set(faults.flatMap((fault) => (fault.meant === undefined ? [] : [dotted([...fault.path.slice(0, -1), fault.meant])])));
  return faults.filter((fault) => !(fault.message === "is required" && meant.has(dotted(fault.path))));
}

const isOwn = (key: string): boolean => key.startsWith("x-");

function hasOwnKeys(issues: readonly z.core.$ZodIssue[]): boolean {
  return issues.some((issue) => issue.code === "unrecognized_keys" && issue.keys.some(isOwn));
}

function withoutOwnKeys(value: unknown, issues: readonly z.core.$ZodIssue[]): unknown {
  const copy = structuredClone(value);
  for (const issue of issues) {
    if (issue.code !== "unrecognized_keys") continue;
    const holder = valueAt(copy, issue.path as PathSegment[]);
    if (isRecord(holder)) for (const key of issue.keys.filter(isOwn)) Reflect.deleteProperty(holder, key);
  }
  return copy;
}

function faultsOf(issue: z.core.$ZodIssue, { value: input, schema }: { readonly value: unknown; readonly schema: z.ZodType }, base: readonly PathSegment[]): readonly Fault[] {
  const inner = issue.path as PathSegment[];
  const path = [...base, ...inner];
  if (issue.code === "unrecognized_keys") {
    const known = keysAt(schema, inner);
    const holder = valueAt(input, inner);
    const free = known.filter((key) => !isRecord(holder) || !Object.hasOwn(holder, key));
    return issue.keys.map((key) => unknownKey([...path, key], free, known));
  }
  const value = valueAt(input, inner);
  if (issue.code === "custom") {
    const suggestion: unknown = issue.params?.["suggestion"];
    return [{ path, at: "value", message: issue.message, suggestion: typeof suggestion === "string" ? suggestion : undefined }];
  }
  if (issue.code === "invalid_type") return [{ path, at: "value", ...wrongShape(issue.expected, value) }];
  return [{ path, at: "value", message: plainMessage(issue), suggestion: suggestionFor(issue, value) }];
}

/** A key that the schema does not know; `free` are the known keys that are not given yet. */
export function unknownKey(path: readonly PathSegment[], free: readonly string[], known: readonly string[]): Fault {
  const key = String(path.at(-1));
  const meant = nearest(key, free) ?? nearest(key, known);
  const suggestion = meant === undefined ? `it can be ${known.join(", ")}; a key of your own starts with x-` : `did you mean ${JSON.stringify(meant)}?`;
  return { path, at: "key", message: `unknown key ${JSON.stringify(key)}`, suggestion, meant };
}

function plainMessage(issue: z.core.$ZodIssue): string {
  if (issue.code === "too_big" && issue.origin === "array") return `has more than ${String(issue.maximum)} items`;
  if (issue.code === "too_small" && issue.origin === "string") return "is empty";
  return issue.message.replace(/^Invalid (?:input|option): /, "").replace(/^Too (?:big|small): /, "");
}

function suggestionFor(issue: z.core.$ZodIssue, value: unknown): string | undefined {
  switch (issue.code) {
    case "invalid_value": return suggestOneOf(value, issue.values.map(String));
    case "too_small": return issue.origin === "string" ? "write a text" : `it is at least ${String(issue.minimum)}`;
    case "too_big": return issue.origin === "array" ? `keep at most ${String(issue.maximum)}` : `it is at most ${String(issue.maximum)}`;
    default: return undefined;
  }
}

const SHAPES: Readonly<Record<string, readonly [what: string, how: string]>> = {
  object: ["a mapping", "write `key: value` lines beneath it"],
  record: ["a mapping", "write `key: value` lines beneath it"],
  array: ["a list", "write each item on a line of its own, after a dash"],
  string: ["a text", "put it in quotes"],
  number: ["a number", "write a number, without quotes"],
  int: ["a whole number", "write a whole number"],
  boolean: ["true or false", "write true or false"],
};

function wrongShape(expected: string, value: unknown): { message: string; suggestion: string } {
  const [what, how] = SHAPES[expected] ?? [expected, `write ${expected}`];
  if (value === undefined) return { message: "is required", suggestion: `write ${what}` };
  if (value === null) return { message: "is empty", suggestion: "give it a value, or remove the key" };
  const given = Array.isArray(value) ? "a list" : typeof value === "object" ? "a mapping" : JSON.stringify(value);
  if (typeof value === "object") return { message: `expected ${what}, not ${given}`, suggestion: how };
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (expected === "array") return { message: `expected a list, not ${given}`, suggestion: `did you mean [${text}]?` };
  if (expected === "string") return { message: `expected a text, not ${given}`, suggestion: `did you mean "${text}"?` };
  if (expected === "number" && text.trim() !== "" && Number.isFinite(Number(text))) return { message: `expected a number, not ${given}`, suggestion: `did you mean ${text}?` };
  return { message: `expected ${what}, not ${given}`, suggestion: how };
}

/** The value at a path of plain data, or undefined. */
export function valueAt(value: unknown, path: readonly PathSegment[]): unknown {
  return path.reduce<unknown>((holder, segment) => {
    if (Array.isArray(holder)) return typeof segment === "number" ? (holder as unknown[])[segment] : undefined;
    return isRecord(holder) && Object.hasOwn(holder, segment) ? holder[String(segment)] : undefined;
  }, value);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The keys that an object schema knows at a path. */
function keysAt(schema: z.ZodType, path: readonly PathSegment[]): readonly string[] {
  let node = unwrap(schema);
  for (const segment of path) {
    const definition = node.def as { readonly shape?: Record<string, z.ZodType>; readonly element?: z.ZodType; readonly valueType?: z.ZodType };
    const next = typeof segment === "number" ? definition.element : (definition.shape?.[segment] ?? definition.valueType);
    if (next === undefined) return [];
    node = unwrap(next);
  }
  return Object.keys((node.def as { readonly shape?: Record<string, unknown> }).shape ?? {});
}

function unwrap(schema: z.ZodType): z.ZodType {
  const inner = (schema.def as { readonly innerType?: z.ZodType }).innerType;
  return inner === undefined ? schema : unwrap(inner);
}

/** A part of another document that lies beneath a policy's `spec`: `base` is where that part begins. */
export interface Layer {
  readonly document: YamlDocument;
  readonly base: readonly PathSegment[];
}

// Nobody reads more, and a hostile document could hold a hundred thousand.
const MAX_FAULTS = 100;

/** Puts faults at their place: where the document holds the path, else in the first inherited layer that does, else at the nearest key of the document. */
export function placeFaults(faults: readonly Fault[], document: YamlDocument, inherited: readonly Layer[] = []): readonly ConfigError[] {
  return faults.slice(0, MAX_FAULTS).map((fault) => {
    const inSpec = fault.path[0] === "spec" && !document.has(fault.path);
    // The template of a set is a spec one level deeper.
    const inner = fault.path.slice(fault.path[1] === "template" ? 2 : 1);
    const layer = inSpec ? inherited.find((candidate) => candidate.document.has([...candidate.base, ...inner])) : undefined;
    const path = layer === undefined ? fault.path : [...layer.base, ...inner];
    const home = layer?.document ?? document;
    const { line, column } = home.locate(path, fault.at);
    return { file: home.file, line, column, path: dotted(path), message: fault.message, ...(fault.suggestion === undefined ? {} : { suggestion: fault.suggestion }) };
  });
}
