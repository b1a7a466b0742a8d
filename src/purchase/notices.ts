import type { Notice } from "../model/offering.ts";
import type { KnownNotice } from "./purchase-request.ts";

export interface NoticeReading {
  /** Every interruption still ahead. */
  readonly known: readonly KnownNotice[];
  /** Seen for the first time in this call, with the count that is new. */
  readonly fresh: readonly KnownNotice[];
  /** Offerings whose notices fell due since the last call. */
  readonly due: readonly KnownNotice[];
  /** Offerings with a rebalance recommendation in this call. */
  readonly rebalance: readonly string[];
}

/**
 * Merges the notices of one call with those remembered, so that a repeat orders nothing twice.
 * Notices of one offering for one time are summed within a call (one a machine) and taken at their highest across calls
 * (repeats). One whose time has passed is ignored; counts that are not positive are ignored.
 */
export function readNotices(remembered: readonly KnownNotice[], notices: readonly Notice[], nowSeconds: number): NoticeReading {
  if (notices.length === 0 && remembered.length === 0) return NOTHING;
  const due = remembered.filter((notice) => notice.timeSeconds <= nowSeconds);
  const known = remembered.filter((notice) => notice.timeSeconds > nowSeconds);
  const fresh: KnownNotice[] = [];
  const rebalance: string[] = [];
  for (const notice of inOneCall(notices, nowSeconds, rebalance)) {
    const same = (old: KnownNotice): boolean => old.offering === notice.offering && old.timeSeconds === notice.timeSeconds;
    if (due.some(same)) {
      known.push(notice);
      continue;
    }
    const at = known.findIndex(same);
    const old = known[at];
    if (old === undefined) {
      known.push(notice);
      fresh.push(notice);
    } else if (notice.count > old.count) {
      known[at] = notice;
      fresh.push({ ...notice, count: notice.count - old.count });
    }
  }
  return { known, fresh, due, rebalance };
}

const NOTHING: NoticeReading = { known: [], fresh: [], due: [], rebalance: [] };

/** Sums what one call says of one offering and one time; a machine that is named twice counts once. */
function inOneCall(notices: readonly Notice[], nowSeconds: number, rebalance: string[]): readonly KnownNotice[] {
  const sums = new Map<string, KnownNotice>();
  const machines = new Set<string>();
  for (const { kind, offering, count, timeSeconds, instanceId } of notices) {
    if (kind === "rebalance") {
      rebalance.push(offering);
      continue;
    }
    if (!(count > 0) || !(timeSeconds >= nowSeconds)) continue;
    if (instanceId !== undefined) {
      if (machines.has(instanceId)) continue;
      machines.add(instanceId);
    }
    const key = `${offering}@${timeSeconds}`;
    sums.set(key, { offering, timeSeconds, count: count + (sums.get(key)?.count ?? 0) });
  }
  return [...sums.values()];
}

/** Instances of an offering that will be lost. */
export function doomedOf(known: readonly KnownNotice[], offering: string): number {
  let sum = 0;
  for (const notice of known) if (notice.offering === offering) sum += notice.count;
  return sum;
}
