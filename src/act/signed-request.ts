import { readFileSync } from "node:fs";
import { failure, success, type Result } from "../model/result.ts";
import type { WriteFailure } from "./actuator.ts";
import { exchange, type HttpAnswer } from "./http-exchange.ts";
import { signWebhook } from "./webhook-signature.ts";

const SHORTEST_SECRET_BYTES = 16;

/** The shared secret of a webhook, from an environment variable or a file. */
export function readSecret({ secretVariable, secretFile }: { readonly secretVariable?: string | undefined; readonly secretFile?: string | undefined }): Result<string> {
  try {
    const secret = secretFile === undefined ? (process.env[secretVariable ?? ""] ?? "") : readFileSync(secretFile, "utf8").trim();
    if (Buffer.byteLength(secret) >= SHORTEST_SECRET_BYTES) return success(secret);
    return failure("permanent", `${secretFile ?? secretVariable ?? ""} must hold a secret of at least ${SHORTEST_SECRET_BYTES} bytes`);
  } catch (error) {
    return failure("permanent", `cannot read ${secretFile ?? ""}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

export interface SignedEndpoint {
  readonly url: URL;
  readonly secret: string;
  readonly timeoutSeconds: number;
  /** Epoch seconds. */
  readonly now: () => number;
}

export type SignedRequest = (method: "GET" | "PUT", body: string, headers: Readonly<Record<string, string>>) => Promise<HttpAnswer | WriteFailure>;

/** Requests to one address, each signed anew with its time (Foretide-Timestamp, Foretide-Signature). */
export function signedRequests({ url, secret, timeoutSeconds, now }: SignedEndpoint): SignedRequest {
  return (method, body, headers) => {
    const timestampSeconds = Math.floor(now());
    const signature = signWebhook(secret, { timestampSeconds, method, path: url.pathname + url.search, body });
    return exchange({
      url, method, timeoutSeconds,
      headers: { accept: "application/json", "foretide-timestamp": String(timestampSeconds), "foretide-signature": signature, ...headers },
      ...(method === "GET" ? {} : { body }),
    });
  };
}
