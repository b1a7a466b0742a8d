import { readFile } from "node:fs/promises";
import { z } from "zod";
import { refused, type WriteFailure } from "../actuator.ts";
import { exchange, failureOfStatus } from "../http-exchange.ts";

const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

export const kubernetesConnectionFields = {
  server: z.url({ protocol: /^https?$/ }).optional().describe("Address of the API server; else the cluster that the daemon runs in."),
  tokenFile: z.string().min(1).default(`${SERVICE_ACCOUNT}/token`).describe("File with the bearer token; read for each request, since it is rotated."),
  caFile: z.string().min(1).optional().describe("File with the cluster's certificate authority; else the service account's, else the system's."),
  timeoutSeconds: z.number().positive().max(60).default(10).describe("How long one request may take."),
};

export interface KubernetesConnection {
  readonly server?: string | undefined;
  readonly tokenFile: string;
  readonly caFile?: string | undefined;
  readonly timeoutSeconds: number;
}

export type KubernetesAnswer = { readonly ok: true; readonly value: unknown } | WriteFailure;

export interface KubernetesApi {
  get(path: string): Promise<KubernetesAnswer>;
  put(path: string, body: unknown): Promise<KubernetesAnswer>;
  /** A JSON merge patch. */
  patch(path: string, body: unknown): Promise<KubernetesAnswer>;
  post(path: string, body: unknown): Promise<KubernetesAnswer>;
}

/** Speaks to an API server over HTTPS with a bearer token; 409 is the failure `conflict`, and certainly had no effect. */
export function createKubernetesApi(connection: KubernetesConnection): KubernetesApi {
  const send = async (method: "GET" | "PUT" | "PATCH" | "POST", path: string, body?: unknown): Promise<KubernetesAnswer> => {
    const base = connection.server ?? inCluster();
    if (base === undefined) return refused("permanent", "no-server", "no server is configured, and this process runs in no cluster");
    const token = await readText(connection.tokenFile);
    if (token === undefined) return refused("permanent", "access-denied", `cannot read the token ${connection.tokenFile}`);
    const ca = await readText(connection.caFile ?? `${SERVICE_ACCOUNT}/ca.crt`);
    if (ca === undefined && connection.caFile !== undefined) return refused("permanent", "no-authority", `cannot read ${connection.caFile}`);
    const answer = await exchange({
      url: new URL(path, base), method, timeoutSeconds: connection.timeoutSeconds,
      headers: { authorization: `Bearer ${token.trim()}`, accept: "application/json", ...(body === undefined ? {} : { "content-type": method === "PATCH" ? "application/merge-patch+json" : "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(ca === undefined ? {} : { ca }),
    });
    if (!answer.ok) return answer;
    const value = parseJson(answer.body);
    if (answer.status === 200 || answer.status === 201) return { ok: true, value };
    return failureOfStatus(answer.status, `${method} ${path}: ${messageOf(value) ?? `status ${answer.status}`}`, "conflict");
  };
  return {
    get: (path) => send("GET", path),
    put: (path, body) => send("PUT", path, body),
    patch: (path, body) => send("PATCH", path, body),
    post: (path, body) => send("POST", path, body),
  };
}

function inCluster(): string | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
  if (host === undefined || port === undefined) return undefined;
  return `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The message of a Status object. */
function messageOf(value: unknown): string | undefined {
  const message = typeof value === "object" && value !== null && "message" in value ? value.message : undefined;
  return typeof message === "string" ? message : undefined;
}
