import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { lost, refused, type WriteFailure } from "./actuator.ts";

/** One HTTP request of an actuator that speaks no cloud's SDK. */
export interface HttpRequest {
  readonly url: URL;
  readonly method: "GET" | "PUT" | "PATCH" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutSeconds: number;
  /** PEM of the authority that the server's certificate must come from; else the system's. */
  readonly ca?: string;
}

export interface HttpAnswer {
  readonly ok: true;
  readonly status: number;
  readonly etag: string | undefined;
  readonly body: string;
}

const LONGEST_BODY_BYTES = 1 << 20;
const NOT_CONNECTED = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "CERT_HAS_EXPIRED", "DEPTH_ZERO_SELF_SIGNED_CERT", "SELF_SIGNED_CERT_IN_CHAIN", "UNABLE_TO_VERIFY_LEAF_SIGNATURE", "ERR_TLS_CERT_ALTNAME_INVALID"]);

/**
 * Sends one request, once; follows no redirect, reads at most 1 MiB. No connection at all (or a certificate that is not
 * trusted): certainly not arrived. A break or a timeout after that: it may have arrived.
 */
export function exchange({ url, method, headers, body, timeoutSeconds, ca }: HttpRequest): Promise<HttpAnswer | WriteFailure> {
  return new Promise((resolve) => {
    const send = url.protocol === "https:" ? httpsRequest : httpRequest;
    const signal = AbortSignal.timeout(timeoutSeconds * 1_000);
    const fail = (error: Error & { code?: string }): void => {
      const text = `${method} ${url.origin}${url.pathname}: ${error.message}`;
      if (NOT_CONNECTED.has(error.code ?? "")) resolve(refused("transient", "unreachable", text));
      else if (error.name === "AbortError" || error.name === "TimeoutError") resolve(lost("timeout", `${method} ${url.origin}${url.pathname}: no answer within ${timeoutSeconds} s`));
      else resolve(lost("no-answer", text));
    };
    const request = send(url, { method, headers, signal, agent: false, ...(ca === undefined ? {} : { ca }) }, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > LONGEST_BODY_BYTES) request.destroy(new Error(`an answer of more than ${LONGEST_BODY_BYTES} bytes`));
        else chunks.push(chunk);
      });
      response.on("error", fail);
      response.on("end", () => { resolve({ ok: true, status: response.statusCode ?? 0, etag: response.headers.etag, body: Buffer.concat(chunks).toString("utf8") }); });
    });
    request.on("error", fail);
    request.end(body);
  });
}

/** Sorts an HTTP status that is not a success. `conflict` is what 409 and 412 mean there. */
export function failureOfStatus(status: number, text: string, conflict: string): WriteFailure {
  if (status === 401 || status === 403) return refused("permanent", "access-denied", text);
  if (status === 404 || status === 410) return refused("missing", "missing", text);
  if (status === 409 || status === 412) return refused("permanent", conflict, text);
  if (status === 429) return refused("transient", "throttled", text);
  if (status >= 300 && status < 500) return refused("permanent", status < 400 ? "redirect" : "validation", text);
  return lost("server-error", text);
}
