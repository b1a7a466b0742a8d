import type { z } from "zod";
import type { Policy } from "../model/policy.ts";
import { type Fault, isRecord, parseWith } from "./issues.ts";
import { suggestOneOf } from "./suggest.ts";

/** How the configurations of actuators are checked; the registry of src/act gives it. */
export type ConfigSchemas = readonly { readonly type: string; readonly config: z.ZodType }[];

const PATH = ["spec", "target"] as const;

/** Reads `target: { simulated: {} }`: one key chooses the actuator, its value is that actuator's configuration. */
export function readTarget(value: unknown, actuators: ConfigSchemas | undefined): { readonly value?: Policy["actuator"]; readonly faults: readonly Fault[] } {
  const types = (actuators ?? []).map((definition) => definition.type);
  const fault = (at: "key" | "value", message: string, suggestion: string | undefined, path: readonly string[] = PATH): { faults: readonly Fault[] } => ({ faults: [{ path, at, message, suggestion }] });
  const example = "write target: { simulated: {} }";
  if (value === undefined) return fault("value", "is required", example);
  if (value === null) return fault("value", "is empty", example);
  if (typeof value === "string") return fault("value", "expected a mapping of one key, the kind of target", types.length === 0 || types.includes(value) ? `did you mean { ${value}: {} }?` : (suggestOneOf(value, types) ?? example));
  if (!isRecord(value)) return fault("value", "expected a mapping of one key, the kind of target", example);
  const keys = Object.keys(value).filter((key) => !key.startsWith("x-"));
  const [type, second] = keys;
  if (type === undefined) return fault("value", "names no kind of target", example);
  if (second !== undefined) {
    const unknown = keys.find((key) => types.length > 0 && !types.includes(key));
    return fault("key", `names ${String(keys.length)} kinds of target (${keys.join(", ")}); a policy has one`, unknown === undefined ? "write a policy for each" : (suggestOneOf(unknown, types) ?? "write a policy for each"), [...PATH, unknown ?? second]);
  }
  const definition = actuators?.find((candidate) => candidate.type === type);
  if (actuators !== undefined && definition === undefined) return fault("key", `unknown kind of target ${JSON.stringify(type)}`, suggestOneOf(type, types), [...PATH, type]);
  const config = value[type] ?? {};
  if (!isRecord(config)) return fault("value", `expected a mapping, not ${JSON.stringify(config)}`, `write ${type}: {}, or its keys beneath it`, [...PATH, type]);
  if (definition === undefined) return { value: { type, config }, faults: [] };
  const parsed = parseWith(definition.config, config, [...PATH, type]);
  return parsed.faults.length > 0 ? { faults: parsed.faults } : { value: { type, config: isRecord(parsed.value) ? parsed.value : {} }, faults: [] };
}
