import type { Mode } from "../model/mode.ts";
import type { Policy } from "../model/policy.ts";
import { compilePolicy, type CompileContext, type PolicyHead } from "./compile-policy.ts";
import { type ConfigError, sortConfigErrors } from "./config-error.ts";
import { inheritedBy, type Inheritance, type InheritedSpec, mergeSpecs, NOTHING_INHERITED } from "./inheritance.ts";
import type { Lookups } from "./interpolate.ts";
import { followFaults } from "./group-checks.ts";
import { type Fault, isRecord, parseWith, placeFaults, unknownKey, withoutEchoes } from "./issues.ts";
import { type Discovery, type ExpandedSet, expandPolicySet, type SetTarget } from "./policy-set.ts";
import { API_VERSION, METADATA } from "./policy-schema.ts";
import { builtInPresets, type Preset } from "./preset.ts";
import type { Registries } from "./read-provider.ts";
import { suggestOneOf } from "./suggest.ts";
import { readYaml, type YamlDocument, type YamlFile } from "./yaml-source.ts";

export interface ParseOptions {
  /** Named signals; by default those that come with the program. */
  readonly presets?: ReadonlyMap<string, Preset>;
  /** Schemas of the registries. Without them a target's configuration is taken as it stands. */
  readonly registries?: Registries;
  readonly inheritance?: Inheritance;
  /** The metric sources that foretide.yaml names. Left out: any name is taken. */
  readonly metricSources?: readonly string[];
  readonly modeCeiling?: Mode;
  /** What was found in the world for each set of policies, by the set's name. */
  readonly discovered?: Readonly<Record<string, readonly SetTarget[]>>;
  /** What `${env:…}` and `${file:…}` of a file resolve to. By default nothing does. */
  readonly lookupsFor?: (path: string) => Lookups;
}

export type ParsedPolicies =
  | { readonly ok: true; readonly policies: readonly Policy[]; /** The file of each, by name. */ readonly files: Readonly<Record<string, string>>; /** What the sets ask the world. */ readonly discoveries: readonly Discovery[] }
  | { readonly ok: false; readonly errors: readonly ConfigError[] };

const NO_LOOKUPS: Lookups = { env: () => undefined, file: () => undefined };
const ENVELOPE = ["apiVersion", "kind", "metadata", "spec"] as const;
const KINDS = ["Policy", "PolicySet"] as const;

/**
 * YAML text → policies with every default filled in, or every error of all files at once, each with its place.
 * Many documents a file; names are unique over all files. Example: `parsePolicies([{ path: "web.yaml", text }])`.
 */
export function parsePolicies(files: readonly YamlFile[], options: ParseOptions = {}): ParsedPolicies {
  const errors: ConfigError[] = [];
  const policies: Policy[] = [];
  const discoveries: Discovery[] = [];
  const homes = new Map<string, YamlDocument>();
  for (const file of files) {
    const read = readYaml(file, options.lookupsFor?.(file.path) ?? NO_LOOKUPS);
    errors.push(...read.errors);
    if (read.documents.length === 0 && read.errors.length === 0) errors.push({ file: file.path, line: 1, column: 1, path: "", message: "the file holds no policy", suggestion: "run foretide init to write one" });
    for (const document of read.documents) {
      const parsed = parseDocument(document, options);
      errors.push(...parsed.errors);
      for (const name of parsed.names) errors.push(...takeName(name, document, homes));
      policies.push(...parsed.policies);
      if (parsed.discovery !== undefined) discoveries.push(parsed.discovery);
    }
  }
  if (errors.length === 0) {
    for (const policy of policies) {
      const home = homes.get(policy.name);
      if (home !== undefined) errors.push(...placeFaults(followFaults(policy, policies), home));
    }
  }
  if (errors.length > 0) return { ok: false, errors: sortConfigErrors(errors) };
  return { ok: true, policies, files: Object.fromEntries([...homes].map(([name, home]) => [name, home.file])), discoveries };
}

