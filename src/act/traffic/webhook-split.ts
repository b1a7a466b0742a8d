import { z } from "zod";
import { failure, success, type Result } from "../../model/result.ts";
import { applied, refused, type WriteAnswer, type WriteFailure } from "../actuator.ts";
import { failureOfStatus, type HttpAnswer } from "../http-exchange.ts";
import { readSecret, signedRequests, type SignedRequest } from "../signed-request.ts";
import type { SplitOrder, SplitReading, SwitchContext, SwitchDefinition, TrafficSwitch } from "./traffic-switch.ts";

const LOOPBACK = new Set(["127.0.0.1", "[::1]", "localhost"]);

const config = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).refine((url) => !URL.canParse(url) || url.startsWith("https:") || LOOPBACK.has(new URL(url).hostname), "must be https, except on loopback")
    .describe("Address of the split: GET tells the shares, PUT sets them."),
  secretVariable: z.string().min(1).optional().describe("Environment variable that holds the shared secret."),
  secretFile: z.string().min(1).optional().describe("File that holds the shared secret."),
  timeoutSeconds: z.number().positive().max(60).default(10).describe("How long one request may take."),
  attempts: z.int().min(1).max(5).default(3).describe("How often one order is sent where no answer comes, always under one Idempotency-Key."),
}).refine(({ secretVariable, secretFile }) => (secretVariable === undefined) !== (secretFile === undefined), "name either secretVariable or secretFile");

type Config = z.infer<typeof config>;

const splitSchema = z.object({ shares: z.record(z.string(), z.number().min(0).max(1)), ttlSeconds: z.number().nonnegative().default(60) });

/**
 * Any router that can answer two signed requests (a load balancer's controller, a service mesh, a CDN). PUT carries an
 * Idempotency-Key that the receiver must carry out once, so that it may be repeated, and If-Match with GET's ETag.
 */
export const webhookSplit: SwitchDefinition<Config> = {
  type: "webhook",
  config,
  create(settings, context) {
    const secret = readSecret(settings);
    if (!secret.ok) return Promise.resolve(secret);
    const request = signedRequests({ url: new URL(settings.url), secret: secret.value, timeoutSeconds: settings.timeoutSeconds, now: context.now });
    return Promise.resolve(success(switchFor(settings, request, context)));
  },
};

const PAUSE_MILLISECONDS = 250;

function switchFor({ url, attempts }: Config, request: SignedRequest, { split, regions }: SwitchContext): TrafficSwitch {
  const read = async (): Promise<Result<SplitReading>> => {
    const answer = await request("GET", "", {});
    if (!answer.ok) return answer;
    if (answer.status !== 200) return failureOfStatus(answer.status, `GET ${url} answered ${answer.status}`, "conflict");
    const parsed = splitSchema.safeParse(parseJson(answer.body));
    if (!parsed.success) return failure("permanent", `GET ${url} did not answer a split: ${z.prettifyError(parsed.error)}`);
    const { shares, ttlSeconds } = parsed.data;
    const unknown = regions.find((region) => shares[region] === undefined);
    if (unknown !== undefined) return failure("missing", `GET ${url} tells no share of ${unknown}`);
    return success({ shares, ttlSeconds, version: answer.etag ?? JSON.stringify(shares) });
  };
  const send = async (order: SplitOrder, attemptsLeft: number): Promise<HttpAnswer | WriteFailure> => {
    const answer = await request("PUT", JSON.stringify({ split, shares: order.shares, reason: order.reason, idempotencyKey: order.idempotencyKey }), {
      "content-type": "application/json", "idempotency-key": order.idempotencyKey, "if-match": order.version,
    });
    const mayRepeat = answer.ok ? answer.status === 429 || answer.status >= 500 : answer.failure === "transient";
    if (!mayRepeat || attemptsLeft <= 1) return answer;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS));
    return await send(order, attemptsLeft - 1);
  };
  return {
    type: "webhook",
    read,
    async write(order): Promise<WriteAnswer> {
      const sum = Object.values(order.shares).reduce((total, share) => total + share, 0);
      if (Math.abs(sum - 1) > 1e-6) return refused("permanent", "validation", `the shares sum to ${sum}, not 1`);
      const answer = await send(order, attempts);
      if (!answer.ok) return answer;
      if (answer.status === 200 || answer.status === 202 || answer.status === 204) return applied(`PUT ${url}: ${JSON.stringify(order.shares)}`);
      return failureOfStatus(answer.status, `PUT ${url} answered ${answer.status}: ${answer.body.slice(0, 200)}`, "foreign-write");
    },
    close: () => Promise.resolve(),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
