/** Limits that stop a hostile file before it costs anything (bombs of aliases, of depth, of size). */
export const YAML_LIMITS = { bytes: 1024 * 1024, lineCharacters: 16_384, aliases: 20, depth: 32, documents: 10_000, errorsShown: 100 } as const;

/** What the YAML parser would spend seconds on: it is quadratic in places, and it recurses. */
export function tooCostly(text: string): { readonly line: number; readonly message: string; readonly suggestion: string } | undefined {
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
