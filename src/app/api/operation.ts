import { applyDecorators, createParamDecorator, HttpCode, RequestMapping, RequestMethod, SetMetadata, type ExecutionContext } from "@nestjs/common";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { ProblemError } from "./problem.ts";
import type { ProblemBody } from "./schemas/common.ts";

export type Method = "get" | "post" | "put" | "delete";

/** One operation of the API: routing, validation and the OpenAPI document all read it, so they cannot disagree. */
export interface Operation {
  readonly id: string;
  readonly method: Method;
  /** OpenAPI's form: `/api/v1/targets/{target}`. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly success: { readonly status: number; readonly description: string; readonly schema?: z.ZodType; readonly mediaType?: string };
  /** Statuses that this operation may answer with, beside those that any may. */
  readonly problems: readonly number[];
  /** A write under an Idempotency-Key: needed on POST, welcome on PUT and DELETE. */
  readonly idempotencyKey?: "required" | "optional";
  /** Takes If-Match against the ETag of the same resource's GET. */
  readonly ifMatch?: boolean;
  /** Open without a token: probes. */
  readonly open?: boolean;
}

export const OPERATION = Symbol("foretide:operation");

const METHODS = { get: RequestMethod.GET, post: RequestMethod.POST, put: RequestMethod.PUT, delete: RequestMethod.DELETE };

/** Marks a controller's method as the one that serves an operation. */
export function Serves(operation: Operation): MethodDecorator {
  return applyDecorators(
    RequestMapping({ path: operation.path.replaceAll(/\{(\w+)\}/gu, ":$1"), method: METHODS[operation.method] }),
    HttpCode(operation.success.status),
    SetMetadata(OPERATION, operation),
  );
}

type Parsed<S> = S extends z.ZodType ? z.output<S> : unknown;
export interface Input<O extends Operation> {
  readonly params: Parsed<O["params"]>;
  readonly query: Parsed<O["query"]>;
  readonly body: Parsed<O["body"]>;
  readonly header: (name: string) => string | undefined;
}

/** The request, validated by the operation's schemas; every offending member is told at once. */
export const Validated = createParamDecorator((_data: unknown, context: ExecutionContext): Input<Operation> => {
  const operation = Reflect.getMetadata(OPERATION, context.getHandler()) as Operation;
  return validate(operation, context.switchToHttp().getRequest<FastifyRequest>());
});

export function validate(operation: Operation, request: FastifyRequest): Input<Operation> {
  const errors: NonNullable<ProblemBody["errors"]> = [];
  const params = check(operation.params ?? z.strictObject({}), request.params ?? {}, { place: "path", errors });
  const query = check(operation.query ?? z.strictObject({}), request.query ?? {}, { place: "query", errors });
  if (errors.length > 0) throw new ProblemError("bad-request", describe(errors), { errors });
  const body = operation.body === undefined ? {} : check(operation.body, request.body, { place: "body", errors });
  if (errors.length > 0) throw new ProblemError("invalid-body", describe(errors), { errors });
  const header = (name: string): string | undefined => {
    const value = request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  return { params, query, body, header };
}

type Place = NonNullable<ProblemBody["errors"]>[number]["in"];

function check(schema: z.ZodType, value: unknown, sink: { place: Place; errors: NonNullable<ProblemBody["errors"]> }): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    const pointer = issue.path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
    sink.errors.push({ in: sink.place, pointer, detail: issue.message });
  }
  return undefined;
}

function describe(errors: NonNullable<ProblemBody["errors"]>): string {
  return errors.map((error) => `${error.in}${error.pointer}: ${error.detail}`).join("; ");
}
