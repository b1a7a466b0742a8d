import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments, type Document, type Node, type ParsedNode } from "yaml";
import { type ConfigError, dotted, type PathSegment } from "./config-error.ts";
import { interpolate, type Lookups } from "./interpolate.ts";

/** Limits that stop a hostile file before it costs anything (bombs of aliases, of depth, of size). */
export const YAML_LIMITS = { bytes: 1024 * 1024, lineCharacters: 16_384, aliases: 20, depth: 32, documents: 10_000, errorsShown: 100 } as const;

/** One document of a file: its plain value, and the way back from a path to a line and a column. */
export interface YamlDocument {
  readonly file: string;
  readonly value: unknown;
  /** The place of a value; `of: "key"` the place of its key. A path that is not there: of the nearest ancestor that is. */
  locate(path: readonly PathSegment[], of?: "key" | "value"): { readonly line: number; readonly column: number };
  has(path: readonly PathSegment[]): boolean;
}

export interface YamlFile {
  readonly path: string;
  readonly text: string;
}

/**
 * Reads YAML 1.2 (core schema, no custom tags, no merge keys) into plain values.
 * Every syntax error of the file comes back with its place; a document with an error has no value.
 */
export function readYaml(file: YamlFile, lookups: Lookups): { readonly documents: readonly YamlDocument[]; readonly errors: readonly ConfigError[] } {
  const at = (line: number, column: number, message: string, suggestion?: string): ConfigError => ({ file: file.path, line, column, path: "", message, ...(suggestion === undefined ? {} : { suggestion }) });
  const hostile = tooCostly(file.text);
  if (hostile !== undefined) return { documents: [], errors: [at(hostile.line, 1, hostile.message, hostile.suggestion)] };
  const lines = new LineCounter();
  let parsed: readonly Document.Parsed[];
  try {
    parsed = parseAllDocuments(file.text, { version: "1.2", schema: "core", merge: false, uniqueKeys: false, prettyErrors: false, lineCounter: lines }) as Document.Parsed[];
  } catch (error) {
    if (error instanceof RangeError) return { documents: [], errors: [at(1, 1, `the file nests deeper than ${String(YAML_LIMITS.depth)} levels`, "flatten it")] };
    throw error;
  }
  if (parsed.length > YAML_LIMITS.documents) return { documents: [], errors: [at(1, 1, `the file holds more than ${String(YAML_LIMITS.documents)} documents`, "split it into several files")] };
  const documents: YamlDocument[] = [];
  const errors: ConfigError[] = [];
  for (const document of parsed) {
    // After a first syntax error the rest of a document is read askew: what follows from it is no news.
    const problems = [...document.errors.slice(0, 1), ...document.warnings];
    if (problems.length > 0) {
      for (const problem of problems.slice(0, YAML_LIMITS.errorsShown)) {
        const { line, col } = lines.linePos(problem.pos[0]);
        errors.push(at(line, col, ...explain(problem.code, problem.message)));
      }
      continue;
    }
    if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) continue;
    const conversion = new Conversion(document, lines, lookups, file.path);
    const value = conversion.convert(document.contents, [], 0);
    errors.push(...conversion.errors);
    if (conversion.errors.length === 0) documents.push({ file: file.path, value, locate: (path, of = "value") => locate(document, lines, path, of), has: (path) => descend(document, path).rest === 0 });
  }
  return { documents, errors };
}

/** What the YAML parser would spend seconds on: it is quadratic in places, and it recurses. */
function tooCostly(text: string): { readonly line: number; readonly message: string; readonly suggestion: string } | undefined {
  if (Buffer.byteLength(text) > YAML_LIMITS.bytes) return { line: 1, message: "the file is larger than 1 MiB", suggestion: "split it into several files" };
  const lines = text.split("\n");
  const long = lines.findIndex((line) => line.length > YAML_LIMITS.lineCharacters);
  if (long >= 0) return { line: long + 1, message: `the line is longer than ${String(YAML_LIMITS.lineCharacters)} characters`, suggestion: "break it" };
  let open = 0;
  for (const [index, line] of lines.entries()) {
    for (const character of line) open += character === "[" || character === "{" ? 1 : character === "]" || character === "}" ? -1 : 0;
    if (open > 20 * YAML_LIMITS.depth) return { line: index + 1, message: `nests deeper than ${String(YAML_LIMITS.depth)} levels`, suggestion: "close the brackets, or flatten it" };
  }
  const directive = lines.findIndex((line) => line.startsWith("%") && !line.startsWith("%YAML "));
  return directive >= 0 ? { line: directive + 1, message: "directives are not allowed", suggestion: "remove the line, or indent it if it belongs to a text" } : undefined;
}

