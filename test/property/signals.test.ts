import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { canonicalJson } from "../../src/model/canonical-json.ts";
import type { SignalSpec } from "../../src/model/policy.ts";
import { restoreGroupState, saveGroupState } from "../../src/step.ts";
import { GroupScene } from "../fixtures/scene.ts";
import type { Shown } from "../fixtures/scene.ts";
import { policyOf } from "../fixtures/policy.ts";

const GAUGE: SignalSpec = { ...policyOf().signals.demand, metric: "shop.gauge", extract: "gauge", unit: undefined };
const PLAIN = policyOf({ scaling: { by: "per-replica", target: 100 }, behavior: { ...policyOf().behavior, scaleInStabilizationSeconds: 0 } });
const MANY = policyOf({
  ...PLAIN, replicas: { min: 0, max: 200, idleAfterSeconds: 60 },
  extraSignals: [{ name: "connections", by: "per-replica", target: 50, spec: GAUGE }, { name: "cpu", by: "utilization", target: 0.6, spec: GAUGE }],
});
const BEHIND = policyOf({ ...PLAIN, name: "behind", follows: [{ target: "web", ratio: 1.5 }], redundancy: { spareReplicas: 1, zones: 2 }, shared: { maxReplicas: 120, maxPerHourUsd: undefined, priority: 1 } });

const load = fc.option(fc.integer({ min: 0, max: 5000 }), { nil: undefined, freq: 8 });
const tick = fc.record({ demand: load, connections: load, cpu: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined, freq: 8 }), behind: load });

function shownOf({ demand, connections, cpu, behind }: { readonly demand: number | undefined; readonly connections: number | undefined; readonly cpu: number | undefined; readonly behind: number | undefined }): Readonly<Record<string, Shown>> {
  return { web: { ...(demand !== undefined && { demand }), signals: { connections, cpu } }, behind: behind === undefined ? {} : { demand: behind } };
}

describe("any sequence of signals", () => {
  it("gives whole counts within the bounds, and a reason for each", () => {
    fc.assert(fc.property(fc.array(tick, { minLength: 1, maxLength: 30 }), (ticks) => {
      const scene = new GroupScene([MANY, BEHIND], 10);
      for (const one of ticks) {
        const { decisions } = scene.tick(shownOf(one));
        for (const { desiredReplicas, target, reasons } of decisions) {
          expect(Number.isInteger(desiredReplicas) && desiredReplicas <= 200 && desiredReplicas >= (target === "web" ? 0 : 1)).toBe(true);
          expect(reasons.length).toBeGreaterThan(0);
        }
      }
    }), { numRuns: 100, seed: 1 });
  });

  it("never scales in at a tick at which a signal is missing", () => {
    fc.assert(fc.property(fc.array(tick, { minLength: 1, maxLength: 30 }), (ticks) => {
      const scene = new GroupScene([MANY], 10);
      for (const one of ticks) {
        const { of } = scene.tick({ web: shownOf(one)["web"] ?? {} });
        const isMissing = one.demand === undefined || one.connections === undefined || one.cpu === undefined;
        if (isMissing) expect(of("web").desiredReplicas).toBeGreaterThanOrEqual(of("web").currentReplicas);
      }
    }), { numRuns: 100, seed: 2 });
  });

  it("never needs less for one more signal", () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 5000 }), fc.double({ min: 0, max: 1, noNaN: true }), (demand, connections, cpu) => {
      const count = (scene: GroupScene): number => scene.tick({ web: { demand, signals: { connections, cpu } } }).of("web").desiredReplicas;
      expect(count(new GroupScene([MANY], 10))).toBeGreaterThanOrEqual(count(new GroupScene([PLAIN], 10)));
    }), { numRuns: 200, seed: 3 });
  });

  it("goes on from a checkpoint as it would have without it, byte for byte", () => {
    fc.assert(fc.property(fc.array(tick, { minLength: 4, maxLength: 24 }), (ticks) => {
      const [going, resumed] = [new GroupScene([MANY, BEHIND], 10), new GroupScene([MANY, BEHIND], 10)];
      ticks.forEach((one, i) => {
        if (i === 3) {
          const restored = restoreGroupState(JSON.parse(JSON.stringify(saveGroupState(resumed.state))), resumed.policies);
          if (!restored.ok) throw new Error(restored.message);
          resumed.state = restored.value;
        }
        expect(canonicalJson(resumed.tick(shownOf(one)).decisions)).toBe(canonicalJson(going.tick(shownOf(one)).decisions));
      });
    }), { numRuns: 30, seed: 4 });
  });
});
