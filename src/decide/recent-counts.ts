/** Times and wanted counts of the last minutes, oldest first: what a stabilization window looks back on. */
export interface RecentCounts {
  readonly timesSeconds: readonly number[];
  readonly wanted: readonly number[];
}

export function initialRecentCounts(): RecentCounts {
  return { timesSeconds: [], wanted: [] };
}

/** Adds a wanted count and forgets what is older than `keepSeconds`. */
export function rememberCount(recent: RecentCounts, sample: { readonly timeSeconds: number; readonly wanted: number; readonly keepSeconds: number }): RecentCounts {
  const oldest = sample.timeSeconds - sample.keepSeconds;
  let from = 0;
  while (from < recent.timesSeconds.length && (recent.timesSeconds[from] ?? Infinity) < oldest) from += 1;
  return {
    timesSeconds: [...recent.timesSeconds.slice(from), sample.timeSeconds],
    wanted: [...recent.wanted.slice(from), sample.wanted],
  };
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
