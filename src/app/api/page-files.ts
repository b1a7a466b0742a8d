import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, extname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};
/** Nothing from elsewhere, no inline script, in no one's frame. Styles set through the DOM (the charts' sizes) are not styles of the page's text. */
const PAGE_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const NOT_BUILT = "<!doctype html><html lang=en><title>Foretide</title><h1>The page is not built</h1><p>Run <code>npm run build</code>; the API under <a href=/api/v1/status>/api/v1</a> works without it.</p></html>";

interface PageFile {
  readonly body: Buffer;
  readonly gzipped: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  readonly tag: string;
}

/** Where the build puts the page: `dist/dashboard` of the project, whether this runs from source or from `dist`. */
export function findPageDirectory(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json")) && dirname(folder) !== folder) folder = dirname(folder);
  return join(folder, "dist", "dashboard");
}

/** Serves the page's files from memory: read once, with ETag, gzip and a strict content policy. */
export function installPage(fastify: FastifyInstance, directory: string): void {
  const files = readPage(directory);
  for (const [path, file] of files) {
    fastify.get(path, (request, reply) => sendFile(request, reply, file));
  }
}

function readPage(directory: string): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>();
  if (existsSync(join(directory, "index.html"))) {
    for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !(extname(entry.name) in MEDIA_TYPES)) continue;
      const path = join(entry.parentPath, entry.name);
      files.set(`/${relative(directory, path).split(sep).join("/")}`, pageFile(readFileSync(path), entry.name));
    }
  }
  files.set("/", files.get("/index.html") ?? pageFile(Buffer.from(NOT_BUILT), "index.html"));
  return files;
}

function pageFile(body: Buffer, name: string): PageFile {
  const hashed = /-[\w-]{8,}\.(?:js|css|svg)$/u.test(name);
  return {
    body,
    gzipped: gzipSync(body),
    tag: `"${createHash("sha1").update(body).digest("base64url")}"`,
    headers: {
      "content-type": MEDIA_TYPES[extname(name)] ?? "application/octet-stream",
      "cache-control": hashed ? "public, max-age=31536000, immutable" : "no-cache",
      "content-security-policy": PAGE_POLICY,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      vary: "accept-encoding",
    },
  };
}

function sendFile(request: FastifyRequest, reply: FastifyReply, file: PageFile): FastifyReply {
  reply.headers({ ...file.headers, etag: file.tag });
  if (request.headers["if-none-match"] === file.tag) return reply.code(304).send();
  const gzip = /\bgzip\b/u.test(request.headers["accept-encoding"] ?? "");
  return gzip ? reply.header("content-encoding", "gzip").send(file.gzipped) : reply.send(file.body);
}
