/**
 * Work per second of process CPU (user + system): `work` returns how many units one call did. It is warmed up first, then
 * measured in `rounds` rounds of about `roundSeconds`; the median round counts.
 */
export function perCoreSecond(work: () => number, options: { readonly rounds?: number; readonly roundSeconds?: number } = {}): number {
  const { rounds = 7, roundSeconds = 0.4 } = options;
  cpuRound(work, roundSeconds);
  const results = Array.from({ length: rounds }, () => cpuRound(work, roundSeconds));
  return median(results);
}

function cpuRound(work: () => number, seconds: number): number {
  const before = process.cpuUsage();
  let units = 0;
  let spent = 0;
  while (spent < seconds * 1e6) {
    units += work();
    const used = process.cpuUsage(before);
    spent = used.user + used.system;
  }
  return (units / spent) * 1e6;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
