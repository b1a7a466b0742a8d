import { timingSafeEqual } from "node:crypto";
import type { Server as HttpServer } from "node:http";
import { createServer, type AddressInfo, type Server } from "node:net";
import type { Server as GrpcServer } from "@grpc/grpc-js";
import { failure, success, type Result } from "../../../model/result.ts";
import type { MetricStore } from "../metric-store.ts";
import { Admission, MAX_IN_FLIGHT_BYTES, MAX_IN_FLIGHT_REQUESTS } from "./admission.ts";
import { createHttpReceiver } from "./http-receiver.ts";
import { NO_OBSERVER, type IngestObserver } from "./ingest-observer.ts";
import { DEFAULT_INFLATE_LIMITS, Inflater } from "./inflate.ts";

export const DEFAULT_HTTP_PORT = 4318;
export const DEFAULT_GRPC_PORT = 4317;
const CLOSE_GRACE_MS = 1_000;

export interface OtlpReceiverOptions {
  readonly store: MetricStore;
  /** Epoch seconds. */
  readonly now: () => number;
  /** Loopback unless another is given; another needs a token, or `insecure`. */
  readonly host?: string;
  /** Of gRPC, where it is another. */
  readonly grpcHost?: string;
  /** 0 takes any free port; `false` starts no such receiver. */
  readonly httpPort?: number | false;
  readonly grpcPort?: number | false;
  /** How many of the following ports to try where one is occupied. */
  readonly nextPorts?: number;
  /** Senders must show it as `Authorization: Bearer …`. */
  readonly bearerToken?: string;
  /** Bind beyond loopback without a token. */
  readonly insecure?: boolean;
  /** Bytes of one request after inflating, and inflated over compressed bytes (HTTP). */
  readonly maxBytes?: number;
  readonly maxRatio?: number;
  readonly maxInFlightBytes?: number;
  readonly maxInFlightRequests?: number;
  readonly observer?: IngestObserver;
}

export interface OtlpReceivers {
  /** The ports that are listened on; undefined where that receiver was not wanted. */
  readonly httpPort: number | undefined;
  readonly grpcPort: number | undefined;
  /** Refuse what comes, finish what is in hand, and free the ports. */
  close(): Promise<void>;
}

/** Start the OTLP receivers over HTTP and gRPC. Failures: an occupied port (`transient`), an address that may not be bound (`permanent`). */
export async function startOtlpReceivers(options: OtlpReceiverOptions): Promise<Result<OtlpReceivers>> {
  const host = options.host ?? "127.0.0.1";
  const grpcHost = options.grpcHost ?? host;
  const open = [options.httpPort === false ? undefined : host, options.grpcPort === false ? undefined : grpcHost].find((one) => one !== undefined && !isLoopback(one));
  if (open !== undefined && options.bearerToken === undefined && options.insecure !== true) {
    return failure("permanent", `OTLP on ${open} would take metrics from anyone who reaches it: set a bearer token, or allow it explicitly`);
  }
  const admission = new Admission({ maxBytes: options.maxInFlightBytes ?? MAX_IN_FLIGHT_BYTES, maxRequests: options.maxInFlightRequests ?? MAX_IN_FLIGHT_REQUESTS });
  const maxBytes = options.maxBytes ?? DEFAULT_INFLATE_LIMITS.maxBytes;
  const parts = {
    store: options.store,
    admission,
    now: options.now,
    maxBytes,
    inflater: new Inflater({ maxBytes, maxRatio: options.maxRatio ?? DEFAULT_INFLATE_LIMITS.maxRatio }),
    authorized: tokenCheck(options.bearerToken),
    observer: options.observer ?? NO_OBSERVER,
  };
  const { httpPort: httpWanted = DEFAULT_HTTP_PORT, grpcPort: grpcWanted = DEFAULT_GRPC_PORT } = options;
  const tries = options.nextPorts ?? 0;
  const http = httpWanted === false ? undefined : createHttpReceiver(parts);
  const httpPort = http === undefined ? success(undefined) : await listenFrom(httpWanted || 0, tries, (port) => listen(http, host, port));
  if (!httpPort.ok) return httpPort;
  // The gRPC library is loaded only where it is wanted: a sidecar that takes HTTP alone spares its memory.
  const grpc = grpcWanted === false ? undefined : (await import("./grpc-receiver.ts")).createGrpcReceiver(parts);
  const grpcPort = grpc === undefined ? success(undefined) : await listenFrom(grpcWanted || 0, tries, (port) => listenGrpc(grpc, grpcHost, port));
  const close = async (): Promise<void> => {
    admission.close();
    await Promise.all([http === undefined ? undefined : closeHttp(http), grpc === undefined ? undefined : closeGrpc(grpc)]);
  };
  if (!grpcPort.ok) {
    await close();
    return grpcPort;
  }
  return success({ httpPort: httpPort.value, grpcPort: grpcPort.value, close });
}

type Listened = Result<number>;

/** Listen on `port` or, where it is occupied, on one of the next. */
async function listenFrom(port: number, tries: number, listen: (port: number) => Promise<Listened>): Promise<Listened> {
  let last = await listen(port);
  for (let next = port + 1; !last.ok && last.failure === "transient" && port !== 0 && next <= port + tries; next++) last = await listen(next);
  return last;
}

function listen(server: Server, host: string, port: number): Promise<Listened> {
  return new Promise((resolve) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      resolve(error.code === "EADDRINUSE" ? failure("transient", `port ${String(port)} is occupied`) : failure("permanent", `cannot listen on ${host}:${String(port)}: ${error.message}`));
    };
    server.once("error", failed);
    server.listen(port, host, () => {
      server.off("error", failed);
      resolve(success((server.address() as AddressInfo).port));
    });
  });
}

/** The port is tried by itself first: the gRPC library writes to standard error where it is occupied. */
async function listenGrpc(server: GrpcServer, host: string, port: number): Promise<Listened> {
  const probe = createServer();
  const free = await listen(probe, host, port);
  if (!free.ok) return free;
  await new Promise((resolve) => probe.close(resolve));
  const { ServerCredentials } = await import("@grpc/grpc-js");
  return new Promise((resolve) => {
    server.bindAsync(`${host.includes(":") ? `[${host}]` : host}:${String(port)}`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(success(bound));
      else resolve(error.message.includes("EADDRINUSE") ? failure("transient", `port ${String(port)} is occupied`) : failure("permanent", `cannot listen on ${host}:${String(port)}: ${error.message}`));
    });
  });
}

function closeHttp(server: HttpServer): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => {
      server.closeAllConnections();
    }, CLOSE_GRACE_MS);
    server.close(() => {
      clearTimeout(force);
      resolve();
    });
    server.closeIdleConnections();
  });
}

/** `tryShutdown` does not always call back where a client leaves at the same time: after the grace the server is ended by force. */
function closeGrpc(server: GrpcServer): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, CLOSE_GRACE_MS);
    server.tryShutdown(() => {
      clearTimeout(force);
      resolve();
    });
  });
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

function tokenCheck(token: string | undefined): (header: string | undefined) => boolean {
  if (token === undefined) return () => true;
  const wanted = Buffer.from(`Bearer ${token}`);
  return (header) => {
    const shown = Buffer.from(header ?? "");
    return shown.length === wanted.length && timingSafeEqual(shown, wanted);
  };
}
