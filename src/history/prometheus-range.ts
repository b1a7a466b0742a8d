import { failure, success, type Failure, type Result } from "../model/result.ts";

export interface RangeQuery {
  /** The server's base address; `/api/v1/query_range` is asked below it. User and password in it are sent as basic authentication. */
  readonly url: string;
  readonly query: string;
  /** Epoch seconds, both included. */
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly stepSeconds: number;
  readonly bearerToken?: string;
  readonly timeoutSeconds?: number;
}

/** Rows that the server had, ascending; where it had none (stale, absent) there is no row. */
export interface RangeRows {
  readonly timesSeconds: Float64Array;
  readonly values: Float64Array;
  /** Values that are no number (NaN, infinite): left out of the rows. */
  readonly invalid: number;
}

/** Prometheus answers at most 11,000 points a series (web/api/v1: "exceeded maximum resolution"); a page stays below. */
const PAGE_POINTS = 10_000;
const MAX_BYTES = 64 * 2 ** 20;
const DEFAULT_TIMEOUT_SECONDS = 60;

/**
 * Asks a Prometheus-compatible server for one series over a time range, page by page. A query that gives several series is refused:
 * which of them is meant, only its writer knows. Failures: `transient` where a later try may help, `permanent` where the query or the
 * answer is at fault, `missing` where the whole range holds no value.
 */
export async function queryPrometheusRange(range: RangeQuery): Promise<Result<RangeRows>> {
  const problem = rangeProblem(range);
  if (problem !== undefined) return failure("permanent", problem);
  const times: number[] = [];
  const values: number[] = [];
  let invalid = 0;
  let labels: string | undefined;
  const pageSeconds = PAGE_POINTS * range.stepSeconds;
  for (let start = range.fromSeconds; start <= range.toSeconds; start += pageSeconds) {
    const page = await queryPage(range, start, Math.min(range.toSeconds, start + pageSeconds - range.stepSeconds));
    if (!page.ok) return page;
    if (page.value === undefined) continue;
    if (labels !== undefined && page.value.labels !== labels) return severalSeries([labels, page.value.labels]);
    labels = page.value.labels;
    for (const [time, text] of page.value.rows) {
      const value = Number(text);
      if (!Number.isFinite(value)) invalid++;
      else {
        times.push(time);
        values.push(value);
      }
    }
  }
  if (times.length === 0) return failure("missing", `${range.query} has no value between ${iso(range.fromSeconds)} and ${iso(range.toSeconds)}`);
  return success({ timesSeconds: Float64Array.from(times), values: Float64Array.from(values), invalid });
}

function rangeProblem(range: RangeQuery): string | undefined {
  if (!URL.canParse(range.url) || !/^https?:$/.test(new URL(range.url).protocol)) return `expected an http or https address, found "${range.url}"`;
  if (range.query.trim() === "") return "expected a query, found nothing";
  if (!(range.stepSeconds > 0)) return `expected a step above 0 s, found ${String(range.stepSeconds)}`;
  return range.fromSeconds < range.toSeconds ? undefined : "expected a range whose end is after its start";
}

interface Page {
  readonly labels: string;
  readonly rows: readonly (readonly [number, string])[];
}

async function queryPage(range: RangeQuery, start: number, end: number): Promise<Result<Page | undefined>> {
  const base = new URL(range.url);
  const headers = new Headers({ "content-type": "application/x-www-form-urlencoded", accept: "application/json" });
  if (range.bearerToken !== undefined) headers.set("authorization", `Bearer ${range.bearerToken}`);
  else if (base.username !== "") headers.set("authorization", `Basic ${btoa(`${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`)}`);
  const address = `${base.origin}${base.pathname.replace(/\/+$/, "")}/api/v1/query_range`;
  const body = new URLSearchParams({ query: range.query, start: String(start), end: String(end), step: String(range.stepSeconds) });
  try {
    // No redirect is followed: it could lead a token or a query to another host.
    const signal = AbortSignal.timeout((range.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1000);
    const response = await fetch(address, { method: "POST", headers, body, redirect: "error", signal });
    const text = await boundedText(response);
    if (text === undefined) return failure("permanent", `${address} answered more than ${String(MAX_BYTES)} bytes`);
    return parsePage(response.status, text, address);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    return failure("transient", `${address} could not be asked: ${cause}`);
  }
}

async function boundedText(response: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength;
    if (length > MAX_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parsePage(status: number, text: string, address: string): Result<Page | undefined> {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return failure(status >= 500 || status === 429 ? "transient" : "permanent", `${address} answered ${String(status)} without JSON: ${text.slice(0, 120)}`);
  }
  if (member(answer, "status") !== "success") {
    const kind = status >= 500 || status === 429 ? "transient" : "permanent";
    return failure(kind, `${address} answered ${String(status)}: ${String(member(answer, "errorType"))}: ${String(member(answer, "error"))}`);
  }
  const data = member(answer, "data");
  const result = member(data, "result");
  if (member(data, "resultType") !== "matrix" || !Array.isArray(result)) return failure("permanent", `${address} answered no matrix`);
  if (result.length === 0) return success(undefined);
  const labels = result.map((series) => JSON.stringify(member(series, "metric")));
  if (labels.length > 1) return severalSeries(labels);
  const rows: unknown = member(result[0], "values");
  if (!Array.isArray(rows) || !rows.every(isRow)) return failure("permanent", `${address} answered values that are no [time, "value"] pairs`);
  return success({ labels: labels[0] ?? "", rows });
}

function isRow(row: unknown): row is readonly [number, string] {
  return Array.isArray(row) && row.length === 2 && typeof row[0] === "number" && Number.isFinite(row[0]) && typeof row[1] === "string";
}

function severalSeries(labels: readonly string[]): Failure {
  return failure("permanent", `the query gives more than one series (${labels.slice(0, 3).join(", ")}${labels.length > 3 ? ", …" : ""}): aggregate it, for example with sum(…)`);
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
