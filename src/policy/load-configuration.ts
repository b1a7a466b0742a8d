import { readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import type { Policy } from "../model/policy.ts";
import type { ConfigError } from "./config-error.ts";
import { DAEMON_SCHEMA, type DaemonConfig } from "./daemon-schema.ts";
import { type Inheritance, NOTHING_INHERITED } from "./inheritance.ts";
import type { Lookups } from "./interpolate.ts";
import { parseDaemonConfig } from "./parse-daemon-config.ts";
import { parsePolicies } from "./parse-policies.ts";
import { listPolicyFiles } from "./policy-files.ts";
import type { Discovery, SetTarget } from "./policy-set.ts";
import { builtInPresets } from "./preset.ts";
import type { Registries } from "./read-provider.ts";
import { YAML_LIMITS } from "./yaml-limits.ts";
import type { YamlFile } from "./yaml-source.ts";

export interface LoadOptions {
  readonly registries?: Registries;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What was found in the world for each set of policies, by the set's name. */
  readonly discovered?: Readonly<Record<string, readonly SetTarget[]>>;
}

export interface Configuration {
  readonly daemon: DaemonConfig;
  readonly policies: readonly Policy[];
  /** The file that each policy stands in, by the policy's name. */
  readonly policyFiles: Readonly<Record<string, string>>;
  /** What the sets of policies ask the world. */
  readonly discoveries: readonly Discovery[];
  /** What was read, to be watched. */
  readonly sources: { readonly daemonFile: string | undefined; readonly policyPaths: readonly string[] };
}

export type LoadedConfiguration = { readonly ok: true; readonly configuration: Configuration } | { readonly ok: false; readonly errors: readonly ConfigError[] };

/**
 * Reads the daemon's file and the policies that it names, or every error of all files.
 * `path` is foretide.yaml, a folder that holds one, or, for a first look, a policy file or a folder of them.
 */
export function loadConfiguration(path: string, options: LoadOptions = {}): LoadedConfiguration {
  const daemonFile = findDaemonFile(path);
  if (daemonFile === undefined) return loadWith([path], DAEMON_SCHEMA.parse({}), { daemonFile, inheritance: NOTHING_INHERITED, options });
  const file = readConfigFile(daemonFile);
  if ("error" in file) return { ok: false, errors: [file.error] };
  const parsed = parseDaemonConfig(file, { presets: builtInPresets(), lookups: fileLookups(daemonFile, options.env ?? process.env), ...(options.registries === undefined ? {} : { registries: options.registries }) });
  if (!parsed.ok) {
    // The policies are read too, so that every error shows at once; what they would inherit is unknown.
    const policies = loadWith([join(dirname(daemonFile), "policies")], DAEMON_SCHEMA.parse({}), { daemonFile, inheritance: NOTHING_INHERITED, options });
    return { ok: false, errors: [...parsed.errors, ...(policies.ok ? [] : policies.errors.filter((error) => error.message !== "is required" && error.path !== ""))] };
  }
  const paths = parsed.config.policies.map((entry) => resolve(dirname(daemonFile), entry));
  return loadWith(paths, parsed.config, { daemonFile, inheritance: parsed.inheritance, options });
}

/** Reads policy files alone (and folders of them), with what a daemon file would give them left out. */
export function loadPolicies(paths: readonly string[], options: LoadOptions = {}): { readonly ok: true; readonly policies: readonly Policy[] } | { readonly ok: false; readonly errors: readonly ConfigError[] } {
  const loaded = loadWith(paths, DAEMON_SCHEMA.parse({}), { daemonFile: undefined, inheritance: NOTHING_INHERITED, options });
  return loaded.ok ? { ok: true, policies: loaded.configuration.policies } : loaded;
}

interface LoadContext {
  readonly daemonFile: string | undefined;
  readonly inheritance: Inheritance;
  readonly options: LoadOptions;
}

function loadWith(paths: readonly string[], daemon: DaemonConfig, { daemonFile, inheritance, options }: LoadContext): LoadedConfiguration {
  const errors: ConfigError[] = [];
  const files = paths.flatMap((path) => {
    const listed = listPolicyFiles(path);
    if (listed === undefined) errors.push(missing(path));
    return listed ?? [];
  });
  const texts = files.flatMap((path) => {
    const file = readConfigFile(path);
    if (!("error" in file)) return [file];
    errors.push(file.error);
    return [];
  });
  const parsed = parsePolicies(texts, {
    presets: builtInPresets(),
    inheritance,
    modeCeiling: daemon.modeCeiling,
    ...(daemonFile === undefined ? {} : { metricSources: Object.keys(daemon.sources.metrics) }),
    ...(options.discovered === undefined ? {} : { discovered: options.discovered }),
    lookupsFor: (path) => fileLookups(path, options.env ?? process.env),
    ...(options.registries === undefined ? {} : { registries: options.registries }),
  });
  if (!parsed.ok) errors.push(...parsed.errors);
  if (errors.length > 0 || !parsed.ok) return { ok: false, errors };
  return { ok: true, configuration: { daemon, policies: parsed.policies, policyFiles: parsed.files, discoveries: parsed.discoveries, sources: { daemonFile, policyPaths: paths } } };
}

function findDaemonFile(path: string): string | undefined {
  try {
    if (statSync(path).isDirectory()) return statSync(join(path, "foretide.yaml"), { throwIfNoEntry: false })?.isFile() === true ? join(path, "foretide.yaml") : undefined;
  } catch {
    return undefined;
  }
  return /^foretide\.ya?ml$/.test(path.split(/[/\\]/).at(-1) ?? "") ? path : undefined;
}

function readConfigFile(path: string): YamlFile | { readonly error: ConfigError } {
  try {
    if (statSync(path).size > YAML_LIMITS.bytes) return { error: { file: shown(path), line: 1, column: 1, path: "", message: "the file is larger than 1 MiB", suggestion: "split it into several files" } };
    return { path: shown(path), text: new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path)) };
  } catch (error) {
    return { error: error instanceof TypeError ? { file: shown(path), line: 1, column: 1, path: "", message: "the file is not UTF-8 text", suggestion: "save it as UTF-8" } : unreadable(path, error) };
  }
}

function missing(path: string): ConfigError {
  return { file: shown(path), line: 1, column: 1, path: "", message: "no such file or folder", suggestion: "correct the path" };
}

function unreadable(path: string, error: unknown): ConfigError {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  if (code === "ENOENT") return missing(path);
  return { file: shown(path), line: 1, column: 1, path: "", message: `cannot be read (${code})`, suggestion: code === "EACCES" ? "allow the daemon's user to read it" : "correct the path" };
}

function shown(path: string): string {
  const near = relative(process.cwd(), path);
  return near === "" || near.startsWith("..") ? path : near;
}

function fileLookups(path: string, env: Readonly<Record<string, string | undefined>>): Lookups {
  return {
    env: (name) => env[name],
    file: (name) => {
      const file = readConfigFile(isAbsolute(name) ? name : resolve(dirname(path), name));
      return "error" in file ? undefined : file.text;
    },
  };
}
