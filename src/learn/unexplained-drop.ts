/** A fall of the load that no forecast foresaw: an outage upstream looks like that. Plain data. */
export interface DropWatch {
  readonly sinceSeconds: number | undefined;
  /** What was expected when it began. */
  readonly level: number;
}

export const NO_DROP: DropWatch = { sinceSeconds: undefined, level: 0 };

/** Under this share of what was expected a fall is unexplained. */
const EXPLAINED_SHARE = 0.5;
const HOLD_SECONDS = 600;

/** Sees the newest load beside what the forecast a lead time ago said of it. A fall that lasts past ten minutes is believed. */
export function watchDrop(before: DropWatch, seen: { readonly load: number; readonly expected: number; readonly timeSeconds: number }): DropWatch {
  const { load, expected, timeSeconds } = seen;
  if (!(load >= 0)) return before;
  if (before.sinceSeconds === undefined) return expected > 0 && load < EXPLAINED_SHARE * expected ? { sinceSeconds: timeSeconds, level: expected } : before;
  const isBack = load >= EXPLAINED_SHARE * before.level;
  const isBelieved = timeSeconds - before.sinceSeconds >= HOLD_SECONDS && load >= EXPLAINED_SHARE * expected;
  return isBack || isBelieved ? NO_DROP : before;
}

export function isUnexplained(watch: DropWatch, nowSeconds: number): boolean {
  return watch.sinceSeconds !== undefined && nowSeconds - watch.sinceSeconds < HOLD_SECONDS;
}
