import type { DomainMemory } from "./purchase-request.ts";

/** Upper ends of the age bins in hours: losses are many among young capacity and few among old (see docs/decisions/0501). */
const AGE_BIN_ENDS_HOURS = [0.25, 0.5, 1, 2, 4, 8, 16, 32] as const;
/** The bin after those of age, for a domain that is tight: what is left there goes within minutes. */
const TIGHT_BIN = AGE_BIN_ENDS_HOURS.length + 1;
const BINS = TIGHT_BIN + 1;
/** Loss rate in each bin relative to the offering's stated mean, before anything is learned. */
const PRIOR_SHAPE = [10, 6, 3.5, 2, 1.3, 0.8, 0.5, 0.3, 0.2, 10] as const;
/** How many hours of watching the stated rate is worth, and the mean over all domains against one domain's own record. */
const PRIOR_HOURS = 4;
const POOLED_HOURS = 2;
/** What was seen a fortnight ago weighs 1/e. */
const MEMORY_HOURS = 336;
/** Where neither the offering nor experience says anything: one loss in two days. */
export const UNKNOWN_LOSSES_PER_HOUR = 0.02;

export function newDomain(nowSeconds: number, up: boolean): DomainMemory {
  return { up, quietSinceSeconds: nowSeconds, lastLossSeconds: 0, losses: noneSeen(), hours: noneSeen() };
}

function noneSeen(): number[] {
  return new Array<number>(BINS).fill(0);
}

function binOf(domain: DomainMemory, nowSeconds: number): number {
  return domain.tight === true ? TIGHT_BIN : ageBin((nowSeconds - domain.quietSinceSeconds) / 3600);
}

function ageBin(ageHours: number): number {
  let bin = 0;
  for (const end of AGE_BIN_ENDS_HOURS) {
    if (ageHours < end) return bin;
    bin += 1;
  }
  return bin;
}

export interface DomainSight {
  readonly up: boolean;
  /** A notice, an unannounced loss or a rebalance recommendation has come since the last call. */
  readonly disturbed: boolean;
  /** Instances there, ready or not. */
  readonly held: number;
  /** Whether it would give one more. */
  readonly room: boolean;
}

/**
 * One domain's memory after a call: hours watched, a loss where it went down or was disturbed, its quiet time anew. A domain that
 * refuses more though nothing more was taken is tight until it gives again: no loss yet, but no longer quiet.
 */
export function watchDomain(before: DomainMemory, sight: DomainSight, fromSeconds: number, nowSeconds: number): DomainMemory {
  const wentDown = before.up && !sight.up;
  const cameUp = !before.up && sight.up;
  const lost = wentDown || (sight.disturbed && before.up);
  if (!before.up && !lost && !cameUp) return before;
  const elapsedHours = Math.max(0, nowSeconds - fromSeconds) / 3600;
  const keep = 1 - elapsedHours / MEMORY_HOURS;
  const bin = binOf(before, nowSeconds);
  // Bins of an earlier version were others: their counts are left behind.
  const known = before.losses.length === BINS ? before : { losses: [], hours: [] };
  const losses = noneSeen().map((_, at) => Math.max(0, (known.losses[at] ?? 0) * keep) + (lost && at === bin ? 1 : 0));
  const hours = noneSeen().map((_, at) => Math.max(0, (known.hours[at] ?? 0) * keep) + (before.up && at === bin ? elapsedHours : 0));
  const refuses = !sight.room && sight.held > 0;
  const tightened = refuses && before.room === true && sight.held <= (before.held ?? 0);
  return {
    up: sight.up, held: sight.held, room: sight.room, tight: refuses && (tightened || before.tight === true),
    quietSinceSeconds: lost || cameUp || tightened ? nowSeconds : before.quietSinceSeconds,
    lastLossSeconds: lost ? nowSeconds : before.lastLossSeconds,
    losses, hours,
  };
}

/** What all domains together have shown, by age bin. */
export interface PooledRisk {
  readonly losses: readonly number[];
  readonly hours: readonly number[];
}

export function poolRisk(domains: Iterable<DomainMemory>): PooledRisk {
  const losses = noneSeen();
  const hours = noneSeen();
  for (const domain of domains) {
    // Of an earlier version, with other bins, and not seen since.
    if (domain.losses.length !== BINS) continue;
    for (let bin = 0; bin < losses.length; bin += 1) {
      losses[bin] = (losses[bin] ?? 0) + (domain.losses[bin] ?? 0);
      hours[bin] = (hours[bin] ?? 0) + (domain.hours[bin] ?? 0);
    }
  }
  return { losses, hours };
}

/**
 * Losses per hour to expect of a domain at its present quiet age: its own record, shrunk to that of all domains, which is
 * shrunk to the stated rate (Gamma-Poisson means). A rate that is not finite counts as unknown.
 */
export function lossesPerHour(domain: DomainMemory, pooled: PooledRisk, statedPerHour: number, nowSeconds: number): number {
  const stated = Number.isFinite(statedPerHour) && statedPerHour >= 0 ? statedPerHour : UNKNOWN_LOSSES_PER_HOUR;
  const bin = binOf(domain, nowSeconds);
  const prior = stated * (PRIOR_SHAPE[bin] ?? 1);
  const all = ((pooled.losses[bin] ?? 0) + prior * PRIOR_HOURS) / ((pooled.hours[bin] ?? 0) + PRIOR_HOURS);
  return ((domain.losses[bin] ?? 0) + all * POOLED_HOURS) / ((domain.hours[bin] ?? 0) + POOLED_HOURS);
}
