/** What one target asks of something that its group shares. */
export interface Claim {
  readonly name: string;
  /** Higher comes first. */
  readonly priority: number;
  readonly askedReplicas: number;
  /** What cannot be taken from it: its minimum, and what may not be scaled in now. */
  readonly floorReplicas: number;
  /** What one replica takes of the resource: 1 for a limit in replicas, its price for one in dollars. */
  readonly unit: number;
}

/**
 * Shares a limited resource: floors first, then by priority; within one priority replica by replica to whom it helps most, a
 * target being as badly off as the square of what it lacks over what it asks. The gain of a next replica falls, so that the
 * greedy choice is the best one where all units are equal; where they differ it is by gain per unit, and short of the best
 * by less than one replica's gain. Floors hold even where they exceed the limit. Source: Fox, Discrete optimization via marginal
 * analysis (Management Science 13, 1966).
 */
export function arbitrate(claims: readonly Claim[], limit: number): ReadonlyMap<string, number> {
  const granted = new Map(claims.map((claim) => [claim.name, Math.min(claim.askedReplicas, claim.floorReplicas)]));
  let left = limit - claims.reduce((sum, claim) => sum + (granted.get(claim.name) ?? 0) * claim.unit, 0);
  for (const priority of [...new Set(claims.map((claim) => claim.priority))].sort((a, b) => b - a)) {
    left = shareOut(claims.filter((claim) => claim.priority === priority), granted, left);
  }
  return granted;
}

/** Gives replicas out within one priority, and gives what is left. */
function shareOut(claims: readonly Claim[], granted: Map<string, number>, limit: number): number {
  let left = limit;
  for (;;) {
    let best: Claim | undefined;
    let bestGain = 0;
    for (const claim of claims) {
      const has = granted.get(claim.name) ?? 0;
      const gain = has < claim.askedReplicas && claim.unit <= left + 1e-9 ? marginalGain(claim.askedReplicas, has) / claim.unit : 0;
      if (gain > bestGain) [best, bestGain] = [claim, gain];
    }
    if (best === undefined) return left;
    granted.set(best.name, (granted.get(best.name) ?? 0) + 1);
    left -= best.unit;
  }
}

/** How much less badly off a target is with one more replica: ((a − h)² − (a − h − 1)²) / a. */
export function marginalGain(asked: number, has: number): number {
  return (2 * (asked - has) - 1) / asked;
}
