import { readFileSync } from "node:fs";
import { failure, success, type Result } from "../model/result.ts";

const ANSWER_TIMEOUT_MILLISECONDS = 5_000;

/** Where the daemon's API is: as given, else FORETIDE_URL, else this machine's. No slash at the end. */
export function daemonAddress(url: string | undefined): string {
  return (url ?? process.env["FORETIDE_URL"] ?? "http://127.0.0.1:8080").replace(/\/$/u, "");
}

/** The bearer token of a file, else of FORETIDE_TOKEN; undefined where there is none. */
export function readToken(file: string | undefined): Result<string | undefined> {
  if (file === undefined) return success(process.env["FORETIDE_TOKEN"]);
  try {
    return success(readFileSync(file, "utf8").trim());
  } catch (error) {
    return failure("permanent", `cannot read the token: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** One answer of the daemon's API. `missing`: it knows no such thing; `transient`: nobody answers. */
export async function ask<T>(url: string, token: string | undefined): Promise<Result<T>> {
  try {
    const response = await fetch(url, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(ANSWER_TIMEOUT_MILLISECONDS) });
    if (response.ok) return success((await response.json()) as T);
    const problem = (await response.json().catch(() => ({}))) as { detail?: string };
    return failure(response.status === 404 ? "missing" : "permanent", problem.detail ?? `the daemon answered ${String(response.status)}`);
  } catch (error) {
    return failure("transient", `no daemon answers at ${new URL(url).origin}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
