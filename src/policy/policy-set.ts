import { z } from "zod";
import { compilePolicy, type CompileContext } from "./compile-policy.ts";
import { inheritedBy, type Inheritance, mergeSpecs } from "./inheritance.ts";
import { scalarOf } from "./interpolate.ts";
import { type Fault, isRecord, parseWith } from "./issues.ts";
import type { Policy } from "../model/policy.ts";
import { readProvider, type Provider, type ProviderSchemas } from "./read-provider.ts";
import { objectName, text } from "./scalars.ts";
import { suggestOneOf } from "./suggest.ts";

/** One of the targets of a set, listed in the file or found in a cloud. */
export interface SetTarget {
  readonly name: string;
  /** Labels or tags: what `${target:KEY}` stands for, and what overlays match. */
  readonly labels: Readonly<Record<string, string>>;
  /** As in a policy: `{ aws-asg: { group: …, region: … } }`. */
  readonly target: unknown;
}

/** What a set asks the world: the provider that finds its targets. */
export interface Discovery extends Provider {
  readonly set: string;
}

const listed = z.strictObject({
  name: objectName().describe("The policy's name: unique over all files."),
  labels: z.record(z.string(), text()).prefault({}).describe("Labels of the policy; the template writes one as ${target:KEY}."),
  target: z.unknown().describe("What is scaled: one key, the kind of target, and its configuration beneath it."),
});

/** The `spec` of a PolicySet. */
export const POLICY_SET = z.strictObject({
  targets: z.array(listed).prefault([]).describe("Targets that get a policy each."),
  discover: z.unknown().optional().describe("Where targets are found by their tags: one key, the kind of target, and its region and tags beneath it."),
  template: z.record(z.string(), z.unknown()).describe("The spec that every policy of the set gets. ${target:name} and ${target:KEY} stand for the target's name and its labels or tags."),
});

const MOST_TARGETS = 10_000;

export interface SetContext extends CompileContext {
  readonly inheritance: Inheritance;
  readonly discoverers: ProviderSchemas | undefined;
  /** What was found for this set, if the world has been asked yet. */
  readonly discovered: readonly SetTarget[];
}

export interface ExpandedSet {
  readonly policies: readonly Policy[];
  readonly discovery: Discovery | undefined;
  readonly faults: readonly Fault[];
}

interface SetHead {
  readonly name: string;
  readonly group: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

/** Makes a policy of the template for every target, listed or found. A listed target stands before a found one of the same name. */
export function expandPolicySet(head: SetHead, spec: unknown, context: SetContext): ExpandedSet {
  const parsed = parseWith(POLICY_SET, spec, ["spec"]);
  if (parsed.value === undefined) return { policies: [], discovery: undefined, faults: parsed.faults };
  const { targets, template, discover } = parsed.value;
  const asked = discover === undefined ? undefined : readProvider(discover, context.discoverers, { path: ["spec", "discover"], what: "kind of target that can be found", example: "write discover: { aws-asg: { region: …, tags: { … } } }" });
  const faults: Fault[] = [...(asked?.faults ?? [])];
  if (discover === undefined && targets.length === 0) faults.push({ path: ["spec"], at: "key", message: "needs targets or discover", suggestion: "list targets, or write discover: { aws-asg: { region: …, tags: { … } } }" });
  if (Object.hasOwn(template, "target")) faults.push({ path: ["spec", "template", "target"], at: "key", message: "the targets of a set bring their own target", suggestion: "remove it" });
  const names = new Set(targets.map((target) => target.name));
  const all: readonly Placed[] = [
    ...targets.map((target, index) => ({ target, place: ["spec", "targets", index] as const })),
    ...context.discovered.filter((target) => !names.has(target.name)).slice(0, MOST_TARGETS).map((target) => ({ target, place: ["spec", "discover"] as const })),
  ];
  const policies: Policy[] = [];
  for (const placed of all) {
    const made = policyOf(head, template, { placed, context });
    faults.push(...made.faults);
    if (made.policy !== undefined) policies.push(made.policy);
  }
  const discovery = asked?.value === undefined ? undefined : { set: head.name, ...asked.value };
  return { policies: faults.length > 0 ? [] : policies, discovery, faults };
}

interface Placed {
  readonly target: SetTarget;
  readonly place: readonly (string | number)[];
}

function policyOf(head: SetHead, template: Readonly<Record<string, unknown>>, { placed, context }: { readonly placed: Placed; readonly context: SetContext }): { readonly policy?: Policy; readonly faults: readonly Fault[] } {
  const { target, place } = placed;
  const labels = { ...head.labels, ...target.labels };
  const filled = fillIn(template, { ...labels, name: target.name }, ["spec", "template"]);
  const inherited = inheritedBy(labels, context.inheritance).reduceRight<unknown>((merged, layer) => mergeSpecs(merged, layer.spec), undefined);
  const spec = mergeSpecs(mergeSpecs(inherited, filled.value), { target: target.target });
  const compiled = compilePolicy({ name: target.name, group: head.group ?? target.name, labels }, spec, context);
  const moved = compiled.faults.map((fault) => ({ ...fault, path: fault.path[1] === "target" ? [...place, ...fault.path.slice(1)] : ["spec", "template", ...fault.path.slice(1)] }));
  const faults = [...filled.faults, ...(filled.faults.length > 0 ? [] : moved)];
  return faults.length > 0 || compiled.value === undefined ? { faults } : { policy: compiled.value, faults };
}

/** Puts a target's values in the place of `${target:KEY}`. A text that is one reference takes the type of what it stands for. */
function fillIn(value: unknown, values: Readonly<Record<string, string>>, path: readonly (string | number)[]): { readonly value: unknown; readonly faults: readonly Fault[] } {
  if (typeof value === "string") {
    const faults: Fault[] = [];
    const filled = value.replaceAll(/\$\{target[:.]([^}]*)\}/g, (_, key: string) => {
      if (Object.hasOwn(values, key)) return values[key] ?? "";
      faults.push({ path, at: "value", message: `the target ${values["name"] ?? ""} has no label or tag ${JSON.stringify(key)}`, suggestion: suggestOneOf(key, Object.keys(values)) });
      return "";
    });
    return { value: /^\$\{target[:.][^}]*\}$/.test(value) ? scalarOf(filled) : filled, faults };
  }
  if (Array.isArray(value)) {
    const items = value.map((item: unknown, index) => fillIn(item, values, [...path, index]));
    return { value: items.map((item) => item.value), faults: items.flatMap((item) => item.faults) };
  }
  if (!isRecord(value)) return { value, faults: [] };
  const entries = Object.entries(value).map(([key, item]) => [key, fillIn(item, values, [...path, key])] as const);
  return { value: Object.fromEntries(entries.map(([key, item]) => [key, item.value])), faults: entries.flatMap(([, item]) => item.faults) };
}