function takeName(name: string, document: YamlDocument, homes: Map<string, YamlDocument>): readonly ConfigError[] {
  const home = homes.get(name);
  if (home === undefined) {
    homes.set(name, document);
    return [];
  }
  const { line } = home.locate(["metadata", "name"]);
  return placeFaults([{ path: ["metadata", "name"], at: "value", message: `the name ${JSON.stringify(name)} is taken by ${home.file}:${String(line)}`, suggestion: "choose another name" }], document);
}

interface ParsedDocument {
  /** Of the policies that the document holds, so that none is there twice. */
  readonly names: readonly string[];
  readonly policies: readonly Policy[];
  readonly discovery?: Discovery | undefined;
  readonly errors: readonly ConfigError[];
}

function parseDocument(document: YamlDocument, options: ParseOptions): ParsedDocument {
  const { value } = document;
  if (!isRecord(value)) return { names: [], policies: [], errors: placeFaults([{ path: [], at: "value", message: "expected a policy: apiVersion, kind, metadata, spec", suggestion: "run foretide init to write one" }], document) };
  const envelope = envelopeFaults(value);
  const metadata = parseWith(METADATA, value["metadata"], ["metadata"]);
  const { name = "", group, labels = {} } = metadata.value ?? {};
  const inheritance = options.inheritance ?? NOTHING_INHERITED;
  const inherited = inheritedBy(labels, inheritance);
  const context: CompileContext = { presets: options.presets ?? builtInPresets(), actuators: options.registries?.actuators, metricSources: options.metricSources, modeCeiling: options.modeCeiling ?? "full" };
  const made = value["kind"] === "PolicySet"
    ? expandPolicySet({ name, group, labels }, value["spec"], { ...context, inheritance, discoverers: options.registries?.discovery, discovered: options.discovered?.[name] ?? [] })
    : onePolicy({ name, group: group ?? name, labels }, { spec: value["spec"], inherited, context });
  const errors = placeFaults(withoutEchoes([...envelope, ...metadata.faults, ...made.faults]), document, inherited.map((layer) => layer.layer));
  const names = value["kind"] === "PolicySet" ? made.policies.map((policy) => policy.name) : name === "" ? [] : [name];
  return { names, policies: made.policies, discovery: made.discovery, errors };
}

function onePolicy(head: PolicyHead, { spec, inherited, context }: { readonly spec: unknown; readonly inherited: readonly InheritedSpec[]; readonly context: CompileContext }): ExpandedSet {
  const beneath = inherited.reduceRight<unknown>((merged, layer) => mergeSpecs(merged, layer.spec), undefined);
  const { value, faults } = compilePolicy(head, mergeSpecs(beneath, spec), context);
  return { policies: value === undefined ? [] : [value], discovery: undefined, faults };
}

function envelopeFaults(value: Readonly<Record<string, unknown>>): readonly Fault[] {
  const faults: Fault[] = [];
  for (const key of Object.keys(value)) {
    if ((ENVELOPE as readonly string[]).includes(key) || key.startsWith("x-")) continue;
    const fault = unknownKey([key], ENVELOPE.filter((known) => !Object.hasOwn(value, known)), ENVELOPE);
    faults.push(fault.meant === undefined ? { ...fault, suggestion: `put it beneath spec; the top holds ${ENVELOPE.join(", ")}` } : fault);
  }
  if (value["apiVersion"] !== API_VERSION) faults.push(mustBe("apiVersion", value["apiVersion"], [API_VERSION]));
  if (!KINDS.some((kind) => kind === value["kind"])) faults.push(mustBe("kind", value["kind"], KINDS));
  return faults;
}

function mustBe(key: string, value: unknown, words: readonly string[]): Fault {
  const wanted = words.join(" or ");
  if (value === undefined || value === null) return { path: [key], at: "value", message: value === null ? "is empty" : "is required", suggestion: `write ${key}: ${wanted}` };
  const message = `${typeof value === "object" ? "a structure" : JSON.stringify(value)} is not ${wanted}`;
  return { path: [key], at: "value", message, suggestion: words.length === 1 ? `did you mean ${JSON.stringify(wanted)}?` : suggestOneOf(value, words) };
}
