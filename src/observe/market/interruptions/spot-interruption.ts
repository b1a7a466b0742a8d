import { z } from "zod";
import { epochSeconds } from "./interruption-message.ts";
import type { EventParser } from "./interruption-message.ts";

/** AWS gives two minutes from the event to the end (none that is effective for `hibernate`). */
export const AWS_NOTICE_SECONDS = 120;

const detail = z.object({ "instance-id": z.string().min(1), "instance-action": z.enum(["terminate", "stop", "hibernate"]) });

/** `EC2 Spot Instance Interruption Warning`. */
export const parseSpotInterruption: EventParser = (event) => {
  if (event.source !== "aws.ec2" || event["detail-type"] !== "EC2 Spot Instance Interruption Warning") return undefined;
  const parsed = detail.safeParse(event.detail);
  const at = epochSeconds(event.time);
  if (!parsed.success || at === undefined) return undefined;
  const notice = parsed.data["instance-action"] === "hibernate" ? 0 : AWS_NOTICE_SECONDS;
  return [{ kind: "interruption", instanceId: parsed.data["instance-id"], timeSeconds: at + notice, channel: "eventbridge" }];
};
