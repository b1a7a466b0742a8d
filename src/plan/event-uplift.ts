import type { EventSpec } from "../model/policy.ts";

/**
 * The load at a time over an ordinary one, as the events of a policy give it: 1 where none is on, or where its uplift is not
 * given. Of several at once the largest counts, since the same people are expected once.
 */
export function eventUplift(events: readonly EventSpec[] | undefined, timeSeconds: number): number {
  let uplift: number | undefined;
  for (const event of events ?? []) {
    if (event.uplift === undefined || timeSeconds < event.startSeconds || timeSeconds >= event.endSeconds) continue;
    uplift = Math.max(uplift ?? 0, event.uplift);
  }
  return uplift ?? 1;
}
