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

/** User and system seconds of a child process, sampled until it ends: what it took, however busy the machine is. Linux only. */
export function watchCpuSeconds(pid: number, readStat: (path: string) => string): { seconds(): number } {
  let ticks = 0;
  const sample = (): void => {
    try {
      const fields = readStat(`/proc/${String(pid)}/stat`).split(") ")[1]?.split(" ") ?? [];
      ticks = Math.max(ticks, Number(fields[11]) + Number(fields[12]));
    } catch {
      clearInterval(timer);
    }
  };
  const timer = setInterval(sample, 20);
  timer.unref();
  return {
    seconds() {
      sample();
      clearInterval(timer);
      return ticks / TICKS_PER_SECOND;
    },
  };
}

/** The kernel's USER_HZ. */
const TICKS_PER_SECOND = 100;
