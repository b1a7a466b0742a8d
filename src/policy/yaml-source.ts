import { isScalar, LineCounter, parseAllDocuments, type Document } from "yaml";
import type { ConfigError, PathSegment } from "./config-error.ts";
import type { Lookups } from "./interpolate.ts";
import { YamlConversion } from "./yaml-conversion.ts";
import { tooCostly, YAML_LIMITS } from "./yaml-limits.ts";
import { holds, locate } from "./yaml-places.ts";

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
  const at = (line: number, column: number, { message, suggestion }: Advice): ConfigError => ({ file: file.path, line, column, path: "", message, suggestion });
  const hostile = tooCostly(file.text);
  if (hostile !== undefined) return { documents: [], errors: [at(hostile.line, 1, hostile)] };
  const lines = new LineCounter();
  let parsed: readonly Document.Parsed[];
  try {
    parsed = parseAllDocuments(file.text, { version: "1.2", schema: "core", merge: false, uniqueKeys: false, prettyErrors: false, lineCounter: lines }) as Document.Parsed[];
  } catch (error) {
    if (error instanceof RangeError) return { documents: [], errors: [at(1, 1, { message: `the file nests deeper than ${String(YAML_LIMITS.depth)} levels`, suggestion: "flatten it" })] };
    throw error;
  }
  if (parsed.length > YAML_LIMITS.documents) return { documents: [], errors: [at(1, 1, { message: `the file holds more than ${String(YAML_LIMITS.documents)} documents`, suggestion: "split it into several files" })] };
  const documents: YamlDocument[] = [];
  const errors: ConfigError[] = [];
  for (const document of parsed) {
    // After a first syntax error the rest of a document is read askew: what follows from it is no news.
    const problems = [...document.errors.slice(0, 1), ...document.warnings];
    if (problems.length > 0) {
      for (const problem of problems.slice(0, YAML_LIMITS.errorsShown)) {
        const { line, col } = lines.linePos(problem.pos[0]);
        errors.push(at(line, col, explain(problem.code, problem.message)));
      }
      continue;
    }
    if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) continue;
    const conversion = new YamlConversion({ document, lines, lookups, file: file.path });
    const value = conversion.convert(document.contents, [], 0);
    errors.push(...conversion.errors);
    if (conversion.errors.length === 0) documents.push({ file: file.path, value, locate: (path, of = "value") => locate({ document, lines }, path, of), has: (path) => holds(document, path) });
  }
  return { documents, errors };
}

interface Advice {
  readonly message: string;
  readonly suggestion: string;
}

const NO_CUSTOM_TAGS: Advice = { message: "custom tags are not allowed", suggestion: "write the plain value, without the !tag" };

/** The parser's own words, and what to do about them; some of its words are put more plainly. */
const ADVICE: Readonly<Record<string, (message: string) => Advice>> = {
  TAB_AS_INDENT: () => ({ message: "a tab indents this line", suggestion: "indent with spaces" }),
  TAG_RESOLVE_FAILED: () => NO_CUSTOM_TAGS,
  BAD_INDENT: (message) => ({ message, suggestion: "line it up with its neighbours" }),
  MULTILINE_IMPLICIT_KEY: () => ({ message: "this line is not a `key: value`", suggestion: "write `key: value`, with a space after the colon" }),
  MISSING_CHAR: (message) => ({ message, suggestion: "close the quote or the bracket, or put the missing character" }),
  BLOCK_AS_IMPLICIT_KEY: () => ({ message: "a nested mapping cannot stand on the line of its key", suggestion: "put it on the next line, indented, or put the text in quotes" }),
  UNEXPECTED_TOKEN: (message) => ({ message, suggestion: "put the text in quotes, or remove the character" }),
  BAD_DQ_ESCAPE: (message) => ({ message, suggestion: "use single quotes, or double the backslash" }),
  BAD_SCALAR_START: (message) => ({ message, suggestion: "put the text in quotes" }),
};

function explain(code: string, message: string): Advice {
  return ADVICE[code]?.(message) ?? { message, suggestion: "put the text in quotes if it holds one of : # { } [ ] , & * ! | > % @" };
}
