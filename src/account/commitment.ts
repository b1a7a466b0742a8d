/** Which commitment to buy for a demand that is known as hours, and what it risks. */

export interface CommitmentTerms {
  /** Rates per replica-hour: on demand (or whatever serves the rest at the margin) and under the commitment. */
  readonly marginalUsd: number;
  readonly committedUsd: number;
}

export interface CommitmentAdvice {
  readonly replicas: number;
  readonly savingPerHourUsd: number;
  /** Share of the committed replica-hours that the demand uses. */
  readonly utilization: number;
  /** Share of the demand's replica-hours that the commitment covers. */
  readonly coverage: number;
  /** Share of the hours in which the last committed replica is needed: what it would have to fall below to lose money. */
  readonly lastNeededShare: number;
  readonly breakEvenShare: number;
}

/**
 * The newsvendor's rule: commit the k-th replica where the share of hours with a demand of k or more passes
 * committed / marginal rate. `demand` is replicas needed by hour; hours that are not finite are left out.
 */
export function adviseCommitment(demand: readonly number[], terms: CommitmentTerms): CommitmentAdvice {
  const hours = demand.filter((value) => Number.isFinite(value)).sort((a, b) => a - b);
  const breakEvenShare = terms.committedUsd / terms.marginalUsd;
  const shareNeeding = (replica: number): number => hours.length === 0 ? 0 : hours.filter((value) => value >= replica).length / hours.length;
  let replicas = 0;
  while (replicas < (hours.at(-1) ?? 0) && shareNeeding(replicas + 1) > breakEvenShare) replicas += 1;
  const used = hours.reduce((sum, value) => sum + Math.min(value, replicas), 0);
  const wanted = hours.reduce((sum, value) => sum + value, 0);
  const count = Math.max(1, hours.length);
  return {
    replicas, breakEvenShare,
    savingPerHourUsd: (used * terms.marginalUsd) / count - replicas * terms.committedUsd,
    utilization: replicas === 0 ? 0 : used / (replicas * count),
    coverage: wanted === 0 ? 0 : used / wanted,
    lastNeededShare: replicas === 0 ? 0 : shareNeeding(replicas),
  };
}

/** What the same commitment would save were the demand another, e.g. a tenth lower: its risk. Negative: it loses. */
export function commitmentSaving(demand: readonly number[], replicas: number, terms: CommitmentTerms): number {
  const hours = demand.filter((value) => Number.isFinite(value));
  const used = hours.reduce((sum, value) => sum + Math.min(value, replicas), 0);
  return hours.length === 0 ? 0 : (used * terms.marginalUsd) / hours.length - replicas * terms.committedUsd;
}
