/** One thing wrong in a configuration file, at its place. Lines and columns count from 1. */
export interface ConfigError {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Where in the document, dotted: `spec.replicas.min`. Empty for the document itself. */
  readonly path: string;
  readonly message: string;
  /** What to write instead, where that can be told. */
  readonly suggestion?: string;
}

export type PathSegment = string | number;

/** `["spec", "schedules", 0, "cron"]` as `spec.schedules[0].cron`. */
export function dotted(path: readonly PathSegment[]): string {
  return path.reduce<string>((text, segment) => {
    if (typeof segment === "number") return `${text}[${String(segment)}]`;
    const key = /^[\w$-]+$/.test(segment) ? segment : JSON.stringify(segment);
    return text === "" ? key : `${text}.${key}`;
  }, "");
}

/** The error in one line, as compilers write it: `file:line:column: path: message; did you mean …?`. */
export function formatConfigError(error: ConfigError): string {
  const path = error.path === "" ? "" : `${error.path}: `;
  const suggestion = error.suggestion === undefined ? "" : `; ${error.suggestion}`;
  return `${error.file}:${String(error.line)}:${String(error.column)}: ${path}${error.message}${suggestion}`;
}

/** Errors in the order of a reader (file, line, column), each said once. */
export function sortConfigErrors(errors: readonly ConfigError[]): readonly ConfigError[] {
  const unique = new Map(errors.map((error) => [formatConfigError(error), error]));
  return [...unique.values()].sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column));
}
