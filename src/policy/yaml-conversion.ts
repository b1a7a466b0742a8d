import { type Alias, type Document, isAlias, isMap, isScalar, isSeq, type LineCounter, type Node, type YAMLMap } from "yaml";
import { type ConfigError, dotted, type PathSegment } from "./config-error.ts";
import { interpolate, type Lookups } from "./interpolate.ts";
import { YAML_LIMITS } from "./yaml-limits.ts";

export interface ConversionSource {
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
  readonly lookups: Lookups;
  readonly file: string;
}

/** Turns nodes into plain values once, counting what they would cost. */
export class YamlConversion {
  readonly errors: ConfigError[] = [];
  #aliases = 0;
  readonly #source: ConversionSource;

  constructor(source: ConversionSource) {
    this.#source = source;
  }

  convert(node: Node | null, path: readonly PathSegment[], depth: number): unknown {
    if (node === null) return null;
    if (depth > YAML_LIMITS.depth) return this.#refused(node, path, { message: `nests deeper than ${String(YAML_LIMITS.depth)} levels`, suggestion: "flatten it" });
    if (isAlias(node)) return this.#alias(node, path, depth);
    if (isScalar(node)) {
      if (typeof node.value !== "string") return node.value;
      const filled = interpolate(node.value, node.type !== "PLAIN", this.#source.lookups);
      return filled.ok ? filled.value : this.#refused(node, path, filled);
    }
    if (isSeq(node)) return node.items.map((item, index) => this.convert(item as Node, [...path, index], depth + 1));
    return isMap(node) ? this.#mapping(node, path, depth) : undefined;
  }

  #alias(node: Alias, path: readonly PathSegment[], depth: number): unknown {
    this.#aliases += 1;
    if (this.#aliases > YAML_LIMITS.aliases) {
      return this.#aliases > YAML_LIMITS.aliases + 1 ? undefined : this.#refused(node, path, { message: `more than ${String(YAML_LIMITS.aliases)} aliases`, suggestion: "write the values out, or move them to the defaults of foretide.yaml" });
    }
    const target = node.resolve(this.#source.document);
    if (target !== undefined) return this.convert(target, path, depth + 1);
    return this.#refused(node, path, { message: `nothing is named &${node.source}`, suggestion: "define the anchor above its use, or put a text that begins with * in quotes" });
  }

  #mapping(node: YAMLMap, path: readonly PathSegment[], depth: number): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    for (const pair of node.items) {
      const key = isScalar(pair.key) ? pair.key.value : undefined;
      const at = (pair.key as Node | null) ?? node;
      if (typeof key !== "string" && typeof key !== "number" && typeof key !== "boolean") this.#refuse(at, path, { message: "a key must be a word", suggestion: "write `name: value`" });
      else if (key === "<<") this.#refuse(at, path, { message: "merge keys (<<) are not allowed", suggestion: "write the values out, or move them to the defaults of foretide.yaml" });
      else if (key === "__proto__") this.#refuse(at, path, { message: "this key is not allowed", suggestion: "remove it" });
      else if (Object.hasOwn(result, String(key))) this.#refuse(at, [...path, String(key)], { message: "this key is already given above", suggestion: "remove one of the two" });
      else result[String(key)] = this.convert(pair.value as Node | null, [...path, String(key)], depth + 1);
    }
    return result;
  }

  /** The error is noted; the value is nothing. */
  #refused(node: Node, path: readonly PathSegment[], advice: { readonly message: string; readonly suggestion: string }): unknown {
    this.#refuse(node, path, advice);
    return undefined;
  }

  #refuse(node: Node, path: readonly PathSegment[], { message, suggestion }: { readonly message: string; readonly suggestion: string }): void {
    const { line, col } = this.#source.lines.linePos(node.range?.[0] ?? 0);
    if (this.errors.length < YAML_LIMITS.errorsShown) this.errors.push({ file: this.#source.file, line, column: col, path: dotted(path), message, suggestion });
  }
}
