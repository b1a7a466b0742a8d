import { describe, expect, it } from "vitest";

import { missing, present } from "../../src/model/observation.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { initialGroupState, step } from "../../src/step.ts";
import { policyOf } from "../fixtures/policy.ts";

const UNREAD = missing("absent", "not read");

function snapshotWith(notices: Snapshot["targets"][string]["notices"]): Snapshot {
  const timeSeconds = 1_700_000_115;
  return {
    timeSeconds, wake: "notice", epoch: 1, installs: [], outcomes: [], overrides: [],
    targets: {
      web: {
        demand: present(700, timeSeconds), utilization: UNREAD, missRatio: UNREAD, backlog: UNREAD, notices,
        workload: { kind: "value", timeSeconds, desiredReplicas: 200, readyReplicas: 200, pendingReplicas: 0 },
      },
    },
  };
}

describe("an interruption notice", () => {
  it("names the machine in the intent, so that its replacement is ordered at once", () => {
    const { decisions, intents } = step(initialGroupState("web", [policyOf()]), snapshotWith([{ kind: "interruption", offering: "a/m5.large/spot", count: 1, timeSeconds: 1_700_000_235, instanceId: "i-1" }]), [policyOf({ replicas: { min: 200, max: 200 } })]);
    expect(decisions[0]?.kind).toBe("rebalance");
    expect(intents).toMatchObject([{ direction: "rebalance", desiredReplicas: 200, leaving: ["i-1"] }]);
  });

  it("gives no intent where the advice is only to rebalance and nothing better can be bought", () => {
    const { intents } = step(initialGroupState("web", [policyOf()]), snapshotWith([{ kind: "rebalance", offering: "a/m5.large/spot", count: 1, timeSeconds: 1_700_000_115, instanceId: "i-1" }]), [policyOf({ replicas: { min: 200, max: 200 } })]);
    expect(intents).toEqual([]);
  });
});
