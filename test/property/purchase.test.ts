import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Notice, Offering } from "../../src/model/offering.ts";
import { purchase } from "../../src/purchase/purchase.ts";
import type { PurchaseState } from "../../src/purchase/purchase-request.ts";
import { count, NOW, offering, request } from "../fixtures/purchase/request.ts";

const ZONES = ["us-east-1a", "us-east-1b", "us-west-2a"];
const tick = fc.record({
  needed: fc.integer({ min: 1, max: 30 }),
  launchable: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
  lost: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
  noticed: fc.option(fc.record({ zone: fc.integer({ min: 0, max: 2 }), count: fc.integer({ min: 1, max: 4 }) })),
  failed: fc.option(fc.integer({ min: 0, max: 2 })),
  seconds: fc.integer({ min: 5, max: 300 }),
});
const terms = fc.record({ onDemandBase: fc.integer({ min: 0, max: 5 }), spotShare: fc.constantFrom(0, 0.3, 0.7, 1), maxDomainShare: fc.constantFrom(0.3, 0.5, 1), start: fc.constantFrom(30, 60, 180, 400) });

describe("purchase under any market", () => {
  it("supplies the need, keeps the on-demand floor and the spot share, and answers the same again", () => {
    fc.assert(fc.property(terms, fc.array(tick, { minLength: 1, maxLength: 25 }), ({ onDemandBase, spotShare, maxDomainShare, start }, ticks) => {
      let state: PurchaseState | undefined;
      let running: Record<string, number> = {};
      let timeSeconds = NOW;
      for (const { needed, launchable, lost, noticed, failed, seconds } of ticks) {
        timeSeconds += seconds;
        ZONES.forEach((zone, at) => {
          if (lost[at] === true) running[`${zone}/spot`] = 0;
        });
        const offerings: Offering[] = ZONES.flatMap((zone, at) => [offering(zone, "on-demand", { startSeconds: start }), offering(zone, "spot", { startSeconds: start, launchable: launchable[at] === true })]);
        const notices: Notice[] = noticed === null ? [] : [{ kind: "interruption", offering: `${ZONES[noticed.zone] ?? ""}/spot`, count: noticed.count, timeSeconds: timeSeconds + 120 }];
        const asked = request({
          timeSeconds, neededReplicas: needed, floorReplicas: needed, offerings, running, notices, state, capacityErrors: failed === null ? [] : [`${ZONES[failed] ?? ""}/spot`],
          purchase: { onDemandBase, spotShare, maxDomainShare, regions: [], instanceTypes: [], replicasPerInstance: 1 },
        });
        const result = purchase(asked);
        expect(purchase(JSON.parse(JSON.stringify(asked)) as typeof asked)).toEqual(result);
        const instances = result.allocation?.instances ?? {};
        expect(result.desiredReplicas).toBe(needed);
        expect(result.allocation?.replicas).toBeGreaterThanOrEqual(needed);
        expect(count(instances, "on-demand")).toBeGreaterThanOrEqual(Math.min(needed, onDemandBase) + Math.ceil(Math.max(0, needed - onDemandBase) * (1 - spotShare) - 1e-6));
        // Nothing is asked for that the market has refused, beyond what is there.
        ZONES.forEach((zone, at) => {
          if (launchable[at] !== true || failed === at) expect(instances[`${zone}/spot`] ?? 0).toBeLessThanOrEqual(running[`${zone}/spot`] ?? 0);
        });
        state = result.nextState;
        running = { ...instances };
      }
    }), { numRuns: 150 });
  });
});
