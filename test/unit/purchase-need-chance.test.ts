import { describe, expect, it } from "vitest";
import type { Policy } from "../../src/model/policy.ts";
import { planMix } from "../../src/purchase/mix.ts";
import type { Pool } from "../../src/purchase/mix.ts";
import { needChance } from "../../src/step/need-chance.ts";
import { policyOf } from "../fixtures/policy.ts";
import { GroupScene } from "../fixtures/scene.ts";

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

describe("the chance that so many replicas are needed at the lead time", () => {
  /** An hour of about a thousand requests a second, by replicas that carry a hundred each. */
  const chanceOf = (policy: Policy, replicas: number): readonly number[] | undefined => {
    const scene = new GroupScene([policy], 12);
    for (let tick = 0; tick < 240; tick += 1) scene.tick({ web: { demand: 1000 + 50 * Math.sin(tick) } });
    const state = scene.state.targets["web"];
    return state === undefined ? undefined : needChance(state, { policy, plan: undefined, replicas });
  };

  it("falls from certain to none around the load that is foreseen", () => {
    const chance = chanceOf(policyOf({ replicas: { min: 1, max: 60 } }), 40) ?? [];
    expect(chance).toHaveLength(40);
    for (const [k, now] of chance.entries()) expect(now).toBeLessThanOrEqual(chance[k - 1] ?? 1);
    expect(chance[7]).toBeGreaterThan(0.9);
    expect(chance[20]).toBeLessThan(0.1);
  });

  it("is certain up to the policy's minimum, and not known without a forecast", () => {
    expect(chanceOf(policyOf({ replicas: { min: 25, max: 60 } }), 30)?.slice(0, 25)).toEqual(new Array(25).fill(1));
    const { forecast } = policyOf();
    expect(chanceOf(policyOf({ forecast: { ...forecast, enabled: false } }), 30)).toBeUndefined();
  });
});
