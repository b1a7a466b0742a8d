import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { MetricStore } from "../metric-store.ts";
import type { RequestRejection } from "../series/point-kinds.ts";
import type { Admission } from "./admission.ts";
import type { IngestObserver } from "./ingest-observer.ts";
import type { Inflater } from "./inflate.ts";
import type { OtlpCounters } from "./otlp-counters.ts";
import { CONTENT_TYPES, exportResponse, RPC_CODE, statusBody, type Encoding } from "./responses.ts";

export const METRICS_PATH = "/v1/metrics";
/** JSON is parsed on the main thread, in one piece. */
export const MAX_JSON_BYTES = 8 << 20;
const RETRY_SECONDS = 1;
/** A client must send its headers, and its whole request, within these times. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;

export interface HttpReceiverParts {
  readonly store: MetricStore;
  readonly admission: Admission;
  /** Epoch seconds. */
  readonly now: () => number;
  readonly maxBytes: number;
  readonly inflater: Inflater;
  readonly authorized: (header: string | undefined) => boolean;
  readonly observer: IngestObserver;
}

/** Where an answer goes, and in which form. */
interface Reply {
  readonly response: ServerResponse;
  readonly encoding: Encoding;
}

/** Why a request is not taken: HTTP status, rpc code, counter. */
interface Refusal {
  readonly status: number;
  readonly code: number;
  readonly message: string;
  readonly reason?: RequestRejection;
  readonly headers?: Readonly<Record<string, string>>;
}

/** OTLP/HTTP: POST /v1/metrics in protobuf or JSON, plain or gzip (opentelemetry-proto docs/specification.md, "OTLP/HTTP"). */
export function createHttpReceiver(parts: HttpReceiverParts): Server {
  const server = createServer({ headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    void answer(parts, request, response);
  });
  return server;
}

async function answer(parts: HttpReceiverParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { counters } = parts.store;
  counters.requests.http++;
  const encoding = encodingOf(request) ?? "protobuf";
  const early = refuseEarly(parts, request);
  if (early !== undefined) {
    request.resume();
    refuse(counters, { response, encoding }, early);
    return;
  }
  const stated = Number(request.headers["content-length"] ?? 0);
  if (!parts.admission.begin(stated)) {
    request.resume();
    refuse(counters, { response, encoding }, tryAgain(parts.admission.closed));
    return;
  }
  let taken = stated;
  try {
    const body = await readBody(request, parts.maxBytes, (bytes) => {
      // A body that is longer than stated, or of no stated length, takes its room as it comes.
      if (bytes <= taken) return true;
      const more = parts.admission.take(bytes - taken);
      if (more) taken = bytes;
      return more;
    });
    if (!(body instanceof Uint8Array)) {
      if (body === "aborted") response.destroy();
      else refuse(counters, { response, encoding }, body === "too-large" ? tooLarge(parts.maxBytes) : tryAgain(parts.admission.closed));
      return;
    }
    await ingest(parts, { request, response, body, encoding });
  } finally {
    parts.admission.end(taken);
  }
}

async function ingest(parts: HttpReceiverParts, exchange: Reply & { readonly request: IncomingMessage; readonly body: Uint8Array }): Promise<void> {
  const { request, encoding } = exchange;
  const { store } = parts;
  let bytes = exchange.body;
  store.counters.bytesReceived += bytes.length;
  const maxBytes = encoding === "json" ? Math.min(MAX_JSON_BYTES, parts.maxBytes) : parts.maxBytes;
  if (request.headers["content-encoding"] === "gzip") {
    const inflated = await parts.inflater.inflate(bytes, maxBytes);
    if (!inflated.ok) {
      const reason = inflated.reason ?? "bad-gzip";
      const status = reason === "bad-gzip" ? 400 : 413;
      refuse(store.counters, exchange, { status, code: reason === "bad-gzip" ? RPC_CODE.invalidArgument : RPC_CODE.resourceExhausted, message: inflated.message, reason });
      return;
    }
    bytes = inflated.value;
  }
  if (bytes.length > maxBytes) {
    refuse(store.counters, exchange, tooLarge(maxBytes));
    return;
  }
  store.counters.bytesInflated += bytes.length;
  const done = encoding === "json" ? store.ingestJson(bytes, parts.now()) : store.ingestProtobuf(bytes, parts.now());
  if (!done.ok) refuse(store.counters, exchange, { status: 400, code: RPC_CODE.invalidArgument, message: done.message });
  else {
    parts.observer.taken("http", done.value);
    send(exchange, 200, exportResponse(done.value, encoding));
  }
}

