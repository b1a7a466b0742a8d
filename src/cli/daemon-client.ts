import type { Policy } from "../model/policy.ts";
import { failure, success } from "../model/result.ts";
import type { Result } from "../model/result.ts";
import { exchange, isGood } from "./daemon-call.ts";

export interface DaemonHistoryQuestion {
  readonly target: string;
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly bearerToken: string | undefined;
}

/** Rows of an answer are bounded: a day of a 5-second target fits. */
const PAGE_SECONDS = 86_400;
const TIMEOUT_MILLISECONDS = 60_000;

/** The demand that a running daemon knows of a target, asked of its API day by day. */
export async function readDaemonHistory(base: string, { target, fromSeconds, toSeconds, bearerToken }: DaemonHistoryQuestion): Promise<Result<{ readonly timesSeconds: Float64Array; readonly perSecond: Float64Array }>> {
  const times: number[] = [];
  const values: number[] = [];
  for (let from = fromSeconds; from < toSeconds; from += PAGE_SECONDS) {
    const to = Math.min(toSeconds, from + PAGE_SECONDS);
    const page = await ask(base, `/targets/${encodeURIComponent(target)}/history?from=${String(from)}&to=${String(to === toSeconds ? to + 1 : to)}`, bearerToken);
    if (!page.ok) return page;
    const { timeSeconds, demand } = page.value as { readonly timeSeconds?: readonly number[]; readonly demand?: readonly (number | null)[] };
    if (!Array.isArray(timeSeconds) || !Array.isArray(demand)) return failure("permanent", `${base} answered no history: is it a Foretide daemon?`);
    timeSeconds.forEach((time: number, row) => {
      const value = demand[row] as number | null | undefined;
      if (value === null || value === undefined || time <= (times.at(-1) ?? -Infinity)) return;
      times.push(time);
      values.push(value);
    });
  }
  return times.length === 0 ? failure("missing", `${base} knows no demand of "${target}" in that time`) : success({ timesSeconds: Float64Array.from(times), perSecond: Float64Array.from(values) });
}

/** The policy that a running daemon holds for a target, every default filled in. */
export async function readDaemonPolicy(base: string, name: string, bearerToken: string | undefined): Promise<Result<Policy>> {
  const answer = await ask(base, `/policies/${encodeURIComponent(name)}`, bearerToken);
  if (!answer.ok) return answer;
  const { policy } = answer.value as { readonly policy?: Policy };
  return policy?.name === name ? success(policy) : failure("permanent", `${base} answered no policy: is it a Foretide daemon?`);
}

async function ask(base: string, path: string, token: string | undefined): Promise<Result<unknown>> {
  if (!URL.canParse(base)) return failure("permanent", `expected a daemon's address such as http://127.0.0.1:8080, found "${base}"`);
  const answered = await exchange({ base: base.replace(/\/+$/, ""), token, timeoutMilliseconds: TIMEOUT_MILLISECONDS, redirect: "error" }, { method: "GET", path });
  if (!answered.ok) return answered;
  const { status, body } = answered.value;
  if (body === undefined) return failure("transient", `${base} answered ${String(status)}, and no JSON: is it a Foretide daemon?`);
  if (isGood(status)) return success(body);
  return failure(status === 404 ? "missing" : status >= 500 ? "transient" : "permanent", `${base}/api/v1${path} answered ${String(status)}: ${String((body as { readonly detail?: unknown }).detail)}`);
}
