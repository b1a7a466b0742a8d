/** The part of a queue that has waited longest: it is to be gone by its deadline. First in, first out. Plain data. */
export interface DrainWatch {
  readonly timeSeconds: number;
  readonly backlog: number;
  /** How fast it grew lately, items per second; negative while it shrinks. */
  readonly growthPerSecond: number;
  /** Since when the oldest part has waited, and how much of it is still there; 0: nothing waits. */
  readonly sinceSeconds: number;
  readonly dueItems: number;
}

export interface QueueSample {
  readonly timeSeconds: number;
  readonly backlog: number;
  readonly arrivalsPerSecond: number;
}

/**
 * What was served since the last sample comes off the oldest part; once that is gone, what waits then is the oldest part. An
 * unknown backlog (NaN) leaves all as it was.
 */
export function watchQueue(before: DrainWatch | undefined, sample: QueueSample): DrainWatch | undefined {
  const { timeSeconds, backlog } = sample;
  if (!(backlog >= 0)) return before;
  if (before !== undefined && timeSeconds <= before.timeSeconds) return before;
  const growthPerSecond = before === undefined ? 0 : growthAt(before, sample);
  const fresh: DrainWatch = { timeSeconds, backlog, growthPerSecond, sinceSeconds: timeSeconds, dueItems: backlog };
  if (before === undefined || before.dueItems === 0) return fresh;
  const left = Math.min(backlog, before.dueItems - servedSince(before, sample));
  return left > 0 ? { ...before, timeSeconds, backlog, growthPerSecond, dueItems: left } : fresh;
}

/** Items that were served between a sample and the one before it; 0 where it cannot be told. */
export function servedSince(before: DrainWatch, { timeSeconds, backlog, arrivalsPerSecond }: QueueSample): number {
  const arrived = arrivalsPerSecond * (timeSeconds - before.timeSeconds);
  return Math.max(0, arrived - (backlog - before.backlog)) || 0;
}

/** Rates of demand are means over about a minute; so is the growth. */
const GROWTH_SECONDS = 60;

/** The growth with one more reading of the backlog. */
export function growthAt(before: DrainWatch, { timeSeconds, backlog }: Pick<QueueSample, "timeSeconds" | "backlog">): number {
  const seconds = timeSeconds - before.timeSeconds;
  if (!(seconds > 0)) return before.growthPerSecond;
  const weight = 1 - Math.exp(-seconds / GROWTH_SECONDS);
  return before.growthPerSecond + weight * ((backlog - before.backlog) / seconds - before.growthPerSecond);
}
