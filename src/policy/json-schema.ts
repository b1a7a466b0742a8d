import { z } from "zod";
import { DAEMON_SCHEMA } from "./daemon-schema.ts";
import { isRecord } from "./issues.ts";
import { API_VERSION, METADATA, SPEC_FIELDS } from "./policy-schema.ts";
import type { ProviderSchemas, Registries } from "./read-provider.ts";
import { choice } from "./scalars.ts";

export type JsonSchema = Record<string, unknown>;

/** JSON Schema (draft-07, as editors read it) of a policy document, from the validator's own schemas. */
export function policyJsonSchema(registries: Registries): JsonSchema {
  const document = z.strictObject({
    apiVersion: choice([API_VERSION]).describe("The version of this format."),
    kind: choice(["Policy"]).describe("What this document is."),
    metadata: METADATA.describe("What the policy is called and how it is grouped."),
    spec: z.strictObject({ target: z.any().describe("What is scaled: one key, the kind of target, and its configuration beneath it."), ...SPEC_FIELDS }).describe("What the policy says."),
  });
  const schema = draft07(document, "A Foretide policy", "How one service is scaled before its load arrives.");
  const spec = (schema["properties"] as Record<string, JsonSchema>)["spec"];
  const fields = spec?.["properties"] as Record<string, JsonSchema>;
  Object.assign(fields["target"] ?? {}, union(registries.actuators, { optional: false }));
  return schema;
}

/** JSON Schema (draft-07) of foretide.yaml. */
export function daemonJsonSchema(registries: Registries): JsonSchema {
  const schema = draft07(DAEMON_SCHEMA, "foretide.yaml", "The configuration of the Foretide daemon.");
  const sources = (schema["properties"] as Record<string, JsonSchema>)["sources"];
  const fields = sources?.["properties"] as Record<string, JsonSchema>;
  for (const name of ["market", "carbon"] as const) Object.assign(fields[name] ?? {}, union(registries[name], { optional: true }));
  return schema;
}

/** One key of several, each with the schema of its provider; none where it is optional. */
function union(providers: ProviderSchemas | undefined, { optional: noneToo }: { readonly optional: boolean }): JsonSchema {
  if (providers === undefined) return { type: "object" };
  const properties = Object.fromEntries(
    providers.map((provider) => {
      const { $schema: _version, ...schema } = z.toJSONSchema(provider.config, { target: "draft-7", io: "input", unrepresentable: "any" }) as JsonSchema;
      // `simulated:` with nothing beneath is the empty configuration.
      const optional = !Array.isArray(schema["required"]) || schema["required"].length === 0;
      return [provider.type, forEditors(optional ? { ...schema, type: ["object", "null"] } : schema)];
    }),
  );
  const exactlyOne = [...providers.map((provider) => ({ required: [provider.type] })), ...(noneToo ? [{ maxProperties: 0 }] : [])];
  return { type: "object", properties, patternProperties: OWN_KEYS, additionalProperties: false, oneOf: exactlyOne };
}

const OWN_KEYS = { "^x-": {} } as const;
const REFERENCE: JsonSchema = { type: "string", pattern: "\\$\\{(?:env|file):[^}]+\\}" };

function draft07(schema: z.ZodType, title: string, description: string): JsonSchema {
  const { $schema, ...rest } = z.toJSONSchema(schema, { target: "draft-7", io: "input", unrepresentable: "any" }) as JsonSchema;
  return { $schema, title, description, ...(forEditors(rest) as JsonSchema) };
}

/** What the YAML reader allows beyond the values: keys of one's own (`x-…`), and a reference in place of any value. */
function forEditors(node: unknown): unknown {
  if (!isRecord(node)) return node;
  const { description, default: preset, examples, ...rules } = node;
  const outer = { ...(description === undefined ? {} : { description }), ...(preset === undefined ? {} : { default: preset }), ...(examples === undefined ? {} : { examples }) };
  if (isRecord(rules["properties"])) {
    const properties = Object.fromEntries(Object.entries(rules["properties"]).map(([key, child]) => [key, forEditors(child)]));
    return { ...outer, ...rules, properties, ...(rules["additionalProperties"] === false ? { patternProperties: OWN_KEYS } : {}) };
  }
  if (rules["type"] === "array") return { ...outer, ...rules, items: forEditors(rules["items"]) };
  if (rules["type"] === "object") return { ...outer, ...rules, ...(isRecord(rules["additionalProperties"]) ? { additionalProperties: forEditors(rules["additionalProperties"]) } : {}) };
  const constrained = Object.keys(rules).some((key) => !["type", "minLength"].includes(key)) || ["integer", "number", "boolean"].includes(String(rules["type"]));
  return constrained ? { ...outer, anyOf: [...(Array.isArray(rules["anyOf"]) ? (rules["anyOf"] as unknown[]) : [rules]), REFERENCE] } : node;
}
