import type { Attributes, Meter } from "@opentelemetry/api";
import { PrometheusExporter, PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import type { DaemonView } from "../status/daemon-view.ts";
import type { Log } from "./log.ts";
import { LabelCap } from "./label-cap.ts";
import { GUARD_PREFIX, type Telemetry } from "./telemetry.ts";
import { registerQualityGauges } from "./quality-gauges.ts";
import { registerViewGauges } from "./view-gauges.ts";

/** Targets with series of their own; the counters of later ones share `target="other"`. */
const MAX_TARGETS = 200;
const MAX_CODES = 100;
/** Backstop of the SDK per metric, above what the caps allow. */
const MAX_SERIES = 20_000;
const SECONDS_BUCKETS = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface TelemetryOptions {
  readonly version: string;
  readonly log: Log;
  readonly now: () => number;
  /** Push the metrics there too, over OTLP/HTTP: the base address, to which `/v1/metrics` is added. */
  readonly otlpEndpoint?: string | undefined;
}

/**
 * Starts the daemon's own metrics with Prometheus' text as the one way out; whoever serves /metrics asks for `metricsText`. With an
 * `otlpEndpoint` they are pushed too, by OpenTelemetry's whole SDK for Node: it is loaded only then, since it takes 15 MB.
 */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const serializer = new PrometheusSerializer(undefined, false, undefined, false, true);
  const parts = {
    resource: resourceFromAttributes({ "service.name": "foretide", "service.version": options.version }),
    readers: [exporter],
    views: [{ instrumentName: "foretide_*", aggregationCardinalityLimit: MAX_SERIES }],
  };
  const { otlpEndpoint } = options;
  const provider = otlpEndpoint === undefined ? new MeterProvider(parts) : (await import("./otlp-push.ts")).startPushing(parts, otlpEndpoint);
  const meter = provider.getMeter("foretide", options.version);
  const targets = new LabelCap(MAX_TARGETS);
  let view: DaemonView | undefined;
  registerViewGauges(meter, targets, () => view);
  registerQualityGauges(meter, targets, () => view);
  registerProcessGauges(meter);
  return {
    ...createInstruments(meter, targets, options.now),
    observe: (given) => { view = given; },
    async metricsText() {
      const { resourceMetrics, errors } = await exporter.collect();
      for (const error of errors) options.log.warn({ err: error }, "a metric could not be read");
      return serializer.serialize(resourceMetrics);
    },
    close: () => provider.shutdown(),
  };
}

function createInstruments(meter: Meter, targets: LabelCap, now: () => number): Omit<Telemetry, "observe" | "metricsText" | "close"> {
  const counter = (name: string, description: string) => meter.createCounter(name, { description });
  const seconds = (name: string, description: string) => meter.createHistogram(name, { description, unit: "s", advice: { explicitBucketBoundaries: SECONDS_BUCKETS } });
  const codes = new LabelCap(MAX_CODES);
  const decisionLatency = seconds("foretide_decision_latency_seconds", "From the arrival of the newest input to the decision");
  const stepDuration = seconds("foretide_step_duration_seconds", "One pass of a group through the step");
  const journalSync = seconds("foretide_journal_sync_duration_seconds", "One group commit of the journal");
  const decisions = counter("foretide_decisions_total", "Decisions, by kind");
  const heartbeat = meter.createGauge("foretide_last_decision_timestamp_seconds", { description: "When the newest decision was made, epoch seconds", unit: "s" });
  const actions = counter("foretide_actions_total", "Effects that the gate let through, by direction and outcome");
  const refusals = counter("foretide_gate_refusals_total", "Effects that the gate held back, by the check that refused");
  const guard = counter("foretide_guard_interventions_total", "Counts that the guard changed, by rule");
  const matured = counter("foretide_forecast_matured_total", "Forecasts whose time has come");
  const absoluteErrors = counter("foretide_forecast_absolute_error_sum_total", "Sum of |value - median|, in the demand's unit; over matured it is the mean");
  const covered = counter("foretide_forecast_covered_total", "Matured forecasts whose value lay at or under the level's path");
  const absent = counter("foretide_inputs_absent_total", "Signals that were not there at a tick, by cause");
  const received = counter("foretide_otlp_points_received_total", "Data points taken in");
  const rejected = counter("foretide_otlp_points_rejected_total", "Data points refused, by reason");
  const sourceRefreshes = counter("foretide_source_refreshes_total", "Questions to metric sources, by result");
  const sourceDuration = seconds("foretide_source_refresh_duration_seconds", "One question to a metric source");
  const sourceHeard = meter.createGauge("foretide_source_last_success_timestamp_seconds", { description: "When a metric source last answered, epoch seconds", unit: "s" });
  const reloads = counter("foretide_policy_reloads_total", "Reloads of the policies, by result");
  return {
    decided(decision, latencySeconds) {
      const target = targets.of(decision.target);
      decisionLatency.record(latencySeconds);
      decisions.add(1, { target, kind: decision.kind });
      heartbeat.record(now());
      for (const { code, before, after } of decision.reasons) {
        if (code.startsWith(GUARD_PREFIX) && before !== after) guard.add(1, { target, code: codes.of(code) });
      }
    },
    stepped: (durationSeconds) => { stepDuration.record(durationSeconds); },
    journalSynced: (durationSeconds) => { journalSync.record(durationSeconds); },
    actedOn(intent, outcome) {
      const labels: Attributes = { target: targets.of(intent.target), direction: intent.direction };
      if (outcome.kind === "rejected") refusals.add(1, { ...labels, code: codes.of(outcome.code) });
      else actions.add(1, { ...labels, outcome: outcome.kind });
    },
    forecastMatured(target, absoluteError, coveredLevels) {
      const labels = { target: targets.of(target) };
      matured.add(1, labels);
      if (Number.isFinite(absoluteError)) absoluteErrors.add(absoluteError, labels);
      for (const [level, isCovered] of Object.entries(coveredLevels)) covered.add(isCovered ? 1 : 0, { ...labels, level: codes.of(level) });
    },
    inputAbsent: (target, signal, cause) => { absent.add(1, { target: targets.of(target), signal, cause: codes.of(cause) }); },
    otlpAccepted: (transport, points) => { received.add(points, { transport }); },
    otlpRejected: (transport, reason, points) => { rejected.add(points, { transport, reason: codes.of(reason) }); },
    sourceRefreshed(source, ok, durationSeconds) {
      const labels = { source: codes.of(source) };
      sourceRefreshes.add(1, { ...labels, result: ok ? "ok" : "failed" });
      sourceDuration.record(durationSeconds, labels);
      if (ok) sourceHeard.record(now(), labels);
    },
    reloaded: (ok) => { reloads.add(1, { result: ok ? "taken" : "refused" }); },
  };
}

function registerProcessGauges(meter: Meter): void {
  meter.createObservableGauge("foretide_process_resident_memory_bytes", { description: "Resident memory", unit: "By" }).addCallback((result) => { result.observe(process.memoryUsage.rss()); });
  meter.createObservableCounter("foretide_process_cpu_seconds_total", { description: "User and system time", unit: "s" }).addCallback((result) => {
    const { user, system } = process.cpuUsage();
    result.observe((user + system) / 1e6);
  });
}
