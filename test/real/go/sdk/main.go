// The unmodified OpenTelemetry SDK for Go, exporting every kind of instrument.
// Usage: sdk <grpc|http> <port> <none|gzip> <cumulative|delta>; prints the seconds that its recording took.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
)

func exporter(ctx context.Context, transport, port, compression string, temporality sdk.TemporalitySelector) (sdk.Exporter, error) {
	endpoint := "127.0.0.1:" + port
	if transport == "grpc" {
		options := []otlpmetricgrpc.Option{otlpmetricgrpc.WithEndpoint(endpoint), otlpmetricgrpc.WithInsecure(), otlpmetricgrpc.WithTemporalitySelector(temporality)}
		if compression == "gzip" {
			options = append(options, otlpmetricgrpc.WithCompressor("gzip"))
		}
		return otlpmetricgrpc.New(ctx, options...)
	}
	options := []otlpmetrichttp.Option{otlpmetrichttp.WithEndpoint(endpoint), otlpmetrichttp.WithInsecure(), otlpmetrichttp.WithTemporalitySelector(temporality)}
	if compression == "gzip" {
		options = append(options, otlpmetrichttp.WithCompression(otlpmetrichttp.GzipCompression))
	}
	return otlpmetrichttp.New(ctx, options...)
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	ctx := context.Background()
	temporality := sdk.DefaultTemporalitySelector
	if os.Args[4] == "delta" {
		temporality = func(kind sdk.InstrumentKind) metricdata.Temporality {
			if kind == sdk.InstrumentKindUpDownCounter || kind == sdk.InstrumentKindObservableUpDownCounter {
				return metricdata.CumulativeTemporality
			}
			return metricdata.DeltaTemporality
		}
	}
	exp, err := exporter(ctx, os.Args[1], os.Args[2], os.Args[3], temporality)
	must(err)
	res := resource.NewSchemaless(attribute.String("service.name", "shop"), attribute.String("service.instance.id", "shop-1"))
	exponential := sdk.NewView(sdk.Instrument{Name: "latency.exponential"}, sdk.Stream{Aggregation: sdk.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 20}})
	buckets := sdk.NewView(sdk.Instrument{Name: "http.server.request.duration"}, sdk.Stream{Aggregation: sdk.AggregationExplicitBucketHistogram{Boundaries: []float64{0.1, 0.25, 0.5, 1}}})
	provider := sdk.NewMeterProvider(sdk.WithResource(res), sdk.WithView(exponential, buckets), sdk.WithReader(sdk.NewPeriodicReader(exp, sdk.WithInterval(time.Hour))))
	meter := provider.Meter("test")
	orders, err := meter.Int64Counter("orders", metric.WithUnit("{order}"))
	must(err)
	active, err := meter.Int64UpDownCounter("http.server.active_requests", metric.WithUnit("{request}"))
	must(err)
	temperature, err := meter.Float64Gauge("temperature", metric.WithUnit("Cel"))
	must(err)
	latency, err := meter.Float64Histogram("http.server.request.duration", metric.WithUnit("s"))
	must(err)
	fine, err := meter.Float64Histogram("latency.exponential", metric.WithUnit("s"))
	must(err)
	_, err = meter.Float64ObservableGauge("process.cpu.utilization", metric.WithUnit("1"), metric.WithFloat64Callback(func(_ context.Context, o metric.Float64Observer) error {
		o.Observe(0.25)
		return nil
	}))
	must(err)
	cart := metric.WithAttributes(attribute.String("http.route", "/cart"))
	began := time.Now()
	for round := 0; round < 4; round++ {
		orders.Add(ctx, 3, cart)
		active.Add(ctx, 2, cart)
		temperature.Record(ctx, float64(20+round))
		for _, seconds := range []float64{0.05, 0.05, 0.2, 0.4} {
			latency.Record(ctx, seconds, cart)
			fine.Record(ctx, seconds, cart)
		}
		must(provider.ForceFlush(ctx))
		time.Sleep(50 * time.Millisecond)
	}
	fmt.Println(time.Since(began).Seconds())
	must(provider.Shutdown(ctx))
}
