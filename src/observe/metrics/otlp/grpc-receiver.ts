import { Metadata, Server, ServerInterceptingCall, status, type sendUnaryData, type ServerInterceptor, type ServerUnaryCall, type ServiceDefinition } from "@grpc/grpc-js";
import type { MetricStore } from "../metric-store.ts";
import type { RequestRejection } from "../series/point-kinds.ts";
import type { Admission } from "./admission.ts";
import type { IngestObserver } from "./ingest-observer.ts";
import { exportResponse, retryStatus } from "./responses.ts";

export const EXPORT_METHOD = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
const RETRY_SECONDS = 1;
const MAX_STREAMS_PER_CONNECTION = 64;

export interface GrpcReceiverParts {
  readonly store: MetricStore;
  readonly admission: Admission;
  /** Epoch seconds. */
  readonly now: () => number;
  readonly maxBytes: number;
  readonly authorized: (header: string | undefined) => boolean;
  readonly observer: IngestObserver;
}

/** `MetricsService` whose messages stay bytes: the decoder reads them itself. */
const SERVICE: ServiceDefinition = {
  Export: {
    path: EXPORT_METHOD,
    requestStream: false,
    responseStream: false,
    requestSerialize: (bytes: Buffer) => bytes,
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: (bytes: Buffer) => bytes,
    responseDeserialize: (bytes: Buffer) => bytes,
  },
};

/** OTLP/gRPC, plain or gzip (opentelemetry-proto docs/specification.md, "OTLP/gRPC"). Limits on the message hold before and after inflating. */
export function createGrpcReceiver(parts: GrpcReceiverParts): Server {
  const server = new Server({
    "grpc.max_receive_message_length": parts.maxBytes,
    "grpc.max_concurrent_streams": MAX_STREAMS_PER_CONNECTION,
    interceptors: [countTransportFailures(parts.store)],
  });
  server.addService(SERVICE, {
    Export: (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => {
      take(parts, call, callback);
    },
  });
  return server;
}

function take(parts: GrpcReceiverParts, call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): void {
  const { store, admission } = parts;
  const bytes = call.request;
  if (!parts.authorized(call.metadata.get("authorization")[0]?.toString())) {
    callback({ code: status.UNAUTHENTICATED, details: "a bearer token is needed" });
    return;
  }
  if (!admission.begin(bytes.length)) {
    store.counters.requestsRejected.overloaded++;
    const message = admission.closed ? "the receiver is closing" : "too much is in flight";
    const metadata = new Metadata();
    metadata.set("grpc-status-details-bin", retryStatus(status.UNAVAILABLE, message, RETRY_SECONDS));
    callback({ code: status.UNAVAILABLE, details: message, metadata });
    return;
  }
  store.counters.bytesReceived += bytes.length;
  store.counters.bytesInflated += bytes.length;
  const done = store.ingestProtobuf(bytes, parts.now());
  admission.end(bytes.length);
  if (!done.ok) callback({ code: status.INVALID_ARGUMENT, details: done.message });
  else {
    parts.observer.taken("grpc", done.value);
    callback(null, exportResponse(done.value, "protobuf"));
  }
}

/** Messages that the transport refuses (too large, broken gzip, another compression) never reach the handler: counted where their status is sent. */
function countTransportFailures(store: MetricStore): ServerInterceptor {
  return (_method, call) => {
    store.counters.requests.grpc++;
    let delivered = false;
    const sendStatus = call.sendStatus.bind(call);
    call.sendStatus = (sent) => {
      const reason = delivered ? undefined : transportRejection(sent.code);
      if (reason !== undefined) store.counters.requestsRejected[reason]++;
      sendStatus(sent);
    };
    return new ServerInterceptingCall(call, {
      start: (next) => {
        next({
          onReceiveMessage: (message, pass) => {
            delivered = true;
            pass(message);
          },
        });
      },
    });
  };
}

function transportRejection(code: status | null | undefined): RequestRejection | undefined {
  if (code === status.RESOURCE_EXHAUSTED) return "too-large";
  if (code === status.INTERNAL) return "bad-gzip";
  return code === status.UNIMPLEMENTED ? "unsupported-encoding" : undefined;
}
