import { timingSafeEqual, createHash } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { OPERATIONS } from "./operations.ts";
import { ProblemError } from "./problem.ts";

export interface AccessRules {
  /** Bearer token; without one, only loopback may be bound and nothing is asked for. */
  readonly token: string | undefined;
  /** A second one, which reads and writes nothing. */
  readonly readToken: string | undefined;
  /** Names that the Host header may carry, beside loopback's own. */
  readonly allowedHosts: readonly string[];
}

const LOOPBACK_NAMES = new Set(["localhost", "127.0.0.1", "[::1]"]);
const OPEN_PATHS = new Set(OPERATIONS.filter((operation) => operation.open === true).map((operation) => operation.path));
const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/** Whether a bind address can be reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/u.test(host);
}

/**
 * Checks each request before it is routed: the Host header (a page of another site may resolve its own name to loopback: DNS
 * rebinding), the Origin of a write, and the bearer token. The page's own files and the probes are open.
 */
export function installRequestGuard(fastify: FastifyInstance, rules: AccessRules): void {
  const tokens = rules.token === undefined ? undefined : { operator: digest(rules.token), reader: rules.readToken === undefined ? undefined : digest(rules.readToken) };
  const hosts = new Set([...LOOPBACK_NAMES, ...rules.allowedHosts.map((host) => host.toLowerCase())]);
  const checkHost = rules.token === undefined || rules.allowedHosts.length > 0;
  fastify.addHook("onRequest", (request, _reply, done) => {
    try {
      if (checkHost) requireKnownHost(request, hosts);
      if (!SAFE_METHODS.has(request.method)) requireSameOrigin(request);
      if (tokens !== undefined && needsToken(request)) requireToken(request, tokens);
      done();
    } catch (error) {
      done(error as Error);
    }
  });
}

/** Judged by the route that was matched, since a path can be spelt in many ways; what matches none needs a token too. */
function needsToken(request: FastifyRequest): boolean {
  const route = request.routeOptions.url;
  return route === undefined || (!OPEN_PATHS.has(route) && (route.startsWith("/api/") || route === "/metrics"));
}

function hostname(host: string): string {
  return host.replace(/:\d+$/u, "").toLowerCase();
}

function requireKnownHost(request: FastifyRequest, hosts: ReadonlySet<string>): void {
  const host = request.headers.host ?? "";
  if (hosts.has(hostname(host))) return;
  throw new ProblemError("misdirected-request", `the Host header names "${host}", which this daemon does not serve; add it to the allowed hosts if it should`);
}

function requireSameOrigin(request: FastifyRequest): void {
  const { origin, host } = request.headers;
  if (origin === undefined || origin === `http://${host ?? ""}` || origin === `https://${host ?? ""}`) return;
  throw new ProblemError("foreign-origin", `a page of ${origin} may not write here`);
}

interface TokenDigests {
  readonly operator: Buffer;
  readonly reader: Buffer | undefined;
}

function requireToken(request: FastifyRequest, { operator, reader }: TokenDigests): void {
  const given = /^Bearer +(?<token>\S+)$/iu.exec(request.headers.authorization ?? "")?.groups?.["token"];
  const shown = given === undefined ? undefined : digest(given);
  if (shown !== undefined && timingSafeEqual(shown, operator)) return;
  if (shown !== undefined && reader !== undefined && timingSafeEqual(shown, reader)) {
    if (SAFE_METHODS.has(request.method)) return;
    throw new ProblemError("forbidden", "this bearer token reads; a write needs the operators' token");
  }
  throw new ProblemError("unauthorized", given === undefined ? "no bearer token was given" : "the bearer token is not the right one", {
    headers: { "www-authenticate": 'Bearer realm="foretide"' },
  });
}

function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
