import type { z } from "zod";
import { type ConfigError, dotted, type PathSegment } from "./config-error.ts";
import { nearest } from "./suggest.ts";
import type { YamlDocument } from "./yaml-source.ts";

/** A fault in a value, before its place in a file is known. */
export interface Fault {
  readonly path: readonly PathSegment[];
  readonly at: "key" | "value";
  readonly message: string;
  readonly suggestion?: string | undefined;
}

/** Parses a value with a schema; `x-…` keys are a user's own and pass. Faults carry paths that start with `base`. */
export function parseWith<Schema extends z.ZodType>(schema: Schema, value: unknown, base: readonly PathSegment[]): { readonly value?: z.output<Schema>; readonly faults: readonly Fault[] } {
  let result = schema.safeParse(value);
  if (!result.success && hasOwnKeys(result.error.issues)) result = schema.safeParse(withoutOwnKeys(value, result.error.issues));
  if (result.success) return { value: result.data, faults: [] };
  return { faults: result.error.issues.flatMap((issue) => faultsOf(issue, value, schema, base)) };
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

function faultsOf(issue: z.core.$ZodIssue, input: unknown, schema: z.ZodType, base: readonly PathSegment[]): readonly Fault[] {
  const inner = issue.path as PathSegment[];
  const path = [...base, ...inner];
  if (issue.code === "unrecognized_keys") {
    const known = keysAt(schema, inner);
    const holder = valueAt(input, inner);
    const free = known.filter((key) => !isRecord(holder) || !Object.hasOwn(holder, key));
    return issue.keys.map((key) => {
      const near = nearest(key, free) ?? nearest(key, known);
      const suggestion = near === undefined ? `it can be ${known.join(", ")}; a key of your own starts with x-` : `did you mean ${JSON.stringify(near)}?`;
      return { path: [...path, key], at: "key" as const, message: `unknown key ${JSON.stringify(key)}`, suggestion };
    });
  }
  const value = valueAt(input, inner);
  if (issue.code === "custom") {
    const suggestion: unknown = issue.params?.["suggestion"];
    return [{ path, at: "value", message: issue.message, suggestion: typeof suggestion === "string" ? suggestion : undefined }];
  }
  if (issue.code === "invalid_type") return [{ path, at: "value", ...wrongShape(issue.expected, value) }];
  return [{ path, at: "value", message: issue.message.replace(/^Invalid input: /, ""), ...(issue.code === "too_big" ? { suggestion: `keep at most ${String(issue.maximum)}` } : {}) }];
}

function wrongShape(expected: string, value: unknown): { message: string; suggestion: string } {
  if (value === undefined) return { message: "is required", suggestion: expected === "array" ? "write a list" : "write it as a mapping, indented beneath its key" };
  if (value === null) return { message: "is empty", suggestion: "give it a value, or remove the key" };
  const given = Array.isArray(value) ? "a list" : typeof value === "object" ? "a mapping" : JSON.stringify(value);
  if (expected === "array") return { message: `expected a list, not ${given}`, suggestion: typeof value === "object" ? "write each item on a line of its own, after a dash" : `did you mean [${String(value)}]?` };
  return { message: `expected a mapping, not ${given}`, suggestion: "write `key: value` lines beneath it" };
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

/** Puts faults at their place: where the document holds the path, else in the first inherited layer that does, else at the nearest key of the document. */
export function placeFaults(faults: readonly Fault[], document: YamlDocument, inherited: readonly Layer[] = []): readonly ConfigError[] {
  return faults.map((fault) => {
    const inSpec = fault.path[0] === "spec" && !document.has(fault.path);
    const layer = inSpec ? inherited.find((candidate) => candidate.document.has([...candidate.base, ...fault.path.slice(1)])) : undefined;
    const path = layer === undefined ? fault.path : [...layer.base, ...fault.path.slice(1)];
    const home = layer?.document ?? document;
    const { line, column } = home.locate(path, fault.at);
    return { file: home.file, line, column, path: dotted(path), message: fault.message, ...(fault.suggestion === undefined ? {} : { suggestion: fault.suggestion }) };
  });
}
