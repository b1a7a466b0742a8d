import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { arbitrate } from "../../src/plan/arbitrate.ts";
import type { Claim } from "../../src/plan/arbitrate.ts";

/** How badly off targets are: the square of what each lacks over what it asks. */
function lack(claims: readonly Claim[], counts: readonly number[]): number {
  return claims.reduce((sum, claim, i) => sum + (claim.askedReplicas === 0 ? 0 : (claim.askedReplicas - (counts[i] ?? 0)) ** 2 / claim.askedReplicas), 0);
}

/** Every way to share, one after the other. */
function bestByBruteForce(claims: readonly Claim[], limit: number): number {
  let best = Infinity;
  const counts: number[] = [];
  const walk = (i: number, left: number): void => {
    const claim = claims[i];
    if (claim === undefined) {
      best = Math.min(best, lack(claims, counts));
      return;
    }
    for (let count = Math.min(claim.floorReplicas, claim.askedReplicas); count <= claim.askedReplicas && count * claim.unit <= left + 1e-9; count += 1) {
      counts[i] = count;
      walk(i + 1, left - count * claim.unit);
    }
  };
  walk(0, limit);
  return best;
}

const claimsOf = (priority: fc.Arbitrary<number>): fc.Arbitrary<readonly Claim[]> =>
  fc.array(fc.record({ priority, askedReplicas: fc.integer({ min: 0, max: 9 }), floorReplicas: fc.integer({ min: 0, max: 3 }) }), { minLength: 1, maxLength: 4 })
    .map((claims) => claims.map((claim, i) => ({ ...claim, name: `t${String(i)}`, unit: 1 })));

describe("sharing a limit", () => {
  it("is the best way to share one resource of equal units, by brute force", () => {
    fc.assert(fc.property(claimsOf(fc.constant(0)), fc.integer({ min: 0, max: 30 }), (claims, limit) => {
      const granted = arbitrate(claims, limit);
      const floors = claims.reduce((sum, claim) => sum + Math.min(claim.floorReplicas, claim.askedReplicas), 0);
      fc.pre(floors <= limit);
      expect(lack(claims, claims.map(({ name }) => granted.get(name) ?? 0))).toBeCloseTo(bestByBruteForce(claims, limit), 9);
    }), { numRuns: 500, seed: 3 });
  });

  it("spends all that is wanted, never more than the limit, never less than a floor", () => {
    fc.assert(fc.property(claimsOf(fc.integer({ min: 0, max: 3 })), fc.integer({ min: 0, max: 40 }), (claims, limit) => {
      const granted = arbitrate(claims, limit);
      const sum = [...granted.values()].reduce((a, b) => a + b, 0);
      const asked = claims.reduce((total, claim) => total + claim.askedReplicas, 0);
      const floors = claims.reduce((total, claim) => total + Math.min(claim.floorReplicas, claim.askedReplicas), 0);
      expect(sum).toBe(Math.max(floors, Math.min(limit, asked)));
      for (const claim of claims) expect(granted.get(claim.name)).toBeGreaterThanOrEqual(Math.min(claim.floorReplicas, claim.askedReplicas));
    }), { seed: 4 });
  });

  it("leaves a lower priority its floor alone while a higher one lacks something", () => {
    fc.assert(fc.property(claimsOf(fc.integer({ min: 0, max: 3 })), fc.integer({ min: 0, max: 40 }), (claims, limit) => {
      const granted = arbitrate(claims, limit);
      for (const high of claims) {
        if ((granted.get(high.name) ?? 0) >= high.askedReplicas) continue;
        for (const low of claims) if (low.priority < high.priority) expect(granted.get(low.name)).toBe(Math.min(low.floorReplicas, low.askedReplicas));
      }
    }), { seed: 5 });
  });

  it("with unequal prices is short of the best by less than one replica's gain, and keeps the limit", () => {
    const priced = fc.tuple(claimsOf(fc.constant(0)), fc.array(fc.constantFrom(0.1, 0.25, 0.4), { minLength: 4, maxLength: 4 })).map(([claims, prices]) => claims.map((claim, i) => ({ ...claim, floorReplicas: 0, unit: prices[i] ?? 0.1 })));
    fc.assert(fc.property(priced, fc.double({ min: 0.4, max: 6, noNaN: true }), (claims, limit) => {
      const counts = claims.map(({ name }) => arbitrate(claims, limit).get(name) ?? 0);
      expect(claims.reduce((sum, claim, i) => sum + claim.unit * (counts[i] ?? 0), 0)).toBeLessThanOrEqual(limit + 1e-9);
      expect(lack(claims, counts) - bestByBruteForce(claims, limit)).toBeLessThanOrEqual(2 + 1e-9);
    }), { numRuns: 500, seed: 6 });
  });
});
