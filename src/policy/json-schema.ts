import { z } from "zod";
import { CHALLENGER_FIELDS, CHALLENGER_TEXT } from "./challenger.ts";
import { DAEMON_SCHEMA } from "./daemon-schema.ts";
import { isRecord } from "./issues.ts";
import { POLICY_SET } from "./policy-set.ts";
import { POLICY_TEST } from "./policy-test-schema.ts";
import { API_VERSION, METADATA, SPEC_FIELDS } from "./policy-schema.ts";
import type { ProviderSchemas, Registries } from "./read-provider.ts";
import { choice } from "./scalars.ts";

export type JsonSchema = Record<string, unknown>;

/** JSON Schema (draft-07, as editors read it) of a policy document and of a set of policies, from the validator's own schemas. */
export function policyJsonSchema(registries: Registries): JsonSchema {
  const target = z.any().describe("What is scaled: one key, the kind of target, and its configuration beneath it.");
  const spec = z.strictObject({ target, ...SPEC_FIELDS });
  const policy = draft07(envelope("Policy", spec.describe("What the policy says.")));
  const set = draft07(envelope("PolicySet", POLICY_SET.describe("Targets, and the spec that each of them gets.")));
  Object.assign(propertyOf(policy, "spec")["properties"] as JsonSchema, { challenger: challengerSchema(propertyOf(policy, "spec")) });
  const targets = union(registries.actuators, { optional: false });
  const setSpec = propertyOf(set, "spec");
  Object.assign(propertyOf(propertyOf(policy, "spec"), "target"), targets);
  Object.assign(propertyOf(propertyOf(setSpec, "targets")["items"] as JsonSchema, "target"), targets);
  Object.assign(propertyOf(setSpec, "discover"), union(registries.discovery, { optional: false }));
  // A template is a spec without its target, and what it leaves out is inherited.
  const { target: _target, ...fields } = propertyOf(policy, "spec")["properties"] as Record<string, JsonSchema>;
  Object.assign(propertyOf(setSpec, "template"), { type: "object", properties: fields, patternProperties: OWN_KEYS, additionalProperties: false });
  const isSet = { properties: { kind: { const: "PolicySet", description: "What this document is." } }, required: ["kind"] };
  return { $schema: DRAFT_07, title: "A Foretide policy", description: "How services are scaled before their load arrives.", if: isSet, then: set, else: policy };
}

function envelope(kind: "Policy" | "PolicySet", spec: z.ZodType): z.ZodType {
  return z.strictObject({
    apiVersion: choice([API_VERSION]).describe("The version of this format."),
    kind: choice([kind]).describe("What this document is."),
    metadata: METADATA.describe("What the policy is called and how it is grouped."),
    spec,
  });
}

/** Fields of a spec that a challenger may change, none of them required: what it leaves out is the champion's. */
function challengerSchema(spec: JsonSchema): JsonSchema {
  const properties = Object.fromEntries(CHALLENGER_FIELDS.map((name) => {
    const { required: _required, default: _default, ...field } = propertyOf(spec, name);
    return [name, field];
  }));
  return { type: "object", description: CHALLENGER_TEXT, properties, patternProperties: OWN_KEYS, additionalProperties: false, minProperties: 1 };
}

function propertyOf(schema: JsonSchema, name: string): JsonSchema {
  return (schema["properties"] as Record<string, JsonSchema>)[name] ?? {};
}

/** JSON Schema (draft-07) of foretide.yaml. */
export function daemonJsonSchema(registries: Registries): JsonSchema {
  const schema = { $schema: DRAFT_07, title: "foretide.yaml", description: "The configuration of the Foretide daemon.", ...draft07(DAEMON_SCHEMA) };
  const sources = propertyOf(schema, "sources");
  Object.assign(propertyOf(sources, "metrics"), { additionalProperties: union(registries.metrics, { optional: false }) });
  for (const name of ["market", "carbon"] as const) Object.assign(propertyOf(sources, name), union(registries[name], { optional: true }));
  return schema;
}

/** JSON Schema (draft-07) of policy tests. A policy inline is only named here: `policy.schema.json` tells what it holds. */
export function policyTestJsonSchema(): JsonSchema {
  const document = z.strictObject({
    apiVersion: choice([API_VERSION]).describe("The version of this format."),
    kind: choice(["PolicyTest"]).describe("What this document is."),
    metadata: METADATA.partial().optional().describe("What the tests are called; nothing depends on it."),
    spec: POLICY_TEST.describe("A policy and the cases that it must pass."),
  });
  const schema = draft07(document);
  const policy = propertyOf(propertyOf(schema, "spec"), "policy");
  Object.assign(policy, { anyOf: [{ type: "string", minLength: 1 }, { type: "object", required: ["spec"], properties: { metadata: { type: "object", description: "Its name, group and labels." }, spec: { type: "object", description: "What the policy says." } } }] });
  return { $schema: DRAFT_07, title: "Tests of a Foretide policy", description: "Series in, decisions and reasons out.", ...schema };
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

const DRAFT_07 = "http://json-schema.org/draft-07/schema#";

function draft07(schema: z.ZodType): JsonSchema {
  const { $schema: _version, ...rest } = z.toJSONSchema(schema, { target: "draft-7", io: "input", unrepresentable: "any" }) as JsonSchema;
  return forEditors(rest) as JsonSchema;
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
