import { z } from "zod";

/** What every actuator on AWS is told. Credentials come from the SDK's own chain (environment, profile, role), never from a policy. */
export const awsConnectionFields = {
  region: z.string().min(1).optional().describe("Region; else the SDK's own default (AWS_REGION, profile)."),
  endpoint: z.url().optional().describe("Another address of the service, for a private endpoint or a test server."),
  requestTimeoutSeconds: z.number().positive().max(60).default(10).describe("How long one request may take."),
};

export interface AwsConnection {
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly requestTimeoutSeconds: number;
}

/** Reads may be repeated by the SDK; a write never, since its repeat could overtake a newer value. */
export type CallKind = "read" | "write";

export interface ClientOptions {
  readonly region?: string;
  readonly endpoint?: string;
  readonly maxAttempts: number;
  readonly requestHandler: { readonly connectionTimeout: number };
}

export function clientOptions(connection: AwsConnection, kind: CallKind): ClientOptions {
  return {
    ...(connection.region === undefined ? {} : { region: connection.region }),
    ...(connection.endpoint === undefined ? {} : { endpoint: connection.endpoint }),
    maxAttempts: kind === "write" ? 1 : 3,
    requestHandler: { connectionTimeout: 3_000 },
  };
}

/** Ends one request after the configured time. */
export function requestOptions(connection: AwsConnection): { readonly abortSignal: AbortSignal } {
  return { abortSignal: AbortSignal.timeout(connection.requestTimeoutSeconds * 1_000) };
}
