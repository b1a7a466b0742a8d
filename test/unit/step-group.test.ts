import { describe, expect, it } from "vitest";

import { missing, present } from "../../src/model/observation.ts";
import type { Snapshot, TargetSnapshot } from "../../src/model/snapshot.ts";
import { initialGroupState, step } from "../../src/step.ts";
import { policyOf } from "../fixtures/policy.ts";

const UNREAD = missing("absent", "not read");
const NOW_SECONDS = 1_700_000_115;
const FRONT = policyOf({ name: "front", group: "shop" });
const BACK = policyOf({ name: "back", group: "shop" });

function seen(demand: number, replicas: number): TargetSnapshot {
  return {
    demand: Number.isNaN(demand) ? missing("stale", "test") : present(demand, NOW_SECONDS), utilization: UNREAD, missRatio: UNREAD, backlog: UNREAD, notices: [],
    workload: { kind: "value", timeSeconds: NOW_SECONDS, desiredReplicas: replicas, readyReplicas: replicas, pendingReplicas: 0 },
  };
}

function snapshotOf(targets: Snapshot["targets"], fields: Partial<Snapshot> = {}): Snapshot {
  return { timeSeconds: NOW_SECONDS, wake: "tick", epoch: 1, targets, installs: [], outcomes: [], overrides: [], ...fields };
}

describe("a group of several targets", () => {
  it("is decided in one step, each target by its own inputs, in the order of the policies", () => {
    const { decisions, intents } = step(initialGroupState("shop", [FRONT, BACK]), snapshotOf({ front: seen(2000, 5), back: seen(NaN, 40) }), [FRONT, BACK]);
    expect(decisions.map(({ target }) => target)).toEqual(["front", "back"]);
    expect(decisions[0]?.kind).toBe("scale-out");
    expect(decisions[1]?.desiredReplicas).toBe(40);
    expect(intents.map(({ target }) => target)).toEqual(["front"]);
  });

  it("keeps a pause of the group for each of its targets", () => {
    const pause = { id: "p", target: "shop", kind: "pause", reason: "test", author: "test", createdAtSeconds: 0, expiresAtSeconds: NOW_SECONDS + 60 } as const;
    const { intents } = step(initialGroupState("shop", [FRONT, BACK]), snapshotOf({ front: seen(2000, 5), back: seen(2000, 5) }, { overrides: [pause] }), [FRONT, BACK]);
    expect(intents).toEqual([]);
  });

  it("lets no more replicas go than the allowance across groups", () => {
    const policies = [FRONT];
    let state = initialGroupState("shop", policies);
    let desired = 40;
    for (let tick = 0; tick < 60; tick += 1) {
      const timeSeconds = NOW_SECONDS + 15 * tick;
      const target: TargetSnapshot = { ...seen(100, 40), demand: present(100, timeSeconds), workload: { kind: "value", timeSeconds, desiredReplicas: 40, readyReplicas: 40, pendingReplicas: 0 } };
      const result = step(state, { ...snapshotOf({ front: target }), timeSeconds, allowances: { maxScaleInReplicas: 3 } }, policies);
      state = result.nextState;
      desired = Math.min(desired, result.decisions[0]?.desiredReplicas ?? desired);
    }
    expect(desired).toBe(37);
  });
});
