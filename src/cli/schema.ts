import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { REGISTRIES } from "../app/registries.ts";
import { daemonJsonSchema, policyJsonSchema, policyTestJsonSchema } from "../policy/json-schema.ts";
import { parseArguments } from "./arguments.ts";

/** `foretide schema`: the JSON Schemas (draft-07) of policies, of foretide.yaml and of policy tests, as this program checks them. */
export async function run(args: readonly string[]): Promise<number> {
  const command = new Command("schema")
    .description("Print the JSON Schema of policies, of foretide.yaml, or of policy tests.")
    .argument("[kind]", "policy, daemon or test", "policy")
    .option("--write <folder>", "write all into a folder instead");
  const parsed = parseArguments(command, args);
  if (!parsed.ok) return parsed.exitCode;
  const { write } = parsed.options as { readonly write?: string };
  if (write !== undefined) {
    mkdirSync(write, { recursive: true });
    for (const [name, text] of Object.entries(schemaFiles())) writeFileSync(join(write, name), text);
    return 0;
  }
  const kind = parsed.operands[0] ?? "policy";
  const text = schemaFiles()[{ daemon: "foretide.schema.json", policy: "policy.schema.json", test: "policy-test.schema.json" }[kind] ?? ""];
  if (text === undefined) {
    process.stderr.write(`foretide: there is a schema of policy, one of daemon and one of test, none of ${JSON.stringify(kind)}\n`);
    return 64;
  }
  process.stdout.write(text);
  return 0;
}

/** The files of config/schema and their texts. */
export function schemaFiles(): Readonly<Record<string, string>> {
  const text = (schema: unknown): string => `${JSON.stringify(schema, undefined, 2)}\n`;
  return { "policy.schema.json": text(policyJsonSchema(REGISTRIES)), "foretide.schema.json": text(daemonJsonSchema(REGISTRIES)), "policy-test.schema.json": text(policyTestJsonSchema()) };
}
