import { z } from "zod";
import { parseHealthEvent } from "./health-event.ts";
import type { EventParser, InterruptionMessage } from "./interruption-message.ts";
import { parseRebalanceRecommendation } from "./rebalance-recommendation.ts";
import { parseSpotInterruption } from "./spot-interruption.ts";
import { parseStateChange } from "./state-change.ts";

/** Every kind of event that is understood. One line adds one. */
const PARSERS: readonly EventParser[] = [parseSpotInterruption, parseRebalanceRecommendation, parseStateChange, parseHealthEvent];

const envelope = z.object({ version: z.literal("0"), source: z.string(), "detail-type": z.string(), time: z.string(), detail: z.unknown() });

/** The messages of one EventBridge event as JSON text; none where it is unknown, of another version, or malformed. */
export function parseEvent(text: string): readonly InterruptionMessage[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return [];
  }
  const parsed = envelope.safeParse(json);
  if (!parsed.success) return [];
  for (const parser of PARSERS) {
    const messages = parser(parsed.data);
    if (messages !== undefined) return messages;
  }
  return [];
}
