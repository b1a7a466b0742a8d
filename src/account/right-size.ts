/**
 * CPU and memory that one replica needs, from decaying histograms of its use, as the Kubernetes VPA recommender keeps them
 * (kubernetes/autoscaler, vertical-pod-autoscaler: exponential buckets, half-life of a day, target at the 90th percentile).
 */
export interface UsageHistogram {
  /** Weight per bucket; bucket k begins at `first` × (ratio^k − 1) / (ratio − 1). */
  readonly weights: readonly number[];
  readonly referenceSeconds: number;
}

const RATIO = 1.05;
const HALF_LIFE_SECONDS = 86_400;
const BUCKETS = 180;
/** Weights grow by 2 each half-life after the reference; it is moved before they overflow. */
const MOST_HALF_LIVES = 100;

export const EMPTY_USAGE: UsageHistogram = { weights: [], referenceSeconds: 0 };

/** Adds one sample of use (cores, or GiB) taken at a time; `first` is the width of the first bucket in the same unit. Bad samples are left out. */
export function addUsage(histogram: UsageHistogram, use: number, timeSeconds: number, first: number): UsageHistogram {
  if (!Number.isFinite(use) || use < 0 || !Number.isFinite(timeSeconds)) return histogram;
  let { weights, referenceSeconds } = histogram;
  if (weights.length === 0) {
    weights = new Array<number>(BUCKETS).fill(0);
    referenceSeconds = timeSeconds;
  } else if (timeSeconds - referenceSeconds > MOST_HALF_LIVES * HALF_LIFE_SECONDS) {
    const scale = 2 ** ((referenceSeconds - timeSeconds) / HALF_LIFE_SECONDS);
    weights = weights.map((weight) => weight * scale);
    referenceSeconds = timeSeconds;
  }
  const bucket = Math.min(BUCKETS - 1, Math.floor(Math.log(1 + (use / first) * (RATIO - 1)) / Math.log(RATIO)));
  const weight = 2 ** ((timeSeconds - referenceSeconds) / HALF_LIFE_SECONDS);
  return { referenceSeconds, weights: weights.map((old, at) => (at === bucket ? old + weight : old)) };
}

/** The upper end of the bucket that holds the share `level` (0..1) of the weight; undefined without samples. */
export function usageQuantile(histogram: UsageHistogram, level: number, first: number): number | undefined {
  const total = histogram.weights.reduce((sum, weight) => sum + weight, 0);
  if (total === 0) return undefined;
  let sum = 0;
  for (const [at, weight] of histogram.weights.entries()) {
    sum += weight;
    if (sum >= level * total * (1 - 1e-12)) return (first * (RATIO ** (at + 1) - 1)) / (RATIO - 1);
  }
  return undefined;
}

export interface SizeOption {
  readonly instanceType: string;
  readonly vcpu: number;
  readonly memoryGib: number;
  readonly pricePerHourUsd: number;
}

export interface SizeAdvice {
  readonly instanceType: string;
  /** Replicas of the measured need that one machine carries, and dollars per hour for each. */
  readonly replicas: number;
  readonly perReplicaUsd: number;
  readonly savingShare: number;
  /** Share of the measured time in which CPU, or memory, would have been above what a replica gets there. */
  readonly cpuShortShare: number;
  readonly memoryShortShare: number;
}

export interface SizeTerms {
  /** Quantile of the CPU use that a replica must get; of the memory use too, where `memoryLevel` is absent. */
  readonly level: number;
  readonly memoryLevel?: number;
  /** Widths of the histograms' first buckets. */
  readonly cpuFirst: number;
  readonly memoryFirst: number;
  readonly perReplicaUsdNow: number;
}

/** How much of the machine is left for the system and for other agents. */
const USABLE_SHARE = 0.9;

/** The types of lowest price per replica for the measured use, cheapest first, against what a replica costs now. Types that cannot hold one are left out. */
export function adviseSize(cpu: UsageHistogram, memory: UsageHistogram, options: readonly SizeOption[], terms: SizeTerms): readonly SizeAdvice[] {
  const cores = usageQuantile(cpu, terms.level, terms.cpuFirst);
  const gib = usageQuantile(memory, terms.memoryLevel ?? terms.level, terms.memoryFirst);
  if (cores === undefined || gib === undefined) return [];
  return options
    .flatMap(({ instanceType, vcpu, memoryGib, pricePerHourUsd }): SizeAdvice[] => {
      const replicas = Math.floor(Math.min((vcpu * USABLE_SHARE) / cores, (memoryGib * USABLE_SHARE) / gib));
      if (replicas < 1) return [];
      const perReplicaUsd = pricePerHourUsd / replicas;
      return [{
        instanceType, replicas, perReplicaUsd, savingShare: 1 - perReplicaUsd / terms.perReplicaUsdNow,
        cpuShortShare: shareAbove(cpu, (vcpu * USABLE_SHARE) / replicas, terms.cpuFirst), memoryShortShare: shareAbove(memory, (memoryGib * USABLE_SHARE) / replicas, terms.memoryFirst),
      }];
    })
    .sort((a, b) => a.perReplicaUsd - b.perReplicaUsd);
}

/** Share of the weight in buckets that end above a use. */
function shareAbove(histogram: UsageHistogram, use: number, first: number): number {
  const total = histogram.weights.reduce((sum, weight) => sum + weight, 0);
  const above = histogram.weights.reduce((sum, weight, at) => ((first * (RATIO ** (at + 1) - 1)) / (RATIO - 1) > use ? sum + weight : sum), 0);
  return total === 0 ? 0 : above / total;
}
