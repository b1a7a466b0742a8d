import type { Decision } from "../model/decision.ts";
import { failure, success, type Result } from "../model/result.ts";
import type { DecisionQuery } from "./journal.ts";

/** The place of a decision in the journal; a page ends at one, and the next page goes on below it. */
export interface DecisionPlace {
  readonly sequence: number;
  readonly ordinal: number;
}

export const MAX_PAGE = 1_000;

export function encodeCursor(place: DecisionPlace): string {
  return Buffer.from(`${String(place.sequence)}.${String(place.ordinal)}`).toString("base64url");
}

/** The place below which a query's page starts; refuses a limit out of range and a cursor that no page gave. */
export function queryStart(query: DecisionQuery): Result<DecisionPlace> {
  if (!Number.isInteger(query.limit) || query.limit < 1 || query.limit > MAX_PAGE) {
    return failure("permanent", `limit must be a whole number from 1 to ${String(MAX_PAGE)}, not ${String(query.limit)}`);
  }
  if (query.cursor === undefined) return success({ sequence: Infinity, ordinal: 0 });
  const parts = /^(\d{1,15})\.(\d{1,9})$/.exec(Buffer.from(query.cursor, "base64url").toString("latin1"));
  if (parts === null) return failure("permanent", "the cursor is not one that a page of decisions gave");
  return success({ sequence: Number(parts[1]), ordinal: Number(parts[2]) });
}

export function matches(query: DecisionQuery, decision: Decision): boolean {
  return (query.target === undefined || decision.target === query.target) &&
    (query.kind === undefined || decision.kind === query.kind) &&
    decision.timeSeconds >= (query.fromSeconds ?? -Infinity) && decision.timeSeconds < (query.toSeconds ?? Infinity);
}
