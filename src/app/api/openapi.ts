import { z } from "zod";
import type { Operation } from "./operation.ts";
import { OPERATIONS } from "./operations.ts";
import { problemSchema } from "./schemas/common.ts";

type Json = Record<string, unknown>;
type Io = "input" | "output";

const ALWAYS_DOCUMENTED = [401, 403, 421, 431, 500];

/** The API as an OpenAPI 3.1 document, made from the same schemas that validate the requests. */
export function openApiDocument(version: string): Json {
  const components: Record<string, Json> = {};
  const paths: Record<string, Json> = {};
  for (const operation of OPERATIONS) {
    (paths[operation.path] ??= {})[operation.method] = describeOperation(operation, components);
  }
  return {
    openapi: "3.1.1",
    jsonSchemaDialect: "https://json-schema.org/draft/2020-12/schema",
    info: {
      title: "Foretide",
      version,
      summary: "Decisions that scale a service before its load arrives",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      description: "Times are epoch seconds; units end a name. Fields may be added within v1; none is renamed or removed. Errors are problem details (RFC 9457).",
    },
    servers: [{ url: "/" }],
    security: [{}, { bearer: [] }],
    tags: ["daemon", "targets", "forecasts", "decisions", "controls", "policies", "events"].map((name) => ({ name })),
    paths,
    components: { securitySchemes: { bearer: { type: "http", scheme: "bearer" } }, schemas: components },
  };
}

function describeOperation(operation: Operation, components: Record<string, Json>): Json {
  const { status, description, schema, mediaType = "application/json" } = operation.success;
  const success: Json = { description };
  if (schema !== undefined) success["content"] = { [mediaType]: { schema: toSchema(schema, "output", components) } };
  if (operation.ifMatch !== true && operation.method === "get" && mediaType === "application/json") success["headers"] = { ETag: { schema: { type: "string" } } };
  const responses: Json = { [String(status)]: success };
  const problem = { "application/problem+json": { schema: toSchema(problemSchema, "output", components) } };
  if (operation.method === "get" && mediaType === "application/json") responses["304"] = { description: "As it was (If-None-Match)." };
  const addressed = operation.params === undefined ? [] : [400, 414];
  const writes = operation.body === undefined ? [] : [400, 408, 413, 415];
  for (const code of new Set([...operation.problems, ...addressed, ...writes, ...(operation.idempotencyKey === undefined ? [] : [400, 409, 422]), ...ALWAYS_DOCUMENTED])) {
    if (code !== status) responses[String(code)] = { description: "Problem details.", content: problem };
  }
  return {
    operationId: operation.id,
    tags: [operation.tag],
    summary: operation.summary,
    ...(operation.open === true ? { security: [] } : {}),
    parameters: parametersOf(operation, components),
    ...(operation.body === undefined ? {} : { requestBody: { required: true, content: { "application/json": { schema: toSchema(operation.body, "input", components) } } } }),
    responses,
  };
}

function parametersOf(operation: Operation, components: Record<string, Json>): Json[] {
  const from = (schema: z.ZodObject | undefined, place: "path" | "query"): Json[] =>
    Object.entries(schema?.shape ?? {}).map(([name, field]) => {
      const { description, ...rest } = toSchema(field as z.ZodType, "input", components);
      const required = place === "path" || !(field as z.ZodType).safeParse(undefined).success;
      return { name, in: place, required, ...(description === undefined ? {} : { description }), schema: rest };
    });
  const header = (name: string, required: boolean, description: string): Json => ({ name, in: "header", required, description, schema: { type: "string" } });
  const parameters = [...from(operation.params, "path"), ...from(operation.query, "query")];
  if (operation.idempotencyKey !== undefined) {
    const key = header("Idempotency-Key", operation.idempotencyKey === "required", "Any unique value, such as a UUID; the same write with the same key happens once.");
    parameters.push({ ...key, schema: { type: "string", minLength: 1, maxLength: 200, pattern: "^[!-~]+$" } });
  }
  if (operation.ifMatch === true) parameters.push(header("If-Match", false, "The ETag that was read: refused with 412 when it has changed since."));
  if (operation.id === "streamEvents") parameters.push(header("Last-Event-ID", false, "Resumes after this event."));
  return parameters;
}

/** A schema of the document; those that carry an id go to the components and are referred to. */
function toSchema(schema: z.ZodType, io: Io, components: Record<string, Json>): Json {
  const { $schema: _, $defs, ...root } = z.toJSONSchema(schema, { io, target: "draft-2020-12" }) as Json & { $defs?: Record<string, Json> };
  for (const [id, definition] of Object.entries($defs ?? {})) components[id] ??= relocate(definition, io) as Json;
  return relocate(root, io) as Json;
}

/** Points references at the components, and lets answers grow: a client must accept fields that it does not know. */
function relocate(node: unknown, io: Io): unknown {
  if (Array.isArray(node)) return node.map((item) => relocate(item, io));
  if (typeof node !== "object" || node === null) return node;
  const entries = Object.entries(node).filter(([key, value]) => !(io === "output" && key === "additionalProperties" && value === false));
  return Object.fromEntries(entries.map(([key, value]) => [key, key === "$ref" && typeof value === "string" ? value.replace("#/$defs/", "#/components/schemas/") : relocate(value, io)]));
}
