import { createHash } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { ProblemError } from "./problem.ts";

/** A strong validator of a JSON representation. */
export function entityTag(payload: string | Buffer): string {
  return `"${createHash("sha1").update(payload).digest("base64url")}"`;
}

/** Gives each successful JSON answer to a GET its ETag, and 304 to who has it already (RFC 9110, 13.1.2). */
export function installEntityTags(fastify: FastifyInstance): void {
  fastify.addHook("onSend", async (request, reply, payload: unknown) => {
    const isGet = request.method === "GET" || request.method === "HEAD";
    if (!isGet || reply.statusCode !== 200 || typeof payload !== "string" || !String(reply.getHeader("content-type")).includes("json")) return payload;
    const tag = entityTag(payload);
    reply.header("etag", tag).header("cache-control", "no-cache");
    if (!matches(request.headers["if-none-match"], tag)) return payload;
    reply.code(304).removeHeader("content-type");
    return "";
  });
}

/** Refuses a write when the resource is no longer what the writer read (If-Match); without the header all is well. */
export function requireMatch(ifMatch: string | undefined, current: unknown): void {
  if (ifMatch === undefined || matches(ifMatch, entityTag(JSON.stringify(current)))) return;
  throw new ProblemError("precondition-failed", "read it again and decide anew", { headers: { etag: entityTag(JSON.stringify(current)) } });
}

/** A weak tag never equals a strong one for If-Match; for If-None-Match the prefix is ignored. */
function matches(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.split(",").some((part) => part.trim() === "*" || part.trim().replace(/^W\//u, "") === tag);
}
