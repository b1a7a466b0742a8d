import { describe, expect, it } from "vitest";

import { guard } from "../../../src/guard/guard.ts";
import type { GuardInput } from "../../../src/guard/guard.ts";
import { GUARD_LIMITS } from "../../../src/guard/guard-limits.ts";
import { initialGuardState } from "../../../src/guard/guard-state.ts";
import type { Override } from "../../../src/model/override.ts";
import type { Workload } from "../../../src/model/workload.ts";

const NOW = 10_000;

function workload(desired: number, ready = desired, pending = 0): Workload {
  return { kind: "value", timeSeconds: NOW, desiredReplicas: desired, readyReplicas: ready, pendingReplicas: pending };
}

function inputOf(fields: Partial<GuardInput>): GuardInput {
  return {
    timeSeconds: NOW, target: "web", group: "shop", desiredReplicas: 10, askedReplicas: undefined, workload: workload(10), bounds: { min: 2, max: 50 },
    badInputs: [], overrides: [], maxScaleInReplicas: undefined, limits: GUARD_LIMITS, ...fields,
  };
}

function override(kind: Override["kind"], target = "web", expiresAtSeconds = NOW + 1): Override {
  return { id: "1", target, kind, reason: "incident", author: "ann", createdAtSeconds: 0, expiresAtSeconds };
}

function run(fields: Partial<GuardInput>): { readonly count: number; readonly codes: readonly string[] } {
  const { desiredReplicas, reasons } = guard(initialGuardState(), inputOf(fields));
  return { count: desiredReplicas, codes: reasons.map(({ code }) => code) };
}

