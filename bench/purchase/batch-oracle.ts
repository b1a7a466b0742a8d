/**
 * The least bill of one deadline job in one zone with every hour of spot known: dynamic programming over ticks and progress.
 * `available[tick]`; work and changeovers in whole ticks. Imports nothing of what it judges.
 */
export function omniscientBill(available: Uint8Array, workTicks: number, changeoverTicks: number, spotPrice: number): number {
  const MODES = 3; // idle, spot, on-demand
  const width = workTicks + changeoverTicks + 1;
  // State: mode × work left, with the changeover's ticks counted as work to be done before the next change.
  let best = new Float64Array(MODES * width).fill(Infinity);
  best[0 * width + workTicks] = 0;
  for (const up of available) {
    const next = new Float64Array(MODES * width).fill(Infinity);
    for (let mode = 0; mode < MODES; mode += 1) {
      for (let left = 0; left < width; left += 1) {
        const bill = best[mode * width + left] as number;
        if (bill === Infinity) continue;
        if (left === 0) {
          next[0] = Math.min(next[0] as number, bill);
          continue;
        }
        next[left] = Math.min(next[left] as number, bill);
        for (const to of [1, 2]) {
          if (to === 1 && up === 0) continue;
          // Changing costs ticks of work, paid for; a changeover under way is not carried over to another change.
          const cost = to === mode ? 0 : changeoverTicks;
          const after = Math.min(width - 1, left + cost) - 1;
          if (left + cost > width - 1) continue;
          const at = to * width + after;
          const total = bill + (to === 1 ? spotPrice : 1);
          if (total < (next[at] as number)) next[at] = total;
        }
      }
    }
    best = next;
  }
  let least = Infinity;
  for (let mode = 0; mode < MODES; mode += 1) least = Math.min(least, best[mode * width] as number);
  return least;
}
