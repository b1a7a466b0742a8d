/**
 * The demo's service, a process of its own: serves simulated visitors with the replicas that its cloud says are ready, and
 * reports itself with the unmodified OpenTelemetry SDK over OTLP. It knows the daemon only as an OTLP endpoint and as the
 * address where the simulated cloud tells how many replicas are ready.
 */
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";

import { DemoShop } from "./demo-shop.ts";
import type { DemoWorld } from "./load-generator.ts";

/** What the parent process hands over, as JSON in the only argument. */
export interface ShopOptions {
  readonly otlpUrl: string;
  readonly world: DemoWorld;
  readonly exportIntervalMs: number;
  readonly initialReplicas: number;
}

/** Sent by the parent: how many replicas of the shop are ready. */
export interface ReplicasMessage {
  readonly readyReplicas: number;
}

const SPAN_SECONDS = 0.25;
const LATENCY_BOUNDS_SECONDS = [0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.35, 0.5, 0.75, 1, 2.5, 5, 10];

function main(options: ShopOptions): void {
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({ url: options.otlpUrl }),
    exportIntervalMillis: options.exportIntervalMs,
    exportTimeoutMillis: Math.min(2000, options.exportIntervalMs),
  });
  const provider = new MeterProvider({ resource: resourceFromAttributes({ "service.name": "shop", "service.instance.id": "shop-1" }), readers: [reader] });
  const meter = provider.getMeter("foretide-demo");
  const duration = meter.createHistogram("http.server.request.duration", { unit: "s", description: "Duration of HTTP server requests.", advice: { explicitBucketBoundaries: LATENCY_BOUNDS_SECONDS } });
  const failed = meter.createCounter("shop.requests.abandoned", { unit: "{request}", description: "Requests given up by their visitors." });
  const utilizationGauge = meter.createGauge("shop.worker.utilization", { unit: "1", description: "Busy share of the workers." });

  const shop = new DemoShop(options.world);
  let readyReplicas = options.initialReplicas;
  process.on("message", (message: ReplicasMessage) => {
    readyReplicas = message.readyReplicas;
  });

  let servedTo = Date.now() / 1000;
  let busy = 0;
  const serve = (): void => {
    const now = Date.now() / 1000;
    for (; servedTo + SPAN_SECONDS <= now; servedTo += SPAN_SECONDS) {
      const span = shop.serve(servedTo, SPAN_SECONDS, readyReplicas);
      for (let request = span.dropped; request < span.arrived; request += 1) duration.record(span.sampleLatency(), { "http.request.method": "GET", "http.route": "/cart" });
      if (span.dropped > 0) failed.add(span.dropped);
      busy += (span.utilization - busy) * 0.1;
      utilizationGauge.record(busy);
    }
  };
  const timer = setInterval(serve, SPAN_SECONDS * 1000);
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    clearInterval(timer);
    process.exit(0);
  };
  process.on("disconnect", stop);
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

main(JSON.parse(process.argv[2] ?? "{}") as ShopOptions);
