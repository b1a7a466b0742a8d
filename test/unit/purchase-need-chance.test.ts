import { describe, expect, it } from "vitest";
import { planMix } from "../../src/purchase/mix.ts";
import type { Pool } from "../../src/purchase/mix.ts";

const zone = (domain: number): Pool => ({ id: String(domain), domain, spot: true, replicas: 1, have: 0, most: 4, keepPrice: 0.3, newPrice: 0.3, furtherPrice: 0.3 });
const terms = { neededReplicas: 4, spotReplicas: 4, crowdedShare: 1, crowdPrice: 0, surviveReplicas: 0, lossPrice: [2, 2], maxSpare: 4 };

describe("a spare where the need is a chance", () => {
  it("is bought for every replica that is needed for certain", () => {
    expect(planMix([zone(0), zone(1)], terms).replicas).toBe(8);
  });

  it("is not bought for those that are headroom", () => {
    expect(planMix([zone(0), zone(1)], { ...terms, needChance: [1, 1, 0.01, 0] })).toMatchObject({ replicas: 4, instances: [2, 2] });
  });
});
