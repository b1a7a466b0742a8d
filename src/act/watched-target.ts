import { success, type Result } from "../model/result.ts";
import type { Workload } from "../model/workload.ts";
import type { Actuator } from "./actuator.ts";
import type { ForeignHand } from "./foreign-hand.ts";
import { DEFAULT_BACK_OFF, NO_WRITERS, watchWriters, type BackOff, type BackOffRule, type OwnWrite, type WriterWatch } from "./second-writer.ts";

/** A target whose other writers are watched: the gate's `backOff`, and what the page and the metrics show. */
export interface WatchedTarget {
  /** The actuator; its writes are remembered as ours, and each reading is compared with the one before. */
  readonly actuator: Actuator;
  backOff(): BackOff | undefined;
  /** Changes by others, oldest first. */
  changes(): readonly ForeignHand[];
}

export interface WatchOptions {
  now(): number;
  readonly rule?: BackOffRule;
  /** Writes of an earlier life of this process that may still arrive: those of its open intents. */
  readonly earlierWrites?: readonly OwnWrite[];
  /** Told of each foreign change once. */
  onForeignHand?(hand: ForeignHand): void;
}

/** Who made a change is asked at once when one is seen, and else this often, to find changes that were there and back. */
const ASK_EVERY_SECONDS = 60;
/** What the cloud tells is asked for this far back: it tells late. */
const LOOK_BACK_SECONDS = 900;

/** Wraps an actuator so that changes by others are found, named and backed off from. A question about others that fails changes nothing. */
export function watchTarget(actuator: Actuator, options: WatchOptions): WatchedTarget {
  let watch: WriterWatch = NO_WRITERS;
  let ownWrites: OwnWrite[] = (options.earlierWrites ?? []).map((write) => ({ ...write, uncertain: true }));
  let askedSeconds = -Infinity;

  const handsFor = async (workload: Workload): Promise<readonly ForeignHand[]> => {
    const nowSeconds = options.now();
    const isExplained = [watch.lastDesired, ...ownWrites.map((write) => write.desiredReplicas)].includes(workload.desiredReplicas);
    if (actuator.foreignHands === undefined || watch.lastDesired === undefined) return [];
    if (isExplained && nowSeconds - askedSeconds < ASK_EVERY_SECONDS) return [];
    askedSeconds = nowSeconds;
    const hands = await actuator.foreignHands(nowSeconds - LOOK_BACK_SECONDS);
    return hands.ok ? hands.value : [];
  };
  const read = async (): Promise<Result<Workload>> => {
    const workload = await actuator.read();
    if (!workload.ok) return workload;
    const hands = await handsFor(workload.value);
    const taken = ownWrites;
    ownWrites = [];
    const { watch: next, fresh } = watchWriters(watch, { timeSeconds: options.now(), desiredReplicas: workload.value.desiredReplicas, ownWrites: taken, hands }, options.rule ?? DEFAULT_BACK_OFF);
    watch = next;
    for (const hand of fresh) options.onForeignHand?.(hand);
    return success(workload.value);
  };
  return {
    backOff: () => watch.backOff,
    changes: () => watch.changes,
    actuator: {
      type: actuator.type,
      ...(actuator.foreignHands === undefined ? {} : { foreignHands: (sinceSeconds) => actuator.foreignHands?.(sinceSeconds) ?? Promise.resolve(success([])) }),
      ...(actuator.rivals === undefined ? {} : { rivals: () => actuator.rivals?.() ?? Promise.resolve(success([])) }),
      ...(actuator.offeringOf === undefined ? {} : { offeringOf: (instanceId) => actuator.offeringOf?.(instanceId) }),
      read,
      async write(intent) {
        // Remembered before it is sent: a reading that comes while it is under way must know it for ours.
        const own: OwnWrite = { timeSeconds: options.now(), desiredReplicas: intent.desiredReplicas };
        ownWrites = [...ownWrites, own];
        const answer = await actuator.write(intent);
        // A reading may have taken it meanwhile; then what is added here says the rest.
        ownWrites = ownWrites.filter((write) => write !== own);
        if (answer.ok && answer.value.applied) ownWrites = [...ownWrites, own];
        if (!answer.ok && answer.mayHaveArrived) ownWrites = [...ownWrites, { ...own, uncertain: true }];
        return answer;
      },
      close: () => actuator.close(),
    },
  };
}
