import { z } from "zod";
import { epochSeconds } from "./interruption-message.ts";
import type { InterruptionMessage } from "./interruption-message.ts";

export interface MetadataDeps {
  readonly fetch: typeof fetch;
  readonly timeoutMilliseconds: number;
}

const actionShape = z.object({ action: z.enum(["terminate", "stop", "hibernate"]), time: z.string() });
const rebalanceShape = z.object({ noticeTime: z.string() });

/**
 * Asks the AWS instance metadata service (IMDSv2) of the machine that this runs on, as AWS advises every 5 s. A 404 is the
 * ordinary answer: no notice. Network trouble gives no message; the next poll asks again.
 */
export async function pollAwsMetadata(deps: MetadataDeps, baseUrl = "http://169.254.169.254"): Promise<readonly InterruptionMessage[]> {
  const ask = async (path: string, init: RequestInit): Promise<string | undefined> => {
    try {
      const response = await deps.fetch(baseUrl + path, { ...init, signal: AbortSignal.timeout(deps.timeoutMilliseconds) });
      return response.ok ? await response.text() : undefined;
    } catch {
      return undefined;
    }
  };
  const token = await ask("/latest/api/token", { method: "PUT", headers: { "x-aws-ec2-metadata-token-ttl-seconds": "60" } });
  if (token === undefined) return [];
  const get = (path: string): Promise<string | undefined> => ask(`/latest/meta-data/${path}`, { headers: { "x-aws-ec2-metadata-token": token } });
  const instanceId = await get("instance-id");
  if (instanceId === undefined) return [];
  const [action, rebalance] = await Promise.all([get("spot/instance-action"), get("events/recommendations/rebalance")]);
  const messages: InterruptionMessage[] = [];
  const interruption = read(actionShape, action);
  const goes = interruption === undefined ? undefined : epochSeconds(interruption.time);
  if (goes !== undefined) messages.push({ kind: "interruption", instanceId, timeSeconds: goes, channel: "imds" });
  const advice = read(rebalanceShape, rebalance);
  const given = advice === undefined ? undefined : epochSeconds(advice.noticeTime);
  if (given !== undefined) messages.push({ kind: "rebalance", instanceId, timeSeconds: given, channel: "imds" });
  return messages;
}

/** Azure's Scheduled Events: `Preempt` comes at least 30 s ahead, shorter than any start. `NotBefore` is empty once it has begun. */
const azureShape = z.object({ Events: z.array(z.object({ EventType: z.string(), Resources: z.array(z.string()), NotBefore: z.string() })) });
export function parseAzureScheduledEvents(text: string, nowSeconds: number): readonly InterruptionMessage[] {
  return (read(azureShape, text)?.Events ?? [])
    .filter(({ EventType }) => EventType === "Preempt")
    .flatMap(({ Resources, NotBefore }) => Resources.map((instanceId): InterruptionMessage => ({ kind: "interruption", instanceId, timeSeconds: epochSeconds(NotBefore) ?? nowSeconds, channel: "azure-scheduled-events" })));
}

/** Google's `instance/preempted` turns TRUE about 30 s before the end. */
export function parseGooglePreempted(text: string, instanceId: string, nowSeconds: number): readonly InterruptionMessage[] {
  return text.trim() === "TRUE" ? [{ kind: "interruption", instanceId, timeSeconds: nowSeconds + 30, channel: "gce-metadata" }] : [];
}

function read<T>(shape: z.ZodType<T>, text: string | undefined): T | undefined {
  if (text === undefined) return undefined;
  try {
    return shape.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
