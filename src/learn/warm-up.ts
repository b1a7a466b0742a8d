import type { StartedReplicas } from "./started-replicas.ts";

/** What a replica carries of its full capacity by its age, learned where it is not stated. Plain data. */
export interface WarmUp {
  /** By age, `AGE_SECONDS` a bin; NaN where it has not been seen. */
  readonly shares: readonly number[];
  readonly samples: readonly number[];
}

const AGE_SECONDS = 30;
const AGES = 20;
/** Ages past it are taken to be warm. */
export const OLDEST_SECONDS = AGE_SECONDS * AGES;
const WEIGHT = 0.1;
/** The fresh must be so large a share of the fleet to be told from noise. */
const LEAST_FRESH_SHARE = 0.15;
const LEAST_SAMPLES = 8;
/** Below this share a replica is not warm. */
const WARM_SHARE = 0.85;

export const NO_WARM_UP: WarmUp = { shares: [], samples: [] };

export interface WarmUpSample {
  readonly started: StartedReplicas;
  readonly timeSeconds: number;
  readonly readyReplicas: number;
  /** The fleet's capacity per replica now (load over use and replicas), over that of a fleet that has not changed for long. */
  readonly fleetShare: number;
  /** Ages below it lie partly outside the window of the measurement. */
  readonly leastAgeSeconds: number;
}

/** One more reading of a fleet of which some are fresh: the shortfall of the fleet is theirs, told apart by the age of the newest. */
export function learnWarmUp(before: WarmUp, { started, timeSeconds, readyReplicas, fleetShare, leastAgeSeconds }: WarmUpSample): WarmUp {
  const { batches } = started;
  const newest = batches.at(-1);
  if (newest === undefined || !(fleetShare > 0)) return before;
  const age = timeSeconds - newest.timeSeconds;
  if (age < leastAgeSeconds || age >= OLDEST_SECONDS) return before;
  // Batches within one bin of each other are one; older ones that are still cold would be blamed on the newest.
  const fresh = batches.filter((batch) => batch.timeSeconds > newest.timeSeconds - AGE_SECONDS).reduce((sum, batch) => sum + batch.count, 0);
  const others = batches.reduce((sum, batch) => sum + batch.count, 0) - fresh;
  if (fresh < LEAST_FRESH_SHARE * readyReplicas || others > fresh / 2) return before;
  const share = Math.max(0, Math.min(1.2, 1 - ((1 - fleetShare) * readyReplicas) / fresh));
  const bin = Math.floor(age / AGE_SECONDS);
  const at = (values: readonly number[], empty: number): number[] => Array.from({ length: AGES }, (_, i) => values[i] ?? empty);
  const shares = at(before.shares, NaN);
  const samples = at(before.samples, 0);
  const seen = samples[bin] ?? 0;
  const known = shares[bin] ?? NaN;
  shares[bin] = seen === 0 ? share : known + Math.max(WEIGHT, 1 / (seen + 1)) * (share - known);
  samples[bin] = seen + 1;
  return { shares, samples };
}

/** Seconds from ready to warm: the end of the oldest age that has been seen to be cold. 0 where none has. */
export function warmUpSeconds({ shares, samples }: WarmUp): number {
  for (let bin = shares.length - 1; bin >= 0; bin -= 1) {
    if ((samples[bin] ?? 0) >= LEAST_SAMPLES && (shares[bin] ?? 1) < WARM_SHARE) return (bin + 1) * AGE_SECONDS;
  }
  return 0;
}
