import { z } from "zod";
import type { Intent } from "../../model/intent.ts";
import { success, type Result } from "../../model/result.ts";
import { alreadyThere, applied, refused, type Actuator, type ActuatorContext, type ActuatorDefinition, type WriteFailure } from "../actuator.ts";
import { failureOfStatus, type HttpAnswer } from "../http-exchange.ts";
import { readSecret, signedRequests } from "../signed-request.ts";

const LOOPBACK = new Set(["127.0.0.1", "[::1]", "localhost"]);

const config = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).refine((url) => !URL.canParse(url) || url.startsWith("https:") || LOOPBACK.has(new URL(url).hostname), "must be https, except on loopback")
    .describe("Address of one target's size: GET tells it, PUT sets it."),
  secretVariable: z.string().min(1).optional().describe("Environment variable that holds the shared secret."),
  secretFile: z.string().min(1).optional().describe("File that holds the shared secret."),
  timeoutSeconds: z.number().positive().max(60).default(10).describe("How long one request may take."),
}).refine(({ secretVariable, secretFile }) => (secretVariable === undefined) !== (secretFile === undefined), "name either secretVariable or secretFile");

type Config = z.infer<typeof config>;

/** What GET answers. With `min` and `max` the limits are checked here, before anything is sent. */
const sizeSchema = z.object({
  desiredReplicas: z.int().nonnegative(),
  readyReplicas: z.int().nonnegative(),
  pendingReplicas: z.int().nonnegative().default(0),
  min: z.int().nonnegative().optional(),
  max: z.int().nonnegative().optional(),
});

/**
 * Any system that can answer two HTTP requests. Each is signed (Foretide-Timestamp, Foretide-Signature: see
 * webhook-signature.ts); PUT carries the intent, an Idempotency-Key that the receiver must carry out once, and If-Match where
 * GET gave an ETag, so that the receiver can refuse (409 or 412) what was decided against another state.
 */
export const webhook: ActuatorDefinition<Config> = { type: "webhook", config, create };

function create(settings: Config, context: ActuatorContext): Promise<Result<Actuator>> {
  const secret = readSecret(settings);
  return Promise.resolve(secret.ok ? success(actuatorFor(settings, secret.value, context)) : secret);
}

function actuatorFor({ url: address, timeoutSeconds }: Config, secret: string, context: ActuatorContext): Actuator {
  const url = new URL(address);
  const request = signedRequests({ url, secret, timeoutSeconds, now: context.now });
  const size = async (): Promise<{ readonly ok: true; readonly value: z.infer<typeof sizeSchema>; readonly etag: string | undefined } | WriteFailure> => {
    const answer = await request("GET", "", {});
    if (!answer.ok) return { ...answer, mayHaveArrived: false };
    if (answer.status !== 200) return { ...failureOfStatus(answer.status, statusText("GET", url, answer), "conflict"), mayHaveArrived: false };
    const parsed = sizeSchema.safeParse(parseJson(answer.body));
    if (!parsed.success) return refused("permanent", "validation", `GET ${url.href} did not answer a size: ${z.prettifyError(parsed.error)}`);
    return { ok: true, value: parsed.data, etag: answer.etag };
  };
  return {
    type: "webhook",
    async read() {
      const now = await size();
      if (!now.ok) return now;
      const { desiredReplicas, readyReplicas, pendingReplicas } = now.value;
      return success({ kind: "value", timeSeconds: context.now(), desiredReplicas, readyReplicas, pendingReplicas });
    },
    async write(intent) {
      const now = await size();
      if (!now.ok) return now;
      const { desiredReplicas: current, min = 0, max = Infinity } = now.value;
      const { desiredReplicas: wanted, expectedReplicas, allocation } = intent;
      if (wanted < min || wanted > max) return refused("permanent", "out-of-bounds", `${wanted} is outside ${min} to ${max}`);
      if (wanted === current && allocation === undefined) return alreadyThere(`${context.target} already has ${current}`);
      if (wanted !== current && current !== expectedReplicas) return refused("permanent", "foreign-write", `decided against ${expectedReplicas} replicas, but the target now has ${current}`);
      const answer = await request("PUT", bodyOf(intent), {
        "content-type": "application/json", "idempotency-key": intent.idempotencyKey, ...(now.etag === undefined ? {} : { "if-match": now.etag }),
      });
      if (!answer.ok) return answer;
      if (answer.status === 200 || answer.status === 202 || answer.status === 204) return applied(`PUT ${url.href}: ${wanted} replicas`);
      return failureOfStatus(answer.status, statusText("PUT", url, answer), "foreign-write");
    },
    close: () => Promise.resolve(),
  };
}

function bodyOf(intent: Intent): string {
  const { target, decisionId, idempotencyKey, direction, expectedReplicas, desiredReplicas, allocation, expiresAtSeconds, epoch } = intent;
  return JSON.stringify({ target, decisionId, idempotencyKey, direction, expectedReplicas, desiredReplicas, allocation: allocation?.instances, expiresAtSeconds, epoch });
}

function statusText(method: string, url: URL, { status, body }: HttpAnswer): string {
  return `${method} ${url.href} answered ${status}: ${body.slice(0, 200)}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
