/** Starts on their way, and how many came to nothing: a slow start is not a failed one. Plain data. */
export interface StartWatch {
  /** Oldest first; a batch loses those that became ready, from the oldest on. */
  readonly open: readonly { readonly orderedAtSeconds: number; readonly count: number }[];
  /** Starts that are given up but that the cloud still shows as pending. */
  readonly stuck: number;
  /** Weighted counts, forgotten with each start that ends. */
  readonly succeeded: number;
  readonly failed: number;
}

export const NO_STARTS: StartWatch = { open: [], stuck: 0, succeeded: 0, failed: 0 };

/** A start that takes so many lead times (and a minute) is given up: slow ones have come by then. */
const GIVE_UP_FACTOR = 3;
const GIVE_UP_SECONDS = 60;
const REMEMBERED = 50;
const MOST_BATCHES = 64;

export interface StartSample {
  readonly timeSeconds: number;
  readonly readyReplicas: number;
  readonly pendingReplicas: number;
  readonly lastReadyReplicas: number;
  readonly lastTotalReplicas: number;
  /** What was decided last: a total below it that has shrunk was not asked for. */
  readonly askedReplicas: number;
  readonly orderedAtSeconds: number;
  readonly leadTimeSeconds: number;
}

/** The starts after a reading of the cloud's counts. */
export function watchOpenStarts(before: StartWatch, sample: StartSample): StartWatch {
  const { readyReplicas, pendingReplicas, lastReadyReplicas, lastTotalReplicas } = sample;
  const total = readyReplicas + pendingReplicas;
  if (before.open.length === 0 && before.stuck === 0 && total <= lastTotalReplicas) return before;
  const open = before.open.map((batch) => ({ ...batch }));
  let { stuck, succeeded, failed } = before;
  const end = (isReady: boolean, count: number): void => {
    const fade = Math.max(0, 1 - count / REMEMBERED);
    succeeded = succeeded * fade + (isReady ? count : 0);
    failed = failed * fade + (isReady ? 0 : count);
  };
  const arrived = Math.max(0, readyReplicas - lastReadyReplicas);
  const counted = takeOldest(open, arrived);
  end(true, counted);
  stuck -= Math.min(stuck, arrived - counted);
  // What was there and ready between two readings was no start that was waited for.
  const ordered = total - lastTotalReplicas - (arrived - counted);
  if (ordered > 0) open.push({ orderedAtSeconds: sample.orderedAtSeconds, count: ordered });
  const gone = lastTotalReplicas - total;
  if (gone > 0) {
    const unasked = Math.max(0, Math.min(gone, Math.min(sample.askedReplicas, lastTotalReplicas) - total));
    const pendingFailed = readyReplicas >= lastReadyReplicas ? takeOldest(open, unasked) : 0;
    end(false, pendingFailed);
    takeNewest(open, Math.max(0, gone - unasked));
    stuck = Math.max(0, stuck - (unasked - pendingFailed));
  }
  const isLate = (batch: { readonly orderedAtSeconds: number }): boolean => sample.timeSeconds - batch.orderedAtSeconds > GIVE_UP_FACTOR * sample.leadTimeSeconds + GIVE_UP_SECONDS;
  const late = open.filter(isLate).reduce((sum, batch) => sum + batch.count, 0);
  end(false, late);
  const kept = open.filter((batch) => batch.count > 0 && !isLate(batch)).slice(-MOST_BATCHES);
  return { open: kept, stuck: Math.min(pendingReplicas, stuck + late), succeeded, failed };
}

function takeOldest(open: { count: number }[], count: number): number {
  let left = count;
  for (const batch of open) {
    const taken = Math.min(batch.count, left);
    batch.count -= taken;
    left -= taken;
  }
  return count - left;
}

function takeNewest(open: { count: number }[], count: number): void {
  takeOldest(open.toReversed(), count);
}

/** Fewer ends than these say nothing of the next starts. */
const LEAST_ENDS = 5;
const MOST_SHARE = 0.5;

/** The share of starts that fail, to plan with: 0 until some have ended. */
export function failedStartShare({ succeeded, failed }: StartWatch): number {
  return succeeded + failed < LEAST_ENDS ? 0 : Math.min(MOST_SHARE, failed / (succeeded + failed));
}