describe("the guard", () => {
  it.each<[string, Partial<GuardInput>, number, readonly string[]]>([
    ["lets a safe count through", { desiredReplicas: 12 }, 12, []],
    ["never goes above the maximum", { desiredReplicas: 60, workload: workload(45) }, 50, ["guard-bounds"]],
    ["never goes below the minimum", { desiredReplicas: 1, workload: workload(3) }, 2, ["guard-bounds"]],
    ["lets the last replica go where the policy says min: 0", { desiredReplicas: 0, workload: workload(1), bounds: { min: 0, max: 50 } }, 0, []],
    ["keeps it where the policy does not", { desiredReplicas: 0, workload: workload(1), bounds: { min: 1, max: 50 } }, 1, ["guard-bounds"]],
    ["goes to none where a schedule has shut the target down", { desiredReplicas: 2, workload: workload(2), bounds: { min: 0, max: 0, from: "shut down by the schedule nights" } }, 0, ["guard-bounds"]],
    ["keeps it while a signal is missing", { desiredReplicas: 0, workload: workload(1), bounds: { min: 0, max: 50 }, badInputs: ["demand absent"] }, 1, ["guard-bad-data"]],
    ["brings a count that is over the maximum down", { desiredReplicas: 60, workload: workload(60) }, 50, ["guard-bounds"]],
    ["goes down to a schedule's lower maximum", { desiredReplicas: 12, workload: workload(20), bounds: { min: 1, max: 5, ownMax: 50 } }, 5, ["guard-bounds"]],
    ["takes nothing away for it on bad data, and grows no further", { desiredReplicas: 30, workload: workload(20), bounds: { min: 1, max: 5, ownMax: 50 }, badInputs: ["demand stale"] }, 20, ["guard-bounds", "guard-bad-data"]],
    ["keeps the policy's own maximum on bad data too", { desiredReplicas: 60, workload: workload(60), bounds: { min: 1, max: 5, ownMax: 50 }, badInputs: ["demand stale"] }, 50, ["guard-bounds", "guard-bad-data", "guard-bounds"]],
    ["takes at most half in ten minutes", { desiredReplicas: 3 }, 5, ["guard-scale-in-limit"]],
    ["takes at most four times as many, or ten more", { desiredReplicas: 49, workload: workload(3) }, 13, ["guard-scale-out-limit"]],
    ["does not scale in on bad data", { desiredReplicas: 8, badInputs: ["demand stale"] }, 10, ["guard-bad-data"]],
    ["scales out on bad data", { desiredReplicas: 12, badInputs: ["demand stale"] }, 12, []],
    ["keeps what the fleet may not lose", { desiredReplicas: 7, maxScaleInReplicas: 1 }, 9, ["guard-fleet-limit"]],
    ["takes an allowance under zero as none", { desiredReplicas: 7, maxScaleInReplicas: -3 }, 10, ["guard-fleet-limit"]],
    ["holds while the target is paused", { desiredReplicas: 12, overrides: [override("pause")] }, 10, ["guard-pause"]],
    ["holds while its group is paused", { desiredReplicas: 12, overrides: [override("pause", "shop")] }, 10, ["guard-pause"]],
    ["holds while all is paused", { desiredReplicas: 12, overrides: [override("pause", "*")] }, 10, ["guard-pause"]],
    ["does not hold for another's pause, nor for one that has ended", { desiredReplicas: 12, overrides: [override("pause", "other"), override("pause", "web", NOW)] }, 12, []],
    ["lets a paused scale-in scale out", { desiredReplicas: 12, overrides: [override("pause-scale-in")] }, 12, []],
    ["does not scale in while that is paused", { desiredReplicas: 8, overrides: [override("pause-scale-in")] }, 10, ["guard-pause-scale-in"]],
    ["leaves a pin to the rules", { desiredReplicas: 12, overrides: [override("pin")] }, 12, []],
    ["rounds, and keeps what runs where the count is no number", { desiredReplicas: NaN }, 10, []],
    ["does nothing where the workload is not known", { desiredReplicas: 4, askedReplicas: 9, workload: { kind: "absent", cause: "stale", detail: "no answer" } }, 9, ["guard-workload-unknown"]],
    ["takes the decided count where nothing was asked before", { desiredReplicas: 4, workload: { kind: "absent", cause: "stale", detail: "no answer" } }, 4, ["guard-workload-unknown"]],
    ["halts while 45 % are neither ready nor pending", { desiredReplicas: 8, workload: workload(10, 5) }, 10, ["guard-halt"]],
    ["does not halt for replicas that are pending", { desiredReplicas: 8, workload: workload(10, 5, 5) }, 8, []],
  ])("%s", (...[, fields, count, codes]) => {
    expect(run(fields)).toEqual({ count, codes });
  });

  it("halts scale-ins for ten minutes when a fifth of the inventory goes unasked", () => {
    const before = guard(initialGuardState(), inputOf({})).nextState;
    const lost = guard(before, inputOf({ timeSeconds: NOW + 15, askedReplicas: 10, workload: workload(7), desiredReplicas: 6 }));
    expect(lost.reasons.map(({ code }) => code)).toEqual(["guard-halt"]);
    expect(lost.desiredReplicas).toBe(7);
    const later = guard(lost.nextState, inputOf({ timeSeconds: NOW + 15 + 600, askedReplicas: 7, workload: workload(7), desiredReplicas: 6 }));
    expect(later.desiredReplicas).toBe(6);
  });

  it("does not halt for replicas that it let go itself", () => {
    const before = guard(initialGuardState(), inputOf({})).nextState;
    expect(guard(before, inputOf({ timeSeconds: NOW + 15, askedReplicas: 6, workload: workload(6), desiredReplicas: 6 })).reasons).toEqual([]);
  });

  it("adds the scale-ins of the last ten minutes up, and forgets older ones", () => {
    const first = guard(initialGuardState(), inputOf({ desiredReplicas: 6 }));
    const second = guard(first.nextState, inputOf({ timeSeconds: NOW + 60, desiredReplicas: 3, askedReplicas: 6, workload: workload(6) }));
    expect(second.desiredReplicas).toBe(5);
    const idle = guard(second.nextState, inputOf({ timeSeconds: NOW + 620, desiredReplicas: 5, askedReplicas: 5, workload: workload(5) }));
    expect(idle.nextState.counts).toEqual([6]);
    const later = guard(idle.nextState, inputOf({ timeSeconds: NOW + 700, desiredReplicas: 3, askedReplicas: 5, workload: workload(5) }));
    expect(later.desiredReplicas).toBe(3);
  });
});
