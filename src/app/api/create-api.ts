import "reflect-metadata";
import type { AddressInfo, Socket } from "node:net";
import type { LoggerService, NestApplicationOptions } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { FastifyAdapter, type NestFastifyApplication } from "@nestjs/platform-fastify";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { failure, success, type Result } from "../../model/result.ts";
import type { DaemonView } from "../status/daemon-view.ts";
import type { Log } from "../telemetry/log.ts";
import { ApiModule } from "./api-module.ts";
import type { MetricsText } from "./daemon-controller.ts";
import { installEntityTags } from "./entity-tag.ts";
import type { EventStream } from "./event-stream.ts";
import { IdempotencyKeys } from "./idempotency.ts";
import { findPageDirectory, installPage } from "./page-files.ts";
import { ProblemError, problemKindOf } from "./problem.ts";
import { installUnrouted, ProblemFilter, sendProblem } from "./problem-filter.ts";
import { installRequestGuard, isLoopback } from "./request-guard.ts";
import { EVENT_STREAM } from "./tokens.ts";
import { WriteInterceptor } from "./write-interceptor.ts";

export interface ApiOptions {
  readonly log: Log;
  /** Needed for any bind that is not loopback's; asked of every request to the API and to /metrics. */
  readonly token?: string;
  /** Reads as the token does, and writes nothing. */
  readonly readToken?: string;
  /** Names that the Host header may carry beside loopback's own, without port. */
  readonly allowedHosts?: readonly string[];
  /** Text of /metrics. */
  readonly metrics?: MetricsText;
  /** The built page; `dist/dashboard` when left out. */
  readonly pageDirectory?: string;
}

export interface ListenOptions {
  readonly port: number;
  /** 127.0.0.1 when left out. */
  readonly host?: string;
  /** How many ports after this one may be tried when it is taken; 0 when left out. */
  readonly spare?: number;
}

export interface Api {
  /** The port that is bound, or why none is. A bind beyond loopback without a token is refused. */
  listen(options: ListenOptions): Promise<Result<number>>;
  /** Ends every connection and lets go of the port. */
  close(): Promise<void>;
  /** 0 until it listens. */
  readonly port: number;
}

const MAX_BODY_BYTES = 64 * 1024;
const MAX_PARAM_LENGTH = 500;
const REQUEST_TIMEOUT_MILLISECONDS = 10_000;

const noSchemas = () => (): never => { throw new Error("no route has a Fastify schema: operations.ts checks each request"); };
/** Fastify's own validator and serializer are never asked, and so never loaded. */
const NO_SCHEMAS = { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } };

/** Makes the HTTP server of the API, the page, the probes and /metrics. It listens only when told to. */
export async function createApi(view: DaemonView, options: ApiOptions): Promise<Api> {
  const adapter = new FastifyAdapter({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MILLISECONDS,
    forceCloseConnections: true,
    skipMiddie: true,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    schemaController: NO_SCHEMAS,
    frameworkErrors: (error: Error & { statusCode?: number }, request: FastifyRequest, reply: FastifyReply) => {
      sendProblem(reply, request.url, new ProblemError(problemKindOf(error.statusCode ?? 400), error.message));
    },
    clientErrorHandler: answerBrokenRequest,
  });
  const fastify = adapter.getInstance<FastifyInstance>();
  installRequestGuard(fastify, { token: options.token, readToken: options.readToken, allowedHosts: options.allowedHosts ?? [] });
  installUnrouted(fastify);
  installEntityTags(fastify);
  const module = ApiModule.of({ view, metrics: options.metrics });
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest's options are a class in name only
  const nestOptions: NestApplicationOptions = { logger: nestLogger(options.log), bodyParser: false, abortOnError: false };
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, nestOptions);
  fastify.removeContentTypeParser("text/plain");
  app.useGlobalFilters(new ProblemFilter(options.log));
  app.useGlobalInterceptors(new WriteInterceptor(new IdempotencyKeys(() => view.now())));
  installPage(fastify, options.pageDirectory ?? findPageDirectory());
  await app.init();
  return asApi(app, options);
}

function asApi(app: NestFastifyApplication, options: ApiOptions): Api {
  const server = app.getHttpServer();
  return {
    async listen({ port, host = "127.0.0.1", spare = 0 }) {
      if (options.token === undefined && !isLoopback(host)) {
        return failure("permanent", `the API may not listen on ${host} without a token: give one, or bind 127.0.0.1`);
      }
      for (let candidate = port; ; candidate += 1) {
        try {
          await app.listen(candidate, host);
          return success((server.address() as AddressInfo).port);
        } catch (error) {
          const { code, message } = error as NodeJS.ErrnoException;
          if (code !== "EADDRINUSE" || candidate >= port + spare) return failure(code === "EADDRINUSE" ? "transient" : "permanent", `cannot listen on ${host}:${String(candidate)}: ${message}`);
        }
      }
    },
    async close() {
      app.get<EventStream>(EVENT_STREAM).close();
      await app.close();
    },
    get port() {
      return (server.address() as AddressInfo | null)?.port ?? 0;
    },
  };
}

/** What is not HTTP never reaches a route; it still gets problem details. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) return;
  const status = error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : error.code === "HPE_HEADER_OVERFLOW" ? 431 : 400;
  const problem = new ProblemError(problemKindOf(status), status === 400 ? "this is not HTTP/1.1" : error.message);
  const body = JSON.stringify(problem.body());
  socket.end(`HTTP/1.1 ${String(status)} Error\r\ncontent-type: application/problem+json\r\ncontent-length: ${String(Buffer.byteLength(body))}\r\nconnection: close\r\n\r\n${body}`);
}

function nestLogger(log: Log): LoggerService {
  const child = log.child({ part: "api" });
  return {
    log: (message: unknown) => { child.debug(message); },
    warn: (message: unknown) => { child.warn(message); },
    error: (message: unknown) => { child.error(message); },
  };
}
