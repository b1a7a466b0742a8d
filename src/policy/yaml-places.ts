import { type Document, isAlias, isMap, isScalar, isSeq, type LineCounter, type Node } from "yaml";
import type { PathSegment } from "./config-error.ts";

/** Whether a document holds a path. */
export function holds(document: Document.Parsed, path: readonly PathSegment[]): boolean {
  return descend(document, path).rest === 0;
}

/** Goes down as far as the path exists: the last key and value met, and how many segments are left. */
function descend(document: Document.Parsed, path: readonly PathSegment[]): { key: Node | undefined; value: Node | null; rest: number } {
  let key: Node | undefined;
  let value: Node | null = document.contents;
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

/** The place of a value, or of its key; of the nearest ancestor where the path is not there. */
export function locate({ document, lines }: { readonly document: Document.Parsed; readonly lines: LineCounter }, path: readonly PathSegment[], of: "key" | "value"): { line: number; column: number } {
  const { key, value, rest } = descend(document, path);
  // What is missing is shown at the key that should hold it; an empty value at its key.
  const empty = value === null || (isScalar(value) && value.value === null && value.source === "");
  const node = (of === "key" || rest > 0 || empty) && key !== undefined ? key : (value ?? key);
  const { line, col } = lines.linePos(node?.range?.[0] ?? document.range[0]);
  return { line, column: col };
}
