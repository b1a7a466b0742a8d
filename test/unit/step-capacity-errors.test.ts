import { describe, expect, it } from "vitest";
import { present } from "../../src/model/observation.ts";
import type { Outcome } from "../../src/model/intent.ts";
import { initialGroupState, step } from "../../src/step.ts";
import { policyOf } from "../fixtures/policy.ts";
import { NOW, THREE_ZONES } from "../fixtures/purchase/request.ts";

const POLICY = policyOf({ purchase: { onDemandBase: 0, spotShare: 1, maxDomainShare: 1, regions: [], instanceTypes: [], replicasPerInstance: 1 } });
const absent = { kind: "absent", cause: "absent", detail: "" } as const;

function decide(outcomes: readonly Outcome[]): readonly Readonly<Record<string, number>>[] {
  let state = initialGroupState("web", [POLICY]);
  const wanted: Readonly<Record<string, number>>[] = [];
  for (const [at, told] of [[], outcomes].entries()) {
    const timeSeconds = NOW + at * 15;
    const result = step(state, {
      timeSeconds, wake: "tick", epoch: 1, installs: [], overrides: [], outcomes: told,
      targets: { web: { demand: present(400, timeSeconds), utilization: absent, missRatio: absent, backlog: absent, notices: [], offerings: THREE_ZONES,
        workload: { kind: "value", timeSeconds, desiredReplicas: 2, readyReplicas: 2, pendingReplicas: 0, runningByOffering: { "us-east-1a/on-demand": 2 }, pendingByOffering: {} } } },
    }, [POLICY]);
    state = result.nextState;
    wanted.push(result.decisions[0]?.allocation?.instances ?? {});
  }
  return wanted;
}

describe("an order that the cloud refuses for want of capacity", () => {
  const outcome: Outcome = { idempotencyKey: "k", target: "web", kind: "rejected", timeSeconds: NOW + 1, code: "capacity", detail: "InsufficientInstanceCapacity" };

  it("lets the offerings rest that were to have more: the next order goes elsewhere at once", () => {
    const [first = {}, second = {}] = decide([outcome]);
    const asked = Object.keys(first).filter((id) => id.endsWith("/spot"));
    expect(asked.length).toBeGreaterThan(0);
    for (const id of asked) expect(second[id] ?? 0).toBe(0);
    expect(Object.values(second).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(6);
  });

  it("changes nothing where it was refused for another reason", () => {
    const [first, second] = decide([{ ...outcome, code: "throttled" }]);
    expect(second).toEqual(first);
  });
});
