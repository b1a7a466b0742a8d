import type { Notice } from "../../../model/offering.ts";
import type { InterruptionMessage } from "./interruption-message.ts";
import { ownValue } from "../../../model/record.ts";

/** What has been said of each machine, so that repeats, replays and late messages order nothing twice. Plain JSON. */
export interface NoticeBook {
  readonly machines: Readonly<Record<string, { readonly said: "rebalance" | "interruption" | "gone"; readonly atSeconds: number }>>;
}

export const EMPTY_BOOK: NoticeBook = { machines: {} };

/** A machine is forgotten a day after the last word: queues keep messages for hours, identifiers are never used again. */
const FORGET_SECONDS = 86_400;
const RANK = { rebalance: 1, interruption: 2, gone: 3 } as const;
/** Maintenance further away than this is not yet a reason to act. */
const MAINTENANCE_AHEAD_SECONDS = 3600;

export interface TakingContext {
  readonly nowSeconds: number;
  readonly offeringOf: (instanceId: string) => string | undefined;
}

/**
 * Takes one message in. A notice comes out only where it is new for its machine and says more than what was known: an
 * interruption outranks a rebalance recommendation, an end outranks both. `offeringOf` names the machine's offering; a machine
 * that is not ours gives nothing. The notice of a machine whose time has passed gives nothing: the loss shows in the counts.
 */
export function takeMessage(book: NoticeBook, message: InterruptionMessage, { nowSeconds, offeringOf }: TakingContext): { readonly book: NoticeBook; readonly notice: Notice | undefined } {
  const offering = offeringOf(message.instanceId);
  if (offering === undefined) return { book, notice: undefined };
  const says = message.kind === "maintenance" ? (message.timeSeconds - nowSeconds <= MAINTENANCE_AHEAD_SECONDS ? "interruption" : "rebalance") : message.kind;
  const known = ownValue(book.machines, message.instanceId);
  if (known !== undefined && RANK[known.said] >= RANK[says]) return { book, notice: undefined };
  const next: NoticeBook = { machines: { ...book.machines, [message.instanceId]: { said: says, atSeconds: nowSeconds } } };
  if (says === "gone" || (says === "interruption" && message.timeSeconds <= nowSeconds)) return { book: next, notice: undefined };
  return { book: next, notice: { kind: says, offering, count: 1, timeSeconds: message.timeSeconds, instanceId: message.instanceId } };
}

/** Drops the machines that nothing was said of for a day. */
export function forgetOld(book: NoticeBook, nowSeconds: number): NoticeBook {
  const kept = Object.entries(book.machines).filter(([, { atSeconds }]) => nowSeconds - atSeconds < FORGET_SECONDS);
  return kept.length === Object.keys(book.machines).length ? book : { machines: Object.fromEntries(kept) };
}
