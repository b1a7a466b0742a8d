import { describe, expect, it } from "vitest";
import type { SignalSpec } from "../../src/model/policy.ts";
import { compileSignals } from "../../src/policy/compile-signals.ts";
import type { SpecInput } from "../../src/policy/policy-schema.ts";
import { builtInPresets } from "../../src/policy/preset.ts";
import { bench, type Bench } from "../fixtures/otlp/send.ts";
import { counter, gauge, histogram, histogramPoint, NOW, point } from "../fixtures/otlp/points.ts";

const START = NOW - 5000;
const LATENCY_SECONDS = 0.25;
/** How each metric of a preset is reported by those who report it; what is not named here is a histogram of durations. */
const KINDS: Readonly<Record<string, "gauge" | "counter" | "up-down counter">> = {
  "http.server.active_requests": "up-down counter",
  "process.cpu.time": "counter",
  "container.cpu.time": "counter",
  "k8s.pod.cpu.time": "counter",
  "process.cpu.utilization": "gauge",
  "container.cpu.utilization": "gauge",
  "k8s.pod.cpu_limit_utilization": "gauge",
  "container.memory.working_set": "gauge",
  "k8s.pod.memory.working_set": "gauge",
  "process.memory.usage": "up-down counter",
  "kafka.consumer_group.lag": "gauge",
  "rabbitmq.message.current": "up-down counter",
  "vllm:num_requests_waiting": "gauge",
  "messaging.client.consumed.messages": "counter",
  "messaging.receive.messages": "counter",
};

const presets = builtInPresets();
const rows = [...presets.values()].flatMap((preset) =>
  Object.entries(preset.signals).flatMap(([name, signal]) => (signal === undefined ? [] : signal.metrics.map((metric) => ({ preset: preset.name, attribute: preset.serviceAttribute, signal: name as "demand", metric: metric.name, unit: metric.unit ?? "" })))),
);

/** The signals of a policy that says no more than the preset's name and the service. */
function compiled(preset: string, signal: "demand"): SignalSpec {
  const spec = { demand: { preset, service: "shop", select: {}, source: "otlp", window: 60, staleAfter: 60 }, objective: { latency: LATENCY_SECONDS } } as unknown as Partial<SpecInput>;
  const { value, faults } = compileSignals({ ...spec, scaling: { by: "per-replica", target: 1 } }, { presets, metricSources: undefined });
  const found = value?.signals[signal];
  if (found === undefined) throw new Error(JSON.stringify(faults));
  return found;
}

/** Three points of a service with four events a second, a quarter of them over the objective, at a level of 0.5. */
function report(on: Bench, given: { readonly metric: string; readonly unit: string; readonly attribute: string; readonly service: string }): void {
  const { metric, unit, attribute, service } = given;
  for (const time of [NOW - 60, NOW - 30, NOW]) {
    const seconds = time - START;
    const bound = unit === "ms" ? LATENCY_SECONDS * 1000 : LATENCY_SECONDS;
    const points: Readonly<Record<string, Record<string, unknown>>> = {
      gauge: gauge(metric, [point({ time, value: 0.5 })], unit),
      counter: counter(metric, [point({ start: START, time, value: 4 * seconds })], { unit }),
      "up-down counter": counter(metric, [point({ start: START, time, value: 0.5 })], { unit, monotonic: false }),
      histogram: histogram(metric, [histogramPoint({ start: START, time, counts: [3 * seconds, seconds], bounds: [bound] })], { unit }),
    };
    on.send([points[KINDS[metric] ?? "histogram"] ?? {}], { now: time, resource: { [attribute]: service } });
  }
}

const EXPECTED: Readonly<Record<SignalSpec["extract"], number>> = { rate: 4, gauge: 0.5, "share-above": 0.25, mean: Number.NaN, quantile: Number.NaN };

describe("the presets", () => {
  it("are the eight that are promised", () => {
    expect([...presets.keys()].sort()).toEqual(["consumer-rate", "cpu", "gen-ai", "http-concurrency", "http-rate", "memory", "queue-depth", "rpc"]);
  });

  it.each(rows)("$preset reads its $signal from $metric in $unit, of the service alone", ({ preset, attribute, signal, metric, unit }) => {
    const spec = compiled(preset, signal);
    const on = bench();
    on.reader.retain([spec]);
    report(on, { metric, unit, attribute, service: "shop" });
    report(on, { metric, unit, attribute, service: "another" });
    const read = on.reader.read(spec, NOW);
    expect(read.kind === "value" ? read.value : read.detail).toBeCloseTo(EXPECTED[spec.extract], 9);
  });

  it.each(rows.filter((row) => row.unit !== ""))("$preset refuses a $signal from $metric in another unit than $unit", ({ preset, attribute, signal, metric }) => {
    const spec = compiled(preset, signal);
    const on = bench();
    on.reader.retain([spec]);
    report(on, { metric, unit: "furlong", attribute, service: "shop" });
    expect(on.reader.read(spec, NOW)).toMatchObject({ kind: "absent", cause: "invalid", detail: expect.stringContaining(`${metric} is reported in "furlong", but the policy reads it in `) as string });
  });
});
