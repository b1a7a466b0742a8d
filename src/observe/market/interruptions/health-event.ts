import { z } from "zod";
import { epochSeconds } from "./interruption-message.ts";
import type { EventParser } from "./interruption-message.ts";

const detail = z.object({
  service: z.literal("EC2"),
  eventTypeCategory: z.literal("scheduledChange"),
  startTime: z.string(),
  affectedEntities: z.array(z.object({ entityValue: z.string() })),
});

/** `AWS Health Event`: a scheduled change of EC2 machines; their start time is often weeks away. */
export const parseHealthEvent: EventParser = (event) => {
  if (event.source !== "aws.health" || event["detail-type"] !== "AWS Health Event") return undefined;
  const parsed = detail.safeParse(event.detail);
  if (!parsed.success) return undefined;
  const at = epochSeconds(parsed.data.startTime);
  if (at === undefined) return undefined;
  return parsed.data.affectedEntities
    .filter(({ entityValue }) => entityValue.startsWith("i-"))
    .map(({ entityValue }) => ({ kind: "maintenance", instanceId: entityValue, timeSeconds: at, channel: "eventbridge" }));
};
