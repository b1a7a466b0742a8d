import { z } from "zod";
import { success } from "../../../model/result.ts";
import { MetricStore } from "../metric-store.ts";
import { DEFAULT_GRPC_PORT, DEFAULT_HTTP_PORT, startOtlpReceivers } from "../otlp/receivers.ts";
import { SignalReader } from "../signals/signal-reader.ts";
import type { MetricSource, MetricSourceDefinition } from "./metric-source.ts";

const port = z.union([z.literal(false), z.int().min(0).max(65535)]);
const config = z.strictObject({
  host: z.string().prefault("127.0.0.1").describe("The address to listen on."),
  httpPort: port.prefault(DEFAULT_HTTP_PORT).describe("The port of OTLP over HTTP; 0 takes a free one, false listens on none."),
  grpcPort: port.prefault(DEFAULT_GRPC_PORT).describe("The port of OTLP over gRPC."),
  bearerToken: z.string().optional().describe("The token that senders must show."),
});
type Config = z.output<typeof config>;

/** An OTLP source also says where it listens. */
export interface OtlpSource extends MetricSource {
  readonly httpPort: number | undefined;
  readonly grpcPort: number | undefined;
}

/** Metrics that services push by OTLP. */
export const otlp: MetricSourceDefinition<Config> = {
  type: "otlp",
  config,
  async create({ bearerToken, ...listen }, context) {
    const store = new MetricStore();
    const reader = new SignalReader(store.table);
    const started = await startOtlpReceivers({ store, now: () => context.now(), ...listen, ...(bearerToken !== undefined && { bearerToken }) });
    if (!started.ok) return started;
    const source: OtlpSource = {
      type: "otlp",
      refreshEverySeconds: 0,
      httpPort: started.value.httpPort,
      grpcPort: started.value.grpcPort,
      retain: (specs) => { reader.retain(specs); },
      refresh: () => Promise.resolve(success(undefined)),
      read: (spec, nowSeconds) => reader.read(spec, nowSeconds),
      takeSteps: (spec, stepSeconds, nowSeconds) => reader.takeSteps(spec, stepSeconds, nowSeconds),
      close: () => started.value.close(),
    };
    return success(source);
  },
};
