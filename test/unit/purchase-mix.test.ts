import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planMix } from "../../src/purchase/mix.ts";
import type { Pool } from "../../src/purchase/mix.ts";
import { cheapestByTrial } from "../fixtures/purchase/cheapest-by-trial.ts";

const dollars = fc.integer({ min: 1, max: 100 }).map((cents) => cents / 100);
const pool = fc.record({ domain: fc.integer({ min: 0, max: 2 }), spot: fc.boolean(), have: fc.integer({ min: 0, max: 3 }), most: fc.integer({ min: 0, max: 4 }), price: dollars, keep: dollars, further: dollars });

describe("the mix of least effective price", () => {
  it("equals the cheapest of all mixes tried one by one", () => {
    fc.assert(fc.property(
      fc.array(pool, { minLength: 1, maxLength: 4 }),
      fc.record({ needed: fc.integer({ min: 0, max: 5 }), spot: fc.integer({ min: 0, max: 5 }), crowded: fc.constantFrom(0, 0.34, 0.5, 1), crowdPrice: dollars, survive: fc.integer({ min: 0, max: 3 }), loss: fc.array(dollars, { minLength: 3, maxLength: 3 }), maxSpare: fc.integer({ min: 0, max: 2 }), together: fc.array(dollars, { minLength: 2, maxLength: 2 }), chances: fc.array(fc.constantFrom(0, 0.1, 0.5, 0.9, 1), { minLength: 5, maxLength: 5 }) }),
      (raw, t) => {
        const pools = raw.map((entry, at): Pool => ({ id: String(at), domain: entry.domain, spot: entry.spot, replicas: 1, have: entry.have, most: entry.most, newPrice: entry.price, furtherPrice: entry.price + entry.further, keepPrice: entry.price - Math.min(entry.keep, entry.price) }));
        const terms = { neededReplicas: t.needed, spotReplicas: t.spot, crowdedShare: t.crowded, crowdPrice: t.crowdPrice, surviveReplicas: t.survive, lossPrice: t.loss, regionOf: [0, 0, 1], regionLossPrice: t.together, needChance: t.chances.toSorted((a, b) => b - a), maxSpare: t.maxSpare };
        const mix = planMix(pools, terms);
        const oracle = cheapestByTrial(pools, terms);
        expect(mix.complete).toBe(oracle !== undefined);
        if (oracle !== undefined) expect(mix.price).toBeCloseTo(oracle, 9);
      },
    ), { numRuns: 500 });
  });

  it("leaves what the policy asks to survive when any one domain is lost", () => {
    const pools: Pool[] = ["a", "b", "c"].map((id, domain) => ({ id, domain, spot: true, replicas: 1, have: 0, most: Infinity, keepPrice: 0.3, newPrice: 0.3 + domain / 100, furtherPrice: 0.3 + domain / 100 }));
    pools.push({ id: "od", domain: 0, spot: false, replicas: 1, have: 0, most: Infinity, keepPrice: 1, newPrice: 1, furtherPrice: 1 });
    const mix = planMix(pools, { neededReplicas: 12, spotReplicas: 12, crowdedShare: 1, crowdPrice: 0, surviveReplicas: 8, lossPrice: [0, 0, 0], maxSpare: 0 });
    for (const at of [0, 1, 2]) expect(12 - (mix.instances[at] ?? 0)).toBeGreaterThanOrEqual(8);
    expect(mix.instances[3]).toBe(0);
  });

  it("says so when the pools cannot supply the need", () => {
    const mix = planMix([{ id: "a", domain: 0, spot: false, replicas: 2, have: 0, most: 2, keepPrice: 1, newPrice: 1, furtherPrice: 1 }], { neededReplicas: 5, spotReplicas: 0, crowdedShare: 1, crowdPrice: 0, surviveReplicas: 0, lossPrice: [0], maxSpare: 0 });
    expect(mix).toMatchObject({ complete: false, replicas: 4, instances: [2] });
  });
});
