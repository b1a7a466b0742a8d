import { z } from "zod";
import { failure, success, type Result } from "../../../model/result.ts";

export interface PrometheusServer {
  readonly url: string;
  /** Sent with each request, those that authenticate among them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
}

export interface QueriedSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** Epoch seconds and value, ascending. Stale markers and NaN are left out. */
  readonly samples: readonly (readonly [number, number])[];
}

export interface QueryTime {
  readonly timeSeconds: number;
  readonly lookBackSeconds: number;
}

/** Answers of the HTTP API beyond this size are refused. */
const MAX_ANSWER_BYTES = 16 * 2 ** 20;

const sample = z.tuple([z.number(), z.string()]);
const answer = z.object({
  status: z.enum(["success", "error"]),
  error: z.string().optional(),
  data: z
    .discriminatedUnion("resultType", [
      z.object({ resultType: z.literal("vector"), result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: sample })) }),
      z.object({ resultType: z.literal("matrix"), result: z.array(z.object({ metric: z.record(z.string(), z.string()), values: z.array(sample) })) }),
      z.object({ resultType: z.literal("scalar"), result: sample }),
      z.object({ resultType: z.literal("string"), result: sample }),
    ])
    .optional(),
});

/**
 * Ask for a query's value at one time (`/api/v1/query`). A sample older than `lookBackSeconds` is not taken for a level: the
 * server's own look-back of five minutes would pass off an old one as new (Prometheus obeys `lookback_delta` from 2.44 on, VictoriaMetrics `max_lookback`). No redirect is followed: it could lead a token to another host.
 */
export async function queryNow(server: PrometheusServer, query: string, { timeSeconds, lookBackSeconds }: QueryTime): Promise<Result<readonly QueriedSeries[]>> {
  const lookBack = `${String(Math.ceil(lookBackSeconds))}s`;
  try {
    const response = await fetch(`${server.url.replace(/\/+$/, "")}/api/v1/query`, {
      method: "POST",
      headers: { ...server.headers, accept: "application/json" },
      body: new URLSearchParams({ query, time: timeSeconds.toFixed(3), lookback_delta: lookBack, max_lookback: lookBack }),
      redirect: "error",
      signal: AbortSignal.timeout(server.timeoutSeconds * 1000),
    });
    const text = await boundedText(response);
    return text === undefined ? failure("permanent", "the answer is larger than 16 MiB") : readAnswer(response.status, text);
  } catch (error) {
    return failure("transient", error instanceof Error && error.name === "TimeoutError" ? `no answer within ${String(server.timeoutSeconds)} s` : `the server cannot be asked: ${causeOf(error)}`);
  }
}

/** The body's text, or undefined where it is larger than an answer may be. */
async function boundedText(response: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function readAnswer(status: number, text: string): Result<readonly QueriedSeries[]> {
  const parsed = answer.safeParse(parse(text));
  if (!parsed.success) return failure(status >= 500 ? "transient" : "permanent", `HTTP ${String(status)}, and the answer is not that of a Prometheus server`);
  const { status: outcome, error, data } = parsed.data;
  if (outcome === "error" || data === undefined) return failure(status >= 500 ? "transient" : "permanent", error ?? `HTTP ${String(status)}`);
  if (data.resultType === "vector") return success(data.result.map(({ metric, value }) => ({ labels: labelsOf(metric), samples: samplesOf([value]) })));
  if (data.resultType === "matrix") return success(data.result.map(({ metric, values }) => ({ labels: labelsOf(metric), samples: samplesOf(values) })));
  if (data.resultType === "scalar") return success([{ labels: {}, samples: samplesOf([data.result]) }]);
  return failure("permanent", "the query gives a text, not a number");
}

function labelsOf(metric: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(metric).filter(([label]) => label !== "__name__"));
}

function samplesOf(samples: readonly (readonly [number, string])[]): readonly (readonly [number, number])[] {
  return samples.map(([time, value]) => [time, Number(value)] as const).filter(([, value]) => Number.isFinite(value));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
