import { metrics, type MeterProvider } from "@opentelemetry/api";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import type { Resource } from "@opentelemetry/resources";
import { PeriodicExportingMetricReader, type IMetricReader } from "@opentelemetry/sdk-metrics";
import { NodeSDK, type NodeSDKConfiguration } from "@opentelemetry/sdk-node";

export interface PushedMetrics {
  readonly resource: Resource;
  readonly readers: readonly IMetricReader[];
  readonly views: NonNullable<NodeSDKConfiguration["views"]>;
}

/**
 * Starts OpenTelemetry's SDK for Node with the given readers and one that pushes to `endpoint` + `/v1/metrics`. Its interval is
 * the SDK's (`OTEL_METRIC_EXPORT_INTERVAL`, 60 s); an endpoint that is away loses points, never time.
 */
export function startPushing({ resource, readers, views }: PushedMetrics, endpoint: string): MeterProvider & { shutdown(): Promise<void> } {
  const exporter = new OTLPMetricExporter({ url: `${endpoint.replace(/\/+$/, "")}/v1/metrics` });
  const sdk = new NodeSDK({
    resource,
    autoDetectResources: false,
    textMapPropagator: null,
    spanProcessors: [],
    logRecordProcessors: [],
    metricReaders: [...readers, new PeriodicExportingMetricReader({ exporter, ...exportInterval() })],
    views,
  });
  sdk.start();
  const provider = metrics.getMeterProvider();
  return {
    getMeter: (...meter) => provider.getMeter(...meter),
    async shutdown() {
      await sdk.shutdown();
      metrics.disable();
    },
  };
}

function exportInterval(): { readonly exportIntervalMillis?: number; readonly exportTimeoutMillis?: number } {
  const millis = Number(process.env["OTEL_METRIC_EXPORT_INTERVAL"]);
  return millis > 0 ? { exportIntervalMillis: millis, exportTimeoutMillis: Math.min(millis, 30_000) } : {};
}
