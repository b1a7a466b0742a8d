import { failure, success } from "../../model/result.ts";
import type { Result } from "../../model/result.ts";
import type { CarbonDeps } from "./carbon-source.ts";

/** One GET for JSON. 408, 429, 5xx and network trouble are transient; other refusals are permanent; 404 is missing. */
export async function getJson(deps: CarbonDeps, url: string, headers: Readonly<Record<string, string>> = {}): Promise<Result<unknown>> {
  try {
    const response = await deps.fetch(url, { headers: { accept: "application/json", ...headers }, signal: AbortSignal.timeout(deps.timeoutMilliseconds) });
    if (response.status === 404) return failure("missing", `${url}: 404`);
    if (response.status === 408 || response.status === 429 || response.status >= 500) return failure("transient", `${url}: ${response.status}`);
    if (!response.ok) return failure("permanent", `${url}: ${response.status}`);
    return success(await response.json());
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return failure(error instanceof SyntaxError ? "permanent" : "transient", `${url}: ${message}`);
  }
}
