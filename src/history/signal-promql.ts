import type { SignalSpec } from "../model/policy.ts";

/** Suffixes that a unit gets in Prometheus' names (OpenTelemetry specification, "Prometheus and OpenMetrics compatibility"). */
const UNIT_SUFFIXES: Readonly<Record<string, string>> = { s: "_seconds", ms: "_milliseconds", By: "_bytes", "1": "_ratio", "%": "_percent" };
const PLAIN_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/**
 * The PromQL expression of one series that gives a signal, for metrics that OpenTelemetry wrote to Prometheus: dots become
 * underscores, the unit and the kind become suffixes, `service.name` is the label `job` (its namespace before a slash). Of a
 * signal that is read from a Prometheus already, its own metric or expression. `windowSeconds` is at least the step.
 */
export function signalPromql(spec: SignalSpec, stepSeconds: number): string {
  const window = `[${String(Math.max(spec.windowSeconds, stepSeconds))}s]`;
  if (spec.source !== "otlp") {
    if (!PLAIN_NAME.test(spec.metric)) return spec.metric;
    const own = `${spec.metric}${matchersOf(spec.select, (label) => label)}`;
    return `${spec.aggregate === "mean" ? "avg" : spec.aggregate}(${spec.extract === "rate" ? `rate(${own}${window})` : own})`;
  }
  const name = `${spec.metric.replaceAll(/[^a-zA-Z0-9_:]/g, "_")}${UNIT_SUFFIXES[spec.unit ?? ""] ?? ""}`;
  const select = matchersOf(spec.select, labelOf);
  const rate = (suffix: string): string => `rate(${name}${suffix}${select}${window})`;
  const aggregate = spec.aggregate === "mean" ? "avg" : spec.aggregate;
  switch (spec.extract) {
    // A histogram in seconds is counted by its _count; a counter by itself.
    case "rate": return `${aggregate}(${rate(spec.unit === "s" || spec.unit === "ms" ? "_count" : "_total")})`;
    case "gauge": return `${aggregate}(${name}${select})`;
    case "mean": return `sum(${rate("_sum")}) / sum(${rate("_count")})`;
    case "quantile": return `histogram_quantile(${String(spec.quantile ?? 0.99)}, sum by (le) (${rate("_bucket")}))`;
    case "share-above": return `1 - sum(rate(${name}_bucket${matchersOf({ ...spec.select, le: String(spec.threshold ?? "") }, labelOf)}${window})) / sum(${rate("_count")})`;
  }
}

function labelOf(attribute: string): string {
  return attribute === "service.name" ? "job" : attribute === "service.instance.id" ? "instance" : attribute.replaceAll(/[^a-zA-Z0-9_]/g, "_");
}

function matchersOf(select: Readonly<Record<string, string>>, label: (attribute: string) => string): string {
  const matchers = Object.entries(select).map(([attribute, value]) => (attribute === "service.name" && label(attribute) === "job"
    ? `job=~${JSON.stringify(`(.+/)?${value.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&")}`)}`
    : `${label(attribute)}=${JSON.stringify(value)}`));
  return matchers.length === 0 ? "" : `{${matchers.join(",")}}`;
}
