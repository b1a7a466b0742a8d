import { readFileSync } from "node:fs";
import { failure, success, type Result } from "../model/result.ts";

export interface DaemonAddress {
  readonly url?: string;
  readonly tokenFile?: string;
}

export interface DaemonCall {
  readonly method: "GET" | "POST" | "DELETE";
  /** Beneath /api/v1. */
  readonly path: string;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
}

const ANSWER_TIMEOUT_MILLISECONDS = 15_000;

/** One call of the daemon's API. A problem that it answers is a failure with its words; no answer is `transient`. */
export async function callDaemon<T>({ url, tokenFile }: DaemonAddress, { method, path, body, idempotencyKey }: DaemonCall): Promise<Result<T>> {
  const base = (url ?? process.env["FORETIDE_URL"] ?? "http://127.0.0.1:8080").replace(/\/+$/u, "");
  let token: string | undefined;
  try {
    token = tokenFile === undefined ? process.env["FORETIDE_TOKEN"] : readFileSync(tokenFile, "utf8").trim();
  } catch (error) {
    return failure("permanent", `cannot read ${tokenFile ?? ""}: ${error instanceof Error ? error.message : String(error)}`);
  }
  try {
    const response = await fetch(`${base}/api/v1${path}`, {
      method, redirect: "error", signal: AbortSignal.timeout(ANSWER_TIMEOUT_MILLISECONDS),
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(idempotencyKey !== undefined && { "idempotency-key": idempotencyKey }),
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json().catch(() => undefined);
    if (response.ok && answer !== undefined) return success(answer as T);
    const { detail, title } = (answer ?? {}) as { readonly detail?: string; readonly title?: string };
    return failure(response.status === 404 ? "missing" : response.status >= 500 ? "transient" : "permanent", detail ?? title ?? `${base} answered ${String(response.status)}${answer === undefined ? ", and no JSON: is it a Foretide daemon?" : ""}`);
  } catch (error) {
    return failure("transient", `the daemon at ${base} does not answer: ${error instanceof Error ? error.message : String(error)}`);
  }
}
