import { compilePolicy } from "./compile-policy.ts";
import type { ConfigError } from "./config-error.ts";
import { type Fault, isRecord, parseWith, placeFaults, unknownKey } from "./issues.ts";
import type { Policy } from "../model/policy.ts";
import { API_VERSION, METADATA } from "./policy-schema.ts";
import { POLICY_TEST, type PolicyTestCase } from "./policy-test-schema.ts";
import { builtInPresets } from "./preset.ts";
import { readYaml, type YamlDocument, type YamlFile } from "./yaml-source.ts";

/** The tests of one document, with the way back to their places. */
export interface PolicyTestFile {
  readonly file: string;
  readonly policy: Policy;
  readonly tests: readonly PolicyTestCase[];
  /** `tests[1].expect[0]` → its line and column. */
  locate(path: readonly (string | number)[]): { readonly line: number; readonly column: number };
}

export interface PolicyTestOptions {
  /** The policies of a file that a test names, or every error in it. */
  loadPolicies(path: string): { readonly ok: true; readonly policies: readonly Policy[] } | { readonly ok: false; readonly errors: readonly ConfigError[] };
}

export type ParsedPolicyTests = { readonly ok: true; readonly files: readonly PolicyTestFile[] } | { readonly ok: false; readonly errors: readonly ConfigError[] };

/** YAML text → policy tests with their policies, or every error with its place. Many documents a file. */
export function parsePolicyTests(file: YamlFile, options: PolicyTestOptions): ParsedPolicyTests {
  const read = readYaml(file, { env: () => undefined, file: () => undefined });
  const errors: ConfigError[] = [...read.errors];
  const files: PolicyTestFile[] = [];
  if (read.documents.length === 0 && errors.length === 0) errors.push({ file: file.path, line: 1, column: 1, path: "", message: "the file holds no test", suggestion: "write kind: PolicyTest" });
  for (const document of read.documents) {
    const parsed = parseDocument(document, options);
    if (parsed.ok) files.push(...parsed.files);
    else errors.push(...parsed.errors);
  }
  return errors.length > 0 ? { ok: false, errors } : { ok: true, files };
}

const TOP = ["apiVersion", "kind", "metadata", "spec"] as const;

function parseDocument(document: YamlDocument, options: PolicyTestOptions): ParsedPolicyTests {
  const { value } = document;
  if (!isRecord(value)) return failed(document, [{ path: [], at: "value", message: "expected a test: apiVersion, kind, spec", suggestion: "write kind: PolicyTest" }]);
  const faults: Fault[] = Object.keys(value).filter((key) => !(TOP as readonly string[]).includes(key) && !key.startsWith("x-")).map((key) => unknownKey([key], TOP.filter((known) => !Object.hasOwn(value, known)), TOP));
  for (const [key, wanted] of [["apiVersion", API_VERSION], ["kind", "PolicyTest"]] as const) {
    if (value[key] !== wanted) faults.push({ path: [key], at: "value", message: value[key] === undefined ? "is required" : `${JSON.stringify(value[key])} is not ${wanted}`, suggestion: `did you mean ${JSON.stringify(wanted)}?` });
  }
  const spec = parseWith(POLICY_TEST, value["spec"], ["spec"]);
  faults.push(...spec.faults, ...(spec.value?.tests ?? []).flatMap((test, at) => caseFaults(test, ["spec", "tests", at])));
  const policy = isRecord(value["spec"]) ? policyOf(value["spec"]["policy"], spec.value?.target, options) : undefined;
  faults.push(...(policy?.faults ?? []));
  const own = failed(document, faults).errors;
  const others = policy?.errors ?? [];
  if (own.length > 0 || others.length > 0 || spec.value === undefined || policy?.value === undefined) return { ok: false, errors: [...own, ...others] };
  return { ok: true, files: [{ file: document.file, policy: policy.value, tests: spec.value.tests, locate: (path) => document.locate(["spec", ...path]) }] };
}

function failed(document: YamlDocument, faults: readonly Fault[]): { readonly ok: false; readonly errors: readonly ConfigError[] } {
  return { ok: false, errors: placeFaults(faults, document) };
}

function caseFaults(test: PolicyTestCase, path: readonly (string | number)[]): readonly Fault[] {
  const faults: Fault[] = [];
  const fault = (inner: readonly (string | number)[], message: string, suggestion: string): void => { faults.push({ path: [...path, ...inner], at: "key", message, suggestion }); };
  if ((test.series === undefined) === (test.csv === undefined)) fault([], "needs series or csv", "write series: { demand: 100x20 }");
  if (test.expect.length + test.never.length === 0) fault([], "expects nothing", "write expect: or never:");
  test.expect.forEach((one, at) => {
    if (one.at !== undefined && (one.from !== undefined || one.to !== undefined)) fault(["expect", at], "give at, or from and to, not both", "remove one of them");
    const { replicas, atLeast, atMost, kind, reasons, without, clampedBy } = one;
    if ([replicas, atLeast, atMost, kind, clampedBy].every((given) => given === undefined) && reasons.length + without.length === 0) fault(["expect", at], "expects nothing", "write replicas, atLeast, atMost, kind, reasons, without or clampedBy");
  });
  test.never.forEach((one, at) => {
    if ([one.kind, one.below, one.above, one.reason].every((given) => given === undefined)) fault(["never", at], "forbids nothing", "write kind, below, above or reason");
  });
  test.overrides.forEach((one, at) => {
    if ((one.kind === "pin") !== (one.replicas !== undefined)) fault(["overrides", at], one.kind === "pin" ? "a pin needs replicas" : "replicas belong to a pin", one.kind === "pin" ? "write replicas: 4" : "remove replicas");
  });
  return faults;
}

interface FoundPolicy {
  readonly value?: Policy;
  readonly faults?: readonly Fault[];
  readonly errors?: readonly ConfigError[];
}

const PLACE = ["spec", "policy"] as const;

function policyOf(given: unknown, target: string | undefined, options: PolicyTestOptions): FoundPolicy {
  const at = (message: string, suggestion: string): FoundPolicy => ({ faults: [{ path: PLACE, at: "value", message, suggestion }] });
  if (typeof given === "string") {
    const loaded = options.loadPolicies(given);
    if (!loaded.ok) return { errors: loaded.errors };
    const value = target === undefined ? loaded.policies[0] : loaded.policies.find(({ name }) => name === target);
    return value === undefined ? at(`${given} holds no policy ${target ?? ""}`.trimEnd(), `it has ${loaded.policies.map(({ name }) => name).join(", ")}`) : { value };
  }
  if (!isRecord(given)) return at(given === undefined ? "is required" : "expected a path or a policy", "write policy: ../policies/web.yaml");
  const head = parseWith(METADATA, given["metadata"] ?? { name: "inline" }, [...PLACE, "metadata"]);
  if (head.value === undefined) return { faults: head.faults };
  const { name, group = name, labels } = head.value;
  const compiled = compilePolicy({ name, group, labels }, given["spec"], { presets: builtInPresets(), actuators: undefined, metricSources: undefined, modeCeiling: "full" });
  if (compiled.value !== undefined) return { value: compiled.value };
  return { faults: compiled.faults.map((fault) => ({ ...fault, path: [...PLACE, ...fault.path] })) };
}
