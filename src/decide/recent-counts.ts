/** Times and wanted counts of the last minutes, oldest first: what a stabilization window looks back on. */
export interface RecentCounts {
  readonly timesSeconds: readonly number[];
  readonly wanted: readonly number[];
}

export function initialRecentCounts(): RecentCounts {
  return { timesSeconds: [], wanted: [] };
}

/** Adds a wanted count and forgets what is older than `keepSeconds`, but for the newest of it. */
export function rememberCount(recent: RecentCounts, sample: { readonly timeSeconds: number; readonly wanted: number; readonly keepSeconds: number }): RecentCounts {
  const oldest = sample.timeSeconds - sample.keepSeconds;
  let from = 0;
  // One that is older stays: with it a window without a break is seen to be whole.
  while (from + 1 < recent.timesSeconds.length && (recent.timesSeconds[from + 1] ?? Infinity) < oldest) from += 1;
  return {
    timesSeconds: [...recent.timesSeconds.slice(from), sample.timeSeconds],
    wanted: [...recent.wanted.slice(from), sample.wanted],
  };
}

/**
 * Since when counts have come without a break: what a window may look back on. A break is longer than a quarter of the window and
 * than three ticks: a reading that is lost now and then breaks nothing. Undefined while there is none.
 */
export function unbrokenSince({ timesSeconds }: RecentCounts, windowSeconds: number, tickSeconds: number): number | undefined {
  const longest = Math.max(windowSeconds / 4, 3 * tickSeconds);
  let since = timesSeconds.at(-1);
  for (let i = timesSeconds.length - 2; i >= 0; i -= 1) {
    const before = timesSeconds[i];
    if (before === undefined || since === undefined || since - before > longest) break;
    since = before;
  }
  return since;
}

/** The largest (or smallest) wanted count of the last `windowSeconds`, the newest included; undefined when there is none. */
export function extremeWithin(recent: RecentCounts, nowSeconds: number, windowSeconds: number, pick: (a: number, b: number) => number): number | undefined {
  let extreme: number | undefined;
  for (let i = recent.wanted.length - 1; i >= 0; i -= 1) {
    const wanted = recent.wanted[i];
    const time = recent.timesSeconds[i];
    if (wanted === undefined || time === undefined || time < nowSeconds - windowSeconds) break;
    extreme = extreme === undefined ? wanted : pick(extreme, wanted);
  }
  return extreme;
}