function explain(code: string, message: string): [message: string, suggestion?: string] {
  switch (code) {
    case "TAB_AS_INDENT": return ["a tab indents this line", "indent with spaces"];
    case "TAG_RESOLVE_FAILED": return ["custom tags are not allowed", "write the plain value, without the !tag"];
    case "BAD_INDENT": return [message, "line it up with its neighbours"];
    case "MULTILINE_IMPLICIT_KEY": return ["this line is not a `key: value`", "write `key: value`, with a space after the colon"];
    case "MISSING_CHAR": return [message, "close the quote or the bracket, or put the missing character"];
    case "BAD_ALIAS": return [message, "define the anchor (&name) above its use, or write the value"];
    case "BLOCK_AS_IMPLICIT_KEY": return ["a nested mapping cannot stand on the line of its key", "put it on the next line, indented, or put the text in quotes"];
    case "UNEXPECTED_TOKEN": return [message, "put the text in quotes, or remove the character"];
    case "BAD_DQ_ESCAPE": return [message, "use single quotes, or double the backslash"];
    case "BAD_SCALAR_START": return [message, "put the text in quotes"];
    default: return [message, "put the text in quotes if it holds one of : # { } [ ] , & * ! | > % @"];
  }
}

/** Turns nodes into plain values once, counting what they would cost. */
class Conversion {
  readonly errors: ConfigError[] = [];
  private aliases = 0;
  private readonly document: Document.Parsed;
  private readonly lines: LineCounter;
  private readonly lookups: Lookups;
  private readonly file: string;

  constructor(document: Document.Parsed, lines: LineCounter, lookups: Lookups, file: string) {
    this.document = document;
    this.lines = lines;
    this.lookups = lookups;
    this.file = file;
  }

  convert(node: Node | null, path: readonly PathSegment[], depth: number): unknown {
    if (node === null) return null;
    if (depth > YAML_LIMITS.depth) return this.refuse(node, path, `nests deeper than ${String(YAML_LIMITS.depth)} levels`, "flatten it");
    if (isAlias(node)) {
      this.aliases += 1;
      if (this.aliases > YAML_LIMITS.aliases) return this.aliases === YAML_LIMITS.aliases + 1 ? this.refuse(node, path, `more than ${String(YAML_LIMITS.aliases)} aliases`, "write the values out, or move them to the defaults of foretide.yaml") : undefined;
      const target = node.resolve(this.document);
      return target === undefined ? this.refuse(node, path, `nothing is named &${node.source}`, "define the anchor above its use, or put a text that begins with * in quotes") : this.convert(target, path, depth + 1);
    }
    if (isScalar(node)) {
      if (typeof node.value !== "string") return node.value;
      const filled = interpolate(node.value, node.type !== "PLAIN", this.lookups);
      return filled.ok ? filled.value : this.refuse(node, path, filled.message, filled.suggestion);
    }
    if (isSeq(node)) return node.items.map((item, index) => this.convert(item as Node, [...path, index], depth + 1));
    if (!isMap(node)) return undefined;
    const result: Record<string, unknown> = {};
    for (const pair of node.items) {
      const key = isScalar(pair.key) ? pair.key.value : undefined;
      if (typeof key !== "string" && typeof key !== "number" && typeof key !== "boolean") this.refuse((pair.key as Node | null) ?? node, path, "a key must be a word", "write `name: value`");
      else if (key === "<<") this.refuse(pair.key as Node, path, "merge keys (<<) are not allowed", "write the values out, or move them to the defaults of foretide.yaml");
      else if (key === "__proto__") this.refuse(pair.key as Node, path, "this key is not allowed", "remove it");
      else if (Object.hasOwn(result, String(key))) this.refuse(pair.key as Node, [...path, String(key)], "this key is already given above", "remove one of the two");
      else result[String(key)] = this.convert(pair.value as Node | null, [...path, String(key)], depth + 1);
    }
    return result;
  }

  private refuse(node: Node, path: readonly PathSegment[], message: string, suggestion: string): undefined {
    const { line, col } = this.lines.linePos(node.range?.[0] ?? 0);
    if (this.errors.length < YAML_LIMITS.errorsShown) this.errors.push({ file: this.file, line, column: col, path: dotted(path), message, suggestion });
    return undefined;
  }
}

/** Goes down as far as the path exists: the last key and value met, and how many segments are left. */
function descend(document: Document.Parsed, path: readonly PathSegment[]): { key: Node | undefined; value: Node | null; rest: number } {
  let key: Node | undefined;
  let value: Node | null = document.contents as ParsedNode;
  for (const [depth, segment] of path.entries()) {
    if (isAlias(value)) value = value.resolve(document) ?? null;
    const next: { key: Node | undefined; value: Node | null } | undefined = child(value, segment);
    if (next === undefined) return { key, value, rest: path.length - depth };
    ({ key, value } = next);
  }
  return { key, value, rest: 0 };
}

function child(node: Node | null, segment: PathSegment): { key: Node | undefined; value: Node | null } | undefined {
  if (isSeq(node) && typeof segment === "number") {
    const item = node.items[segment] as Node | undefined;
    return item === undefined ? undefined : { key: undefined, value: item };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find((candidate) => isScalar(candidate.key) && String(candidate.key.value) === String(segment));
  return pair === undefined ? undefined : { key: pair.key as Node, value: pair.value as Node | null };
}

function locate(document: Document.Parsed, lines: LineCounter, path: readonly PathSegment[], of: "key" | "value"): { line: number; column: number } {
  const { key, value, rest } = descend(document, path);
  // What is missing is shown at the key that should hold it; an empty value at its key.
  const empty = value === null || (isScalar(value) && value.value === null && value.source === "");
  const node = (of === "key" || rest > 0 || empty) && key !== undefined ? key : (value ?? key);
  const { line, col } = lines.linePos(node?.range?.[0] ?? document.range[0]);
  return { line, column: col };
}
