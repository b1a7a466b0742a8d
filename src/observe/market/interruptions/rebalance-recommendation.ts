import { z } from "zod";
import { epochSeconds } from "./interruption-message.ts";
import type { EventParser } from "./interruption-message.ts";

const detail = z.object({ "instance-id": z.string().min(1) });

/** `EC2 Instance Rebalance Recommendation`: advice, before a notice or along with it. */
export const parseRebalanceRecommendation: EventParser = (event) => {
  if (event.source !== "aws.ec2" || event["detail-type"] !== "EC2 Instance Rebalance Recommendation") return undefined;
  const parsed = detail.safeParse(event.detail);
  const at = epochSeconds(event.time);
  return parsed.success && at !== undefined ? [{ kind: "rebalance", instanceId: parsed.data["instance-id"], timeSeconds: at, channel: "eventbridge" }] : undefined;
};
