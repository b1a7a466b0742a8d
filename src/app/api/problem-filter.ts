import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from "@nestjs/common";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Log } from "../telemetry/log.ts";
import { OPERATIONS } from "./operations.ts";
import { ProblemError, problemKindOf } from "./problem.ts";

const ROUTES = Map.groupBy(OPERATIONS, (operation) => operation.path);
const PATTERNS = [...ROUTES].map(([path, operations]) => ({
  pattern: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/gu, "[^/]+")}$`, "u"),
  allow: [...operations.map((operation) => operation.method.toUpperCase()), ...(operations.some((operation) => operation.method === "get") ? ["HEAD"] : [])].join(", "),
}));

/** Writes whatever was thrown as RFC 9457 problem details. Only what is not expected is logged, and its text stays inside. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  catch(exception: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    sendProblem(host.switchToHttp().getResponse<FastifyReply>(), request.url, toProblem(exception, request, this.#log));
  }
}

export function sendProblem(reply: FastifyReply, url: string, problem: ProblemError): void {
  if (reply.raw.headersSent) {
    reply.raw.end();
    return;
  }
  void reply
    .code(problem.status)
    .headers({ ...problem.headers, "content-type": "application/problem+json", "cache-control": "no-store" })
    .send(JSON.stringify(problem.body(url.split("?", 1)[0])));
}

function toProblem(exception: unknown, request: FastifyRequest, log: Log): ProblemError {
  if (exception instanceof ProblemError) return exception;
  const status = statusOf(exception);
  if (status === 404) return unrouted(request);
  if (status !== undefined && status < 500) return new ProblemError(problemKindOf(status), (exception as Error).message);
  log.error({ err: exception, method: request.method, path: request.url }, "the API failed to answer");
  return new ProblemError("internal-error", "the daemon's log tells more");
}

/** Nest's exceptions and fastify's errors both carry a status. */
function statusOf(exception: unknown): number | undefined {
  if (exception instanceof HttpException) return exception.getStatus();
  const { statusCode } = (exception ?? {}) as { statusCode?: unknown };
  return typeof statusCode === "number" ? statusCode : undefined;
}

/** Answers what no route matches before its body is looked at. */
export function installUnrouted(fastify: FastifyInstance): void {
  fastify.addHook("onRequest", (request, _reply, done) => {
    done(request.is404 ? unrouted(request) : undefined);
  });
}

/** A known path with another method is 405 with Allow; else 404. */
function unrouted(request: FastifyRequest): ProblemError {
  const path = request.url.split("?", 1)[0] ?? "/";
  const known = PATTERNS.find(({ pattern }) => pattern.test(path));
  if (known === undefined) return new ProblemError("not-found", `there is nothing at ${path}`);
  return new ProblemError("method-not-allowed", `${request.method} is not allowed here; allowed: ${known.allow}`, { headers: { allow: known.allow } });
}
