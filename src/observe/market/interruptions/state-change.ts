import { z } from "zod";
import { epochSeconds } from "./interruption-message.ts";
import type { EventParser } from "./interruption-message.ts";

const detail = z.object({ "instance-id": z.string().min(1), state: z.string() });
const ENDED = new Set(["stopping", "stopped", "shutting-down", "terminated"]);

/** `EC2 Instance State-change Notification`: only the states in which a machine ends say anything here. */
export const parseStateChange: EventParser = (event) => {
  if (event.source !== "aws.ec2" || event["detail-type"] !== "EC2 Instance State-change Notification") return undefined;
  const parsed = detail.safeParse(event.detail);
  const at = epochSeconds(event.time);
  if (!parsed.success || at === undefined) return undefined;
  return ENDED.has(parsed.data.state) ? [{ kind: "gone", instanceId: parsed.data["instance-id"], timeSeconds: at, channel: "eventbridge" }] : [];
};
