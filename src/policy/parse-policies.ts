import type { Mode } from "../model/mode.ts";
import type { Policy } from "../model/policy.ts";
import { compilePolicy, type CompileContext } from "./compile-policy.ts";
import { type ConfigError, sortConfigErrors } from "./config-error.ts";
import { inheritedBy, type Inheritance, mergeSpecs, NOTHING_INHERITED } from "./inheritance.ts";
import type { Lookups } from "./interpolate.ts";
import { type Fault, isRecord, parseWith, placeFaults, unknownKey, withoutEchoes } from "./issues.ts";
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
  readonly modeCeiling?: Mode;
  /** What `${env:…}` and `${file:…}` of a file resolve to. By default nothing does. */
  readonly lookupsFor?: (path: string) => Lookups;
}

export type ParsedPolicies =
  | { readonly ok: true; readonly policies: readonly Policy[]; /** The file of each, by name. */ readonly files: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly errors: readonly ConfigError[] };

const NO_LOOKUPS: Lookups = { env: () => undefined, file: () => undefined };
const ENVELOPE = ["apiVersion", "kind", "metadata", "spec"] as const;
const KINDS = ["Policy"] as const;

/**
 * YAML text → policies with every default filled in, or every error of all files at once, each with its place.
 * Many documents a file; names are unique over all files. Example: `parsePolicies([{ path: "web.yaml", text }])`.
 */
export function parsePolicies(files: readonly YamlFile[], options: ParseOptions = {}): ParsedPolicies {
  const context: CompileContext = { presets: options.presets ?? builtInPresets(), actuators: options.registries?.actuators, modeCeiling: options.modeCeiling ?? "full" };
  const errors: ConfigError[] = [];
  const policies: Policy[] = [];
  const homes = new Map<string, YamlDocument>();
  for (const file of files) {
    const read = readYaml(file, options.lookupsFor?.(file.path) ?? NO_LOOKUPS);
    errors.push(...read.errors);
    if (read.documents.length === 0 && read.errors.length === 0) errors.push({ file: file.path, line: 1, column: 1, path: "", message: "the file holds no policy", suggestion: "run foretide init to write one" });
    for (const document of read.documents) {
      const parsed = parseDocument(document, context, options.inheritance ?? NOTHING_INHERITED);
      errors.push(...parsed.errors);
      const name = parsed.name;
      if (name === undefined) continue;
      const home = homes.get(name);
      if (home === undefined) homes.set(name, document);
      else {
        const { line } = home.locate(["metadata", "name"]);
        errors.push(...placeFaults([{ path: ["metadata", "name"], at: "value", message: `the name ${JSON.stringify(name)} is taken by ${home.file}:${String(line)}`, suggestion: "choose another name" }], document));
      }
      if (parsed.policy !== undefined) policies.push(parsed.policy);
    }
  }
  return errors.length > 0 ? { ok: false, errors: sortConfigErrors(errors) } : { ok: true, policies, files: Object.fromEntries([...homes].map(([name, home]) => [name, home.file])) };
}

function parseDocument(document: YamlDocument, context: CompileContext, inheritance: Inheritance): { readonly name?: string; readonly policy?: Policy; readonly errors: readonly ConfigError[] } {
  const { value } = document;
  if (!isRecord(value)) return { errors: placeFaults([{ path: [], at: "value", message: "expected a policy: apiVersion, kind, metadata, spec", suggestion: "run foretide init to write one" }], document) };
  const envelope = envelopeFaults(value);
  const metadata = parseWith(METADATA, value["metadata"], ["metadata"]);
  const labels = metadata.value?.labels ?? {};
  const inherited = inheritedBy(labels, inheritance);
  const spec = inherited.reduceRight<unknown>((merged, layer) => mergeSpecs(merged, layer.spec), undefined);
  const name = metadata.value?.name;
  const compiled = compilePolicy({ name: name ?? "", group: metadata.value?.group ?? name ?? "", labels }, mergeSpecs(spec, value["spec"]), context);
  const errors = placeFaults(withoutEchoes([...envelope, ...metadata.faults, ...compiled.faults]), document, inherited.map((layer) => layer.layer));
  return { errors, ...(name === undefined ? {} : { name }), ...(compiled.value === undefined ? {} : { policy: compiled.value }) };
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
