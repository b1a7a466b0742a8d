/** The parts of an OpenAPI 3.1 document that a client is made of. */
export interface OpenApi {
  readonly info: { readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

interface OpenApiOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly { readonly name: string; readonly in: "path" | "query" | "header"; readonly required: boolean; readonly description?: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>>;
}

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly description?: string;
}

/** The text of a TypeScript client: one type per schema, one method per operation. The same document gives the same text. */
export function clientSource(document: OpenApi): string {
  const types = Object.entries(document.components.schemas).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, schema]) => `${comment(schema.description, "")}export type ${name} = ${typeOf(schema, "")};\n`);
  const methods = Object.entries(document.paths).flatMap(([path, operations]) => Object.entries(operations).map(([method, operation]) => methodSource(method.toUpperCase(), path, operation)));
  return [
    "// Generated from the OpenAPI document by scripts/generate-client.ts: do not edit.\n/* eslint-disable max-lines -- as long as the document */\n",
    'import { Transport, type CallOptions, type ServerSentEvent, type TransportOptions } from "./transport.ts";\n\n',
    types.join("\n"),
    `\n/** Foretide's decision API, ${document.info.version}. Every method throws ForetideError for what the daemon refuses. */\n`,
    "export class ForetideClient {\n  readonly #transport: Transport;\n\n  constructor(options: TransportOptions) {\n    this.#transport = new Transport(options);\n  }\n\n",
    methods.join("\n"),
    "}\n",
  ].join("");
}

function methodSource(method: string, path: string, operation: OpenApiOperation): string {
  const of = (place: string) => operation.parameters.filter((parameter) => parameter.in === place);
  const body = operation.requestBody?.content["application/json"]?.schema;
  const inputs = [
    ...operation.parameters.map((parameter) => ({ name: camel(parameter.name), type: typeOf(parameter.schema, "    "), required: parameter.required && parameter.name !== "Idempotency-Key" })),
    ...(body === undefined ? [] : [{ name: "body", type: typeOf(body, "    "), required: true }]),
  ];
  const members = inputs.map(({ name, type, required }) => `readonly ${name}${required ? "" : "?"}: ${type}`);
  const input = members.length === 0 ? "" : `input: { ${members.join("; ")} }${inputs.some(({ required }) => required) ? "" : " = {}"}, `;
  const target = path.replaceAll(/\{(\w+)\}/gu, (_all, name: string) => `\${encodeURIComponent(input.${camel(name)})}`);
  const { kind, type } = answerOf(operation);
  const call = [
    `method: "${method}"`,
    `path: ${target === path ? `"${path}"` : `\`${target}\``}`,
    ...(of("query").length === 0 ? [] : [`query: { ${of("query").map(({ name }) => `${name}: input.${camel(name)}`).join(", ")} }`]),
    ...(of("header").length === 0 ? [] : [`headers: { ${of("header").map(({ name }) => `"${name.toLowerCase()}": input.${camel(name)}`).join(", ")} }`]),
    ...(body === undefined ? [] : ["body: input.body"]),
    "...options",
  ];
  const returns = kind === "events" ? "AsyncGenerator<ServerSentEvent>" : `Promise<${type}>`;
  const invoke = kind === "json" ? `json<${type}>` : kind;
  return `  /** ${operation.summary}. */\n  ${operation.operationId}(${input}options: CallOptions = {}): ${returns} {\n    return this.#transport.${invoke}({ ${call.join(", ")} });\n  }\n`;
}

function answerOf(operation: OpenApiOperation): { kind: "json" | "text" | "events"; type: string } {
  const content = Object.entries(operation.responses).find(([status]) => status.startsWith("2"))?.[1].content ?? {};
  const json = content["application/json"];
  if (json !== undefined) return { kind: "json", type: typeOf(json.schema, "  ") };
  return { kind: "text/event-stream" in content ? "events" : "text", type: "string" };
}

function typeOf(schema: Schema, indent: string): string {
  if (schema.$ref !== undefined) return schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return unionOf(choices.map((choice) => typeOf(choice, indent)));
  switch (schema.type) {
    case "string": return "string";
    case "number": case "integer": return "number";
    case "boolean": return "boolean";
    case "null": return "null";
    case "array": return arrayOf(typeOf(schema.items ?? {}, indent));
    case "object": return objectOf(schema, indent);
    default: return "unknown";
  }
}

/** A bare `string` swallows the literals beside it. */
function unionOf(types: readonly string[]): string {
  return (types.includes("string") ? types.filter((type) => !type.startsWith('"')) : types).join(" | ");
}

function arrayOf(item: string): string {
  return /[ |{]/u.test(item) ? `readonly (${item})[]` : `readonly ${item}[]`;
}

function objectOf(schema: Schema, indent: string): string {
  const { properties = {}, required = [], additionalProperties } = schema;
  const names = Object.keys(properties);
  if (names.length === 0) return `Readonly<Record<string, ${typeof additionalProperties === "object" ? typeOf(additionalProperties, indent) : "unknown"}>>`;
  const inner = `${indent}  `;
  const members = names.map((name) => {
    const property = properties[name] ?? {};
    return `${comment(property.description, inner)}${inner}readonly ${name}${required.includes(name) ? "" : "?"}: ${typeOf(property, inner)};`;
  });
  return `{\n${members.join("\n")}\n${indent}}`;
}

function comment(text: string | undefined, indent: string): string {
  return text === undefined ? "" : `${indent}/** ${text.replaceAll("*/", "* /")} */\n`;
}

function camel(name: string): string {
  return name.replaceAll(/-(\w)/gu, (_all, letter: string) => letter.toUpperCase()).replace(/^\w/u, (letter) => letter.toLowerCase());
}
