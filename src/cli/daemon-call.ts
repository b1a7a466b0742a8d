import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { failure, success, type Result } from "../model/result.ts";

export interface DaemonAddress {
  readonly url?: string;
  readonly tokenFile?: string;
}

/** The options of a command that asks a daemon. */
export interface DaemonOptions extends DaemonAddress {
  readonly json?: true;
}

export interface DaemonCall {
  readonly method: "GET" | "POST" | "DELETE";
  /** Beneath /api/v1. */
  readonly path: string;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
}

/** Where and how a daemon is asked; `base` without a slash at its end. */
export interface DaemonConnection {
  readonly base: string;
  readonly token: string | undefined;
  readonly timeoutMilliseconds: number;
  readonly redirect: "follow" | "error";
}

/** What was answered, whatever its status; `body` is undefined where it is no JSON. */
export interface DaemonAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Adds what every command that asks a daemon takes, behind its own options. */
export function withDaemonOptions(command: Command): Command {
  return command
    .option("--url <address>", "where the daemon's API is (FORETIDE_URL, or http://127.0.0.1:8080)")
    .option("--token-file <path>", "file with the bearer token (or FORETIDE_TOKEN)")
    .option("--json", "print JSON");
}

/** One call of the daemon's API. A problem that it answers is a failure with its words; no answer, or one of 500 and above, is `transient`. */
export async function callDaemon<T>(address: DaemonAddress, call: DaemonCall): Promise<Result<T>> {
  const connection = connectionOf(address, { timeoutMilliseconds: 15_000, redirect: "error" });
  if (!connection.ok) return connection;
  const answered = await exchange(connection.value, call);
  if (!answered.ok) return answered;
  const { base } = connection.value;
  const { status, body } = answered.value;
  if (isGood(status) && body !== undefined) return success(body as T);
  return failure(status === 404 ? "missing" : status >= 500 ? "transient" : "permanent", problemOf(body) ?? `${base} answered ${String(status)}${body === undefined ? ", and no JSON: is it a Foretide daemon?" : ""}`);
}

/** One reading of the daemon's API. It is `transient` only where no daemon answers: then there may be a journal to read. */
export async function readDaemon<T>(address: DaemonAddress, path: string): Promise<Result<T>> {
  const connection = connectionOf(address, { timeoutMilliseconds: 5_000, redirect: "follow" });
  if (!connection.ok) return connection;
  const answered = await exchange(connection.value, { method: "GET", path });
  if (!answered.ok) return answered;
  const { status, body } = answered.value;
  if (isGood(status)) return body === undefined ? failure("transient", `no daemon answers at ${connection.value.base}: its answer is no JSON`) : success(body as T);
  return failure(status === 404 ? "missing" : "permanent", problemOf(body) ?? `the daemon answered ${String(status)}`);
}

/** Sends a call and gives what was answered. `transient`: nobody answers. */
export async function exchange({ base, token, timeoutMilliseconds, redirect }: DaemonConnection, { method, path, body, idempotencyKey }: DaemonCall): Promise<Result<DaemonAnswer>> {
  try {
    const response = await fetch(`${base}/api/v1${path}`, {
      method, redirect, signal: AbortSignal.timeout(timeoutMilliseconds),
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(idempotencyKey !== undefined && { "idempotency-key": idempotencyKey }),
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return success({ status: response.status, body: await response.json().catch((): unknown => undefined) });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : error instanceof Error ? error.message : String(error);
    return failure("transient", `no daemon answers at ${base}: ${cause}`);
  }
}

export function isGood(status: number): boolean {
  return status >= 200 && status < 300;
}

/** As given, else by FORETIDE_URL and FORETIDE_TOKEN, else this machine's without a token. */
function connectionOf({ url, tokenFile }: DaemonAddress, how: Pick<DaemonConnection, "timeoutMilliseconds" | "redirect">): Result<DaemonConnection> {
  const base = (url ?? process.env["FORETIDE_URL"] ?? "http://127.0.0.1:8080").replace(/\/+$/u, "");
  try {
    return success({ base, token: tokenFile === undefined ? process.env["FORETIDE_TOKEN"] : readFileSync(tokenFile, "utf8").trim(), ...how });
  } catch (error) {
    return failure("permanent", `cannot read the token: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function problemOf(body: unknown): string | undefined {
  const { detail, title } = (body ?? {}) as { readonly detail?: string; readonly title?: string };
  return detail ?? title;
}
