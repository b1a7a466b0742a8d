import type { CostRow } from "../../account/showback.ts";
import type { HistoryPoint, HistoryStore, SignalKey } from "../../history/history-store.ts";
import { failure, success, type Result } from "../../model/result.ts";
import { HELD, HELD_GRAMS, HELD_LIST_USD, HELD_USD, offeringOf } from "./spend-book.ts";

const HOUR_SECONDS = 3_600;
/** Rows of one answer; whoever wants more asks for a shorter span, or for one target. */
export const MAX_COST_ROWS = 100_000;

/** Which part of the account is read: targets with their tags, over a span whose bounds are cut to whole hours. */
export interface CostQuery {
  readonly targets: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

/** What targets held and what it cost, one row an offering and an hour, oldest first. Too many rows are a failure, not a part. */
export async function costRows(history: HistoryStore, { targets, fromSeconds, toSeconds }: CostQuery): Promise<Result<readonly CostRow[]>> {
  const keys = await history.keys();
  if (!keys.ok) return keys;
  const rows: CostRow[] = [];
  for (const { target, signal } of keys.value.filter(isHeldHourly)) {
    const tags = targets.get(target);
    if (tags === undefined) continue;
    const id = signal.slice(HELD.length);
    const read = async (prefix: string): Promise<Result<ReadonlyMap<number, HistoryPoint>>> => {
      const points = await history.readPoints({ target, signal: prefix + id, stepSeconds: HOUR_SECONDS }, Math.floor(fromSeconds / HOUR_SECONDS) * HOUR_SECONDS, toSeconds);
      return points.ok ? success(new Map(points.value.map((point) => [point.timeSeconds, point]))) : points;
    };
    const [held, usd, list, grams] = [await read(HELD), await read(HELD_USD), await read(HELD_LIST_USD), await read(HELD_GRAMS)];
    if (!held.ok) return held;
    if (!usd.ok) return usd;
    if (!list.ok) return list;
    if (!grams.ok) return grams;
    for (const point of held.value.values()) {
      rows.push(rowOf(point, { target, tags, id, usd: usd.value.get(point.timeSeconds), list: list.value.get(point.timeSeconds), grams: grams.value.get(point.timeSeconds) }));
      if (rows.length > MAX_COST_ROWS) return failure("permanent", `more than ${String(MAX_COST_ROWS)} rows: ask for a shorter span or fewer targets`);
    }
  }
  return success(rows.sort((a, b) => a.fromSeconds - b.fromSeconds || (a.target < b.target ? -1 : a.target > b.target ? 1 : 0) || (a.offering.id < b.offering.id ? -1 : 1)));
}

function isHeldHourly({ signal, stepSeconds }: SignalKey): boolean {
  return stepSeconds === HOUR_SECONDS && signal.startsWith(HELD);
}

interface RowParts {
  readonly target: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly id: string;
  readonly usd: HistoryPoint | undefined;
  readonly list: HistoryPoint | undefined;
  readonly grams: HistoryPoint | undefined;
}

function rowOf(held: HistoryPoint, { target, tags, id, usd, list, grams }: RowParts): CostRow {
  const perInstance = (point: HistoryPoint | undefined): number => (point === undefined || held.mean === 0 ? 0 : point.mean / held.mean);
  // Grams that are known for a part of the hour alone are not the hour's.
  const known = grams !== undefined && grams.coverage >= held.coverage - 1e-6;
  return {
    target, tags, offering: offeringOf(id), fromSeconds: held.timeSeconds, toSeconds: held.timeSeconds + HOUR_SECONDS,
    instanceHours: held.mean * held.coverage, pricePerHourUsd: perInstance(usd), listPricePerHourUsd: perInstance(list),
    carbonGrams: known ? grams.mean * grams.coverage : undefined,
  };
}
