import { isRecord, type Layer } from "./issues.ts";

/** Values that policies inherit, from foretide.yaml: the defaults of all, and overlays by label, later ones over earlier. */
export interface Inheritance {
  readonly defaults: InheritedSpec | undefined;
  readonly overlays: readonly (InheritedSpec & { readonly match: Readonly<Record<string, string>> })[];
}

export interface InheritedSpec {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly layer: Layer;
}

export const NOTHING_INHERITED: Inheritance = { defaults: undefined, overlays: [] };

/** What a policy with these labels inherits, the nearest first: the last matching overlay, …, the defaults. */
export function inheritedBy(labels: Readonly<Record<string, string>>, inheritance: Inheritance): readonly InheritedSpec[] {
  const matching = inheritance.overlays.filter((overlay) => Object.entries(overlay.match).every(([key, value]) => labels[key] === value));
  return [...matching.toReversed(), ...(inheritance.defaults === undefined ? [] : [inheritance.defaults])];
}

// One key of a target chooses its kind: a policy's target replaces an inherited one as a whole.
const REPLACED_WHOLE = new Set(["target"]);
const ONE_OF: readonly (readonly string[])[] = [["preset", "metric"], ["end", "duration"]];

/** Lays `over` on `under`: mappings are merged, everything else is replaced. */
export function mergeSpecs(under: unknown, over: unknown): unknown {
  if (over === undefined) return under;
  if (!isRecord(under) || !isRecord(over)) return over;
  const result: Record<string, unknown> = { ...under };
  for (const group of ONE_OF) if (group.some((key) => Object.hasOwn(over, key))) for (const key of group) Reflect.deleteProperty(result, key);
  for (const [key, value] of Object.entries(over)) result[key] = REPLACED_WHOLE.has(key) ? value : mergeSpecs(result[key], value);
  return result;
}
