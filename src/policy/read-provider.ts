import type { z } from "zod";
import type { PathSegment } from "./config-error.ts";
import { type Fault, isRecord, parseWith } from "./issues.ts";
import { nearest, suggestOneOf } from "./suggest.ts";

/** What a registry tells of its providers: the key in the YAML, and the schema of what stands beneath it. */
export type ProviderSchemas = readonly { readonly type: string; readonly config: z.ZodType }[];

/** The registries whose providers a configuration may name. Without one, its configurations are taken as they stand. */
export interface Registries {
  readonly actuators?: ProviderSchemas | undefined;
  readonly market?: ProviderSchemas | undefined;
  readonly carbon?: ProviderSchemas | undefined;
  /** What foretide.yaml may name beneath sources.metrics, beside the built-in otlp. */
  readonly metrics?: ProviderSchemas | undefined;
  /** How targets are found by their tags, for the sets of policies. */
  readonly discovery?: ProviderSchemas | undefined;
}

export interface Provider {
  readonly type: string;
  readonly config: Readonly<Record<string, unknown>>;
}

export interface ProviderPlace {
  readonly path: readonly PathSegment[];
  /** In words: "kind of target". */
  readonly what: string;
  readonly example: string;
}

export const TARGET_PLACE: ProviderPlace = { path: ["spec", "target"], what: "kind of target", example: "write target: { simulated: {} }" };

/** Reads `{ simulated: {} }`: one key chooses the provider, its value is that provider's configuration. */
export function readProvider(value: unknown, providers: ProviderSchemas | undefined, place: ProviderPlace): { readonly value?: Provider; readonly faults: readonly Fault[] } {
  const { path, what, example } = place;
  const types = (providers ?? []).map((provider) => provider.type);
  const fault = (message: string, suggestion: string | undefined, key?: string): { readonly faults: readonly Fault[] } => ({ faults: [{ path: key === undefined ? path : [...path, key], at: key === undefined ? "value" : "key", message, suggestion }] });
  if (value === undefined) return fault("is required", example);
  if (value === null) return fault("is empty", example);
  if (!isRecord(value)) {
    const meant = typeof value !== "string" ? undefined : types.length === 0 ? value : nearest(value, types);
    return fault(`expected a mapping of one key, the ${what}`, meant === undefined ? (suggestOneOf(undefined, types) ?? example) : `did you mean { ${meant}: {} }?`);
  }
  const keys = Object.keys(value).filter((key) => !key.startsWith("x-"));
  const [type, second] = keys;
  if (type === undefined) return fault(`names no ${what}`, example);
  const unknown = providers === undefined ? undefined : keys.find((key) => !types.includes(key));
  if (unknown !== undefined) return fault(`unknown ${what} ${JSON.stringify(unknown)}`, suggestOneOf(unknown, types), unknown);
  if (second !== undefined) return fault(`one ${what} is wanted, not ${String(keys.length)} (${keys.join(", ")})`, "remove all but one", second);
  const config = value[type] ?? {};
  if (!isRecord(config)) return { faults: [{ path: [...path, type], at: "value", message: `expected a mapping, not ${JSON.stringify(config)}`, suggestion: `write ${type}: {}, or its keys beneath it` }] };
  const provider = providers?.find((candidate) => candidate.type === type);
  if (provider === undefined) return { value: { type, config }, faults: [] };
  const parsed = parseWith(provider.config, config, [...path, type]);
  return parsed.faults.length > 0 ? { faults: parsed.faults } : { value: { type, config: isRecord(parsed.value) ? parsed.value : {} }, faults: [] };
}
