import { nameWriter, type ForeignHand } from "./foreign-hand.ts";

/** What is remembered of one target's writers. A plain value; make the first with `NO_WRITERS`. */
export interface WriterWatch {
  /** The desired count last read. */
  readonly lastDesired: number | undefined;
  readonly lastReadSeconds: number;
  /** What was done before the first reading is nobody's conflict. */
  readonly firstReadSeconds: number;
  /** Our own writes that were applied or may have arrived, newest last. */
  readonly ours: readonly OwnWrite[];
  /** Changes by others, oldest first, at most KEPT_CHANGES. */
  readonly changes: readonly ForeignHand[];
  readonly backOff: BackOff | undefined;
}

export interface OwnWrite {
  readonly timeSeconds: number;
  readonly desiredReplicas: number;
  /** Nobody knows whether it has arrived: it may still do so, after readings that do not show it. */
  readonly uncertain?: boolean;
}

export interface BackOff {
  readonly untilSeconds: number;
  readonly writer: string;
  /** How many conflicts in a row led here; each doubles the time. */
  readonly conflicts: number;
}

/** One reading of the target, with what became known since the one before. */
export interface WriterReading {
  readonly timeSeconds: number;
  readonly desiredReplicas: number;
  readonly ownWrites: readonly OwnWrite[];
  /** As the cloud tells; it may tell late, and it may list our own writes as a user's. */
  readonly hands: readonly ForeignHand[];
}

export interface BackOffRule {
  readonly firstSeconds: number;
  readonly longestSeconds: number;
}

export const NO_WRITERS: WriterWatch = { lastDesired: undefined, lastReadSeconds: -Infinity, firstReadSeconds: Infinity, ours: [], changes: [], backOff: undefined };
export const DEFAULT_BACK_OFF: BackOffRule = { firstSeconds: 300, longestSeconds: 3_600 };

const KEPT_CHANGES = 20;
/** A cloud reports a change with the activity that it starts, which can be minutes later. */
const REPORT_DELAY_SECONDS = 900;
/** Our clock and the cloud's, and the way of one request. */
const OWN_WRITE_TOLERANCE_SECONDS = 120;

/**
 * Tells our own changes of a target from those of others, and how long to leave the target alone. `fresh`: what this
 * reading has brought to light. A change is ours when its value is that of one of our writes; the first reading of a target
 * is no change. The cloud's own passing changes (zone rebalancing) are listed, but cause no back-off.
 */
export function watchWriters(watch: WriterWatch, reading: WriterReading, rule: BackOffRule = DEFAULT_BACK_OFF): { readonly watch: WriterWatch; readonly fresh: readonly ForeignHand[] } {
  const horizon = reading.timeSeconds - REPORT_DELAY_SECONDS;
  const ours = [...watch.ours, ...reading.ownWrites].filter((write) => write.timeSeconds >= horizon);
  const firstReadSeconds = Math.min(watch.firstReadSeconds, reading.timeSeconds);
  const hands = reading.hands.filter((hand) => hand.timeSeconds >= Math.max(horizon, firstReadSeconds) && !isOurs(hand, ours));
  const named = watch.changes.map((change) => nameLate(change, hands));
  const reported = hands.filter((hand) => !named.some((change) => isSame(change, hand))).map((hand) => withCounts(hand, watch, reading));
  const timeless = reading.hands.filter((hand) => Number.isNaN(hand.timeSeconds));
  const fresh = [...reported, ...seen(watch, reading, { ours, reported, timeless })];
  return {
    watch: {
      lastDesired: reading.desiredReplicas,
      lastReadSeconds: reading.timeSeconds,
      firstReadSeconds,
      ours,
      changes: [...named, ...fresh].slice(-KEPT_CHANGES),
      backOff: nextBackOff(watch.backOff, fresh, { nowSeconds: reading.timeSeconds, rule }),
    },
    fresh,
  };
}

function isOurs(hand: ForeignHand, ours: readonly OwnWrite[]): boolean {
  return hand.writer.kind === "user" && ours.some((write) =>
    write.desiredReplicas === hand.toReplicas && Math.abs(write.timeSeconds - hand.timeSeconds) <= OWN_WRITE_TOLERANCE_SECONDS);
}

/**
 * The change of the count between two readings, where neither a write of ours nor a reported hand explains it. A hand of which the
 * cloud does not tell when names it: by itself it would be no change, for it may be older than our first reading.
 */
function seen(watch: WriterWatch, reading: WriterReading, { ours, reported, timeless }: { readonly ours: readonly OwnWrite[]; readonly reported: readonly ForeignHand[]; readonly timeless: readonly ForeignHand[] }): readonly ForeignHand[] {
  const { desiredReplicas: to, ownWrites } = reading;
  if (watch.lastDesired === undefined || to === watch.lastDesired) return [];
  if ([...ownWrites, ...ours.filter(({ uncertain }) => uncertain)].some((write) => write.desiredReplicas === to)) return [];
  if (reported.some((hand) => hand.toReplicas === to)) return [];
  return [{ timeSeconds: reading.timeSeconds, fromReplicas: ownWrites.at(-1)?.desiredReplicas ?? watch.lastDesired, toReplicas: to, writer: timeless.at(-1)?.writer ?? { kind: "unknown" } }];
}

/** A cloud that does not tell the count is matched by the rest. */
function isSame(change: ForeignHand, hand: ForeignHand): boolean {
  return change.timeSeconds === hand.timeSeconds && change.writer.kind === hand.writer.kind
    && (hand.toReplicas === undefined || change.toReplicas === hand.toReplicas);
}

/** Where the cloud tells who, but not how many, the readings do. */
function withCounts(hand: ForeignHand, watch: WriterWatch, reading: WriterReading): ForeignHand {
  return hand.toReplicas === undefined ? { ...hand, fromReplicas: watch.lastDesired, toReplicas: reading.desiredReplicas } : hand;
}

/** Gives a change its name when the cloud tells it later. */
function nameLate(change: ForeignHand, hands: readonly ForeignHand[]): ForeignHand {
  if (change.writer.kind !== "unknown") return change;
  const hand = hands.find((one) => one.toReplicas === change.toReplicas
    && one.timeSeconds <= change.timeSeconds + OWN_WRITE_TOLERANCE_SECONDS
    && one.timeSeconds >= change.timeSeconds - REPORT_DELAY_SECONDS);
  return hand === undefined ? change : { ...change, timeSeconds: hand.timeSeconds, writer: hand.writer };
}

function nextBackOff(last: BackOff | undefined, fresh: readonly ForeignHand[], { nowSeconds, rule }: { readonly nowSeconds: number; readonly rule: BackOffRule }): BackOff | undefined {
  const rival = fresh.findLast((change) => change.writer.kind !== "cloud");
  const recent = last !== undefined && nowSeconds < last.untilSeconds + rule.longestSeconds ? last : undefined;
  if (rival === undefined) return recent;
  const conflicts = (recent?.conflicts ?? 0) + 1;
  const seconds = Math.min(rule.longestSeconds, rule.firstSeconds * 2 ** (conflicts - 1));
  return { untilSeconds: nowSeconds + seconds, writer: nameWriter(rival.writer), conflicts };
}
