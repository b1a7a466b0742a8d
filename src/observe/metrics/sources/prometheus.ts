import { z } from "zod";
import { secret } from "../../../policy/scalars.ts";
import type { SignalSpec } from "../../../model/policy.ts";
import { missing } from "../../../model/observation.ts";
import { failure, success, type Result } from "../../../model/result.ts";
import type { MetricSource, MetricSourceDefinition } from "./metric-source.ts";
import { queryNow, type PrometheusServer, type QueriedSeries } from "./prometheus-query.ts";
import { StoredPoints, type FetchedPoint } from "./stored-points.ts";

const PLAIN_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

const config = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: "expected an address, such as http://prometheus:9090" }).describe("The server's base address; /api/v1/query is asked below it."),
  bearerToken: secret().optional().describe("The token to show. Give it as ${env:NAME} or ${file:PATH}."),
  username: z.string().min(1).optional().describe("For basic authentication, with password."),
  password: secret().optional().describe("Give it as ${env:NAME} or ${file:PATH}."),
  headers: z.record(z.string(), z.string()).prefault({}).describe("Further headers of each request: { X-Scope-OrgID: … } names the tenant of a Mimir."),
  everySeconds: z.number().min(1).max(3600).prefault(15).describe("How often to ask."),
  timeoutSeconds: z.number().positive().max(60).prefault(5).describe("How long to wait for an answer."),
}).describe("A Prometheus-compatible server that is asked: Prometheus, VictoriaMetrics, Mimir, Thanos.");
type Config = z.output<typeof config>;

/**
 * Metrics asked of a Prometheus-compatible server. `metric` is a metric's name (its samples are fetched with their own times, by
 * `select` on labels; extract: rate or gauge) or a PromQL expression (evaluated now over samples no older than the spec's
 * `staleAfter`; extract: gauge). An empty answer is an absence. Prometheus tells no unit: the spec's is taken at its word.
 */
export const prometheus: MetricSourceDefinition<Config> = {
  type: "prometheus",
  config,
  create(settings) {
    const points = new StoredPoints();
    const server: PrometheusServer = { url: settings.url, headers: headersOf(settings), timeoutSeconds: settings.timeoutSeconds };
    const newest = new Map<string, number>();
    let specs: readonly SignalSpec[] = [];
    const source: MetricSource = {
      type: "prometheus",
      refreshEverySeconds: settings.everySeconds,
      retain: (wanted) => {
        specs = wanted;
        points.retain(wanted.filter((spec) => unfit(spec) === undefined).map(stored));
      },
      refresh: async (nowSeconds) => {
        const done = await Promise.all(specs.filter((spec) => unfit(spec) === undefined).map((spec) => fetchSignal(server, spec, nowSeconds)));
        const fetched = done.flatMap((result) => (result.ok ? result.value : []));
        const added = points.add(fetched.filter((point) => isNews(newest, point)).sort((a, b) => a.timeSeconds - b.timeSeconds), nowSeconds);
        return done.find((result) => !result.ok) ?? added;
      },
      read: (spec, nowSeconds) => {
        const problem = unfit(spec);
        return problem === undefined ? points.read(stored(spec), nowSeconds) : missing("invalid", problem);
      },
      takeSteps: (spec, stepSeconds, nowSeconds) => (unfit(spec) === undefined ? points.takeSteps(stored(spec), stepSeconds, nowSeconds) : []),
      close: () => Promise.resolve(),
    };
    return Promise.resolve(success(source));
  },
};

function headersOf({ headers, bearerToken, username, password }: Config): Readonly<Record<string, string>> {
  const basic = username === undefined ? undefined : `Basic ${Buffer.from(`${username}:${password?.reveal() ?? ""}`).toString("base64")}`;
  const authorization = bearerToken === undefined ? basic : `Bearer ${bearerToken.reveal()}`;
  return { ...headers, ...(authorization !== undefined && { authorization }) };
}

/** Why a signal cannot be read from Prometheus, or undefined. */
function unfit(spec: SignalSpec): string | undefined {
  if (spec.extract !== "rate" && spec.extract !== "gauge") return `extract: ${spec.extract} is not read from Prometheus: write a PromQL expression with extract: gauge`;
  if (spec.extract === "rate" && !PLAIN_NAME.test(spec.metric)) return "a PromQL expression is read with extract: gauge; write rate(…) into it";
  return undefined;
}

/** The spec as its points are stored: under the query, without a unit; an expression chooses its series itself. */
function stored({ alternatives: _, ...spec }: SignalSpec): SignalSpec {
  return { ...spec, unit: undefined, select: PLAIN_NAME.test(spec.metric) ? spec.select : {} };
}

async function fetchSignal(server: PrometheusServer, spec: SignalSpec, nowSeconds: number): Promise<Result<readonly FetchedPoint[]>> {
  const queried = await queryNow(server, queryOf(spec), { timeSeconds: nowSeconds, lookBackSeconds: spec.staleAfterSeconds });
  if (!queried.ok) return failure(queried.failure, `${spec.metric}: ${queried.message}`);
  return success(queried.value.flatMap((series) => pointsOf(spec, series)));
}

function queryOf(spec: SignalSpec): string {
  if (!PLAIN_NAME.test(spec.metric)) return spec.metric;
  const matchers = Object.entries(spec.select).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return `${spec.metric}{${matchers.join(",")}}[${String(Math.ceil(spec.windowSeconds + spec.staleAfterSeconds))}s]`;
}

function pointsOf(spec: SignalSpec, series: QueriedSeries): readonly FetchedPoint[] {
  return series.samples.map(([timeSeconds, value]) => ({ metric: spec.metric, unit: "", counter: spec.extract === "rate", timeSeconds, value, attributes: series.labels }));
}

/** A range is asked for again and again: only what is newer than the last answer is handed on. */
function isNews(newest: Map<string, number>, point: FetchedPoint): boolean {
  const key = JSON.stringify([point.metric, point.counter, Object.entries(point.attributes).sort()]);
  if (point.timeSeconds <= (newest.get(key) ?? 0)) return false;
  newest.set(key, point.timeSeconds);
  return true;
}