/** What the head of a request alone tells. */
function refuseEarly(parts: HttpReceiverParts, request: IncomingMessage): Refusal | undefined {
  const path = (request.url ?? "").split("?")[0];
  if (path !== METRICS_PATH) return { status: 404, code: RPC_CODE.notFound, message: `OTLP metrics are taken at ${METRICS_PATH}` };
  if (request.method !== "POST") return { status: 405, code: RPC_CODE.unimplemented, message: "OTLP is sent with POST", headers: { allow: "POST" } };
  if (!parts.authorized(request.headers.authorization)) return { status: 401, code: RPC_CODE.unauthenticated, message: "a bearer token is needed", headers: { "www-authenticate": "Bearer" } };
  if (encodingOf(request) === undefined) {
    return { status: 415, code: RPC_CODE.invalidArgument, message: `content-type ${request.headers["content-type"] ?? "(none)"} is not taken: use application/x-protobuf or application/json`, reason: "unsupported-media-type" };
  }
  const compression = request.headers["content-encoding"] ?? "identity";
  if (compression !== "identity" && compression !== "gzip") {
    return { status: 415, code: RPC_CODE.invalidArgument, message: `content-encoding ${compression} is not taken: use gzip or none`, reason: "unsupported-encoding", headers: { "accept-encoding": "gzip" } };
  }
  if (Number(request.headers["content-length"] ?? 0) > parts.maxBytes) return tooLarge(parts.maxBytes);
  return undefined;
}

function encodingOf(request: IncomingMessage): Encoding | undefined {
  const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
  if (type === "application/x-protobuf") return "protobuf";
  return type === "application/json" ? "json" : undefined;
}

function tooLarge(maxBytes: number): Refusal {
  return { status: 413, code: RPC_CODE.resourceExhausted, message: `the request is larger than ${String(maxBytes)} bytes`, reason: "too-large" };
}

function tryAgain(closing: boolean): Refusal {
  return { status: 503, code: RPC_CODE.unavailable, message: closing ? "the receiver is closing" : "too much is in flight", reason: "overloaded", headers: { "retry-after": String(RETRY_SECONDS) } };
}

type Body = Uint8Array | "too-large" | "overloaded" | "aborted";

/** The body in one piece, or why there is none. What is left of a refused one is discarded as it comes. */
function readBody(request: IncomingMessage, maxBytes: number, admit: (bytes: number) => boolean): Promise<Body> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const end = (body: Body): void => {
      request.removeListener("data", take);
      request.resume();
      resolve(body);
    };
    const take = (chunk: Buffer): void => {
      length += chunk.length;
      if (length > maxBytes) end("too-large");
      else if (!admit(length)) end("overloaded");
      else chunks.push(chunk);
    };
    request.on("data", take);
    request.once("end", () => {
      end(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length));
    });
    request.once("error", () => {
      end("aborted");
    });
    request.once("close", () => {
      end("aborted");
    });
  });
}

function refuse(counters: OtlpCounters, { response, encoding }: Reply, refusal: Refusal): void {
  if (refusal.reason !== undefined) counters.requestsRejected[refusal.reason]++;
  for (const [name, value] of Object.entries(refusal.headers ?? {})) response.setHeader(name, value);
  // What is left of the body is discarded, and the connection ends with the answer.
  response.setHeader("connection", "close");
  send({ response, encoding }, refusal.status, statusBody(refusal.code, refusal.message, encoding));
}

function send({ response, encoding }: Reply, status: number, body: Buffer): void {
  if (response.destroyed) return;
  response.writeHead(status, { "content-type": CONTENT_TYPES[encoding], "content-length": body.length });
  response.end(body);
}
