/** Replicas by region when the hour's intensities are known: the cleanest filled first. Imports nothing of what it judges. */
export function clairvoyantShares(intensity: readonly number[], total: number, room: number): readonly number[] {
  const shares = intensity.map(() => 0);
  let left = total;
  for (const at of intensity.map((_, index) => index).sort((a, b) => (intensity[a] ?? 0) - (intensity[b] ?? 0))) {
    shares[at] = Math.min(room, left);
    left -= shares[at] ?? 0;
  }
  return shares;
}

/** The best order that is fixed for the whole span. */
export function staticShares(hours: readonly (readonly number[])[], total: number, room: number): readonly number[] {
  const means = (hours[0] ?? []).map((_, at) => hours.reduce((sum, row) => sum + (row[at] ?? 0), 0));
  return clairvoyantShares(means, total, room);
}
