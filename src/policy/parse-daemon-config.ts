import { compilePolicy, type CompileContext } from "./compile-policy.ts";
import { type ConfigError, sortConfigErrors } from "./config-error.ts";
import { DAEMON_SCHEMA, type DaemonConfig } from "./daemon-schema.ts";
import { type Inheritance, type InheritedSpec, mergeSpecs, NOTHING_INHERITED } from "./inheritance.ts";
import type { Lookups } from "./interpolate.ts";
import { type Fault, isRecord, parseWith, placeFaults, valueAt } from "./issues.ts";
import { builtInPresets, type Preset } from "./preset.ts";
import { BUILT_IN_SOURCE } from "./compile-signals.ts";
import { readProvider, type Registries } from "./read-provider.ts";
import { readYaml, type YamlDocument, type YamlFile } from "./yaml-source.ts";

export interface DaemonParseOptions {
  readonly presets?: ReadonlyMap<string, Preset>;
  readonly registries?: Registries;
  readonly lookups?: Lookups;
}

export type ParsedDaemonConfig = { readonly ok: true; readonly config: DaemonConfig; readonly inheritance: Inheritance } | { readonly ok: false; readonly errors: readonly ConfigError[] };

/** The text of foretide.yaml → the daemon's configuration and what policies inherit, or every error with its place. An empty file is all defaults. */
export function parseDaemonConfig(file: YamlFile, options: DaemonParseOptions = {}): ParsedDaemonConfig {
  const read = readYaml(file, options.lookups ?? { env: () => undefined, file: () => undefined });
  const [document, second] = read.documents;
  const errors: ConfigError[] = [...read.errors];
  if (second !== undefined) errors.push({ file: file.path, ...second.locate([]), path: "", message: "foretide.yaml is one document", suggestion: "move policies to the policies folder" });
  if (errors.length > 0) return { ok: false, errors };
  if (document === undefined) return { ok: true, config: DAEMON_SCHEMA.parse({}), inheritance: NOTHING_INHERITED };
  const parsed = parseWith(DAEMON_SCHEMA, document.value, []);
  const faults = [...parsed.faults, ...exposureFaults(parsed.value), ...budgetFaults(parsed.value), ...sourceFaults(parsed.value, options.registries), ...inheritedFaults(document, { options, config: parsed.value })];
  if (faults.length > 0 || parsed.value === undefined) return { ok: false, errors: sortConfigErrors(placeFaults(faults, document)) };
  return { ok: true, config: withReadSources(parsed.value, options.registries), inheritance: inheritanceOf(parsed.value, document) };
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/;

function exposureFaults(config: DaemonConfig | undefined): readonly Fault[] {
  if (config === undefined) return [];
  const { api, otlp, listen } = config;
  const faults: Fault[] = [];
  if (api.token === undefined && api.readToken !== undefined) faults.push({ path: ["api", "readToken"], at: "key", message: "a token that reads needs one that writes beside it", suggestion: "set api.token: ${env:FORETIDE_TOKEN}" });
  if (api.token !== undefined && api.token.reveal() === api.readToken?.reveal()) faults.push({ path: ["api", "readToken"], at: "value", message: "is the operators' token: its readers could write", suggestion: "give readers a token of their own" });
  if (otlp.token !== undefined && otlp.insecure) faults.push({ path: ["otlp", "insecure"], at: "value", message: "insecure has no effect with a token", suggestion: "remove one of the two" });
  const open = (["otlpHttp", "otlpGrpc"] as const).find((name) => listen[name].enabled && !LOOPBACK.test(listen[name].host));
  if (open !== undefined && otlp.token === undefined && api.token === undefined && !otlp.insecure) {
    faults.push({ path: ["listen", open, "host"], at: "value", message: `${listen[open].host} is reachable from outside, and senders need no token`, suggestion: "set otlp.token: ${env:FORETIDE_OTLP_TOKEN}, or otlp.insecure: true where the network lets only senders in" });
  }
  return [...faults, ...apiExposureFaults(config)];
}

function apiExposureFaults(config: DaemonConfig): readonly Fault[] {
  if (!config.listen.http.enabled || LOOPBACK.test(config.listen.http.host) || config.api.token !== undefined) return [];
  return [{ path: ["listen", "http", "host"], at: "value", message: `${config.listen.http.host} is reachable from outside, and the API has no token`, suggestion: "set api.token: ${env:FORETIDE_TOKEN}, or listen on 127.0.0.1" }];
}

function budgetFaults(config: DaemonConfig | undefined): readonly Fault[] {
  return (config?.budgets ?? []).flatMap(({ name, limitUsd, limitGrams }, index, all): Fault[] => {
    const path = ["budgets", index];
    const first = all.findIndex((other) => other.name === name);
    const faults: Fault[] = first < index ? [{ path: [...path, "name"], at: "value", message: `the name ${JSON.stringify(name)} is taken by budgets[${String(first)}]`, suggestion: "choose another name" }] : [];
    if (limitUsd === undefined && limitGrams === undefined) faults.push({ path, at: "key", message: "needs limitUsd or limitGrams", suggestion: "write limitUsd: 500" });
    if (limitUsd !== undefined && limitGrams !== undefined) faults.push({ path: [...path, "limitGrams"], at: "key", message: "give limitUsd or limitGrams, not both", suggestion: "write a second budget" });
    return faults;
  });
}

function sourceFaults(config: DaemonConfig | undefined, registries: Registries | undefined): readonly Fault[] {
  return [...metricSourceFaults(config, registries), ...(["market", "carbon"] as const).flatMap((name) => {
    const source = config?.sources[name];
    if (source === undefined || Object.keys(source).length === 0) return [];
    return readProvider(source, registries?.[name], { path: ["sources", name], what: `${name} source`, example: `write ${name}: { embedded: {} }` }).faults;
  })];
}

/** Sources as their providers' schemas read them, so that a token among them prints as [REDACTED] wherever the configuration does. */
function withReadSources(config: DaemonConfig, registries: Registries | undefined): DaemonConfig {
  const read = (name: "market" | "carbon"): DaemonConfig["sources"]["market"] => {
    const source = config.sources[name];
    const { value } = readProvider(source, registries?.[name], { path: ["sources", name], what: `${name} source`, example: "" });
    return value === undefined ? source : { [value.type]: { ...value.config } };
  };
  return { ...config, sources: { ...config.sources, market: read("market"), carbon: read("carbon") } };
}

function metricSourceFaults(config: DaemonConfig | undefined, registries: Registries | undefined): readonly Fault[] {
  return Object.entries(config?.sources.metrics ?? {}).flatMap(([name, source]) => {
    const path = ["sources", "metrics", name];
    if (name === BUILT_IN_SOURCE) return [{ path, at: "key", message: "otlp is the built-in source", suggestion: "choose another name; where OTLP is received stands in listen" }];
    return readProvider(source, registries?.metrics, { path, what: "kind of metric source", example: `write ${name}: { prometheus: { url: … } }` }).faults;
  });
}

function inheritanceOf(config: DaemonConfig, document: YamlDocument): Inheritance {
  const inherited = (spec: Readonly<Record<string, unknown>>, base: readonly (string | number)[]): InheritedSpec => ({ spec, layer: { document, base } });
  return {
    defaults: Object.keys(config.defaults).length === 0 ? undefined : inherited(config.defaults, ["defaults"]),
    overlays: config.overlays.map((overlay, index) => ({ match: overlay.match, ...inherited(overlay.spec, ["overlays", index, "spec"]) })),
  };
}

// Inherited values are checked where they stand, by compiling them on top of a policy that is right: its own faults are theirs.
const SOUND_POLICY = { target: { simulated: {} }, replicas: { min: 0, max: 1_000_000 }, demand: { preset: "http-rate", service: "any" } };

function inheritedFaults(document: YamlDocument, { options, config }: { readonly options: DaemonParseOptions; readonly config: DaemonConfig | undefined }): readonly Fault[] {
  const context: CompileContext = { presets: options.presets ?? builtInPresets(), actuators: options.registries?.actuators, metricSources: config && Object.keys(config.sources.metrics), modeCeiling: "full" };
  const check = (spec: unknown, base: readonly (string | number)[]): readonly Fault[] => {
    if (!isRecord(spec)) return [];
    const { faults } = compilePolicy({ name: "inherited", group: "inherited", labels: {} }, mergeSpecs(SOUND_POLICY, spec), context);
    return faults.map((fault) => ({ ...fault, path: [...base, ...fault.path.slice(1)] })).filter((fault) => fault.at === "key" || document.has(fault.path) || fault.message === "is required");
  };
  const overlays = valueAt(document.value, ["overlays"]);
  return [
    ...check(valueAt(document.value, ["defaults"]), ["defaults"]),
    ...(Array.isArray(overlays) ? overlays.flatMap((overlay: unknown, index) => check(valueAt(overlay, ["spec"]), ["overlays", index, "spec"])) : []),
  ];
}
