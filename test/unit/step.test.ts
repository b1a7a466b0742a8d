import { describe, expect, it } from "vitest";

import { missing, present } from "../../src/model/observation.ts";
import type { Snapshot, TargetSnapshot } from "../../src/model/snapshot.ts";
import { initialGroupState, restoreGroupState, saveGroupState, step } from "../../src/step.ts";
import type { GroupState } from "../../src/step.ts";
import { policyOf } from "../fixtures/policy.ts";

const START = 1_700_000_000;

function snapshotAt(index: number, replicas: number, fields: Partial<TargetSnapshot> = {}): Snapshot {
  const timeSeconds = START + index * 15;
  const demand = 1000 + 200 * Math.sin(index / 40);
  return {
    timeSeconds, wake: "tick", epoch: 1, installs: [], outcomes: [], overrides: [],
    targets: {
      web: {
        demand: present(demand, timeSeconds), utilization: present(demand / (replicas * 100), timeSeconds),
        missRatio: present(0, timeSeconds), backlog: missing("absent", "none"), notices: [],
        workload: { kind: "value", timeSeconds, desiredReplicas: replicas, readyReplicas: replicas, pendingReplicas: 0 },
        ...fields,
      },
    },
  };
}

function run(state: GroupState, from: number, to: number): { readonly state: GroupState; readonly text: string; readonly replicas: number } {
  const lines: string[] = [];
  let current = state;
  let replicas = 20;
  for (let i = from; i < to; i += 1) {
    const result = step(current, snapshotAt(i, replicas), [policyOf()]);
    current = result.nextState;
    replicas = result.decisions[0]?.desiredReplicas ?? replicas;
    lines.push(JSON.stringify([result.decisions, result.intents]));
  }
  lines.push(JSON.stringify(saveGroupState(current)));
  return { state: current, text: lines.join("\n"), replicas };
}

describe("step", () => {
  it("gives the same bytes for the same state, snapshots and policies", () => {
    const first = run(initialGroupState("web", [policyOf()]), 0, 200);
    const second = run(initialGroupState("web", [policyOf()]), 0, 200);
    expect(second.text).toBe(first.text);
  });

  it("goes on from a checkpoint as it would have without it", () => {
    const policies = [policyOf()];
    const half = run(initialGroupState("web", policies), 0, 150).state;
    const saved: unknown = JSON.parse(JSON.stringify(saveGroupState(half)));
    const restored = restoreGroupState(saved, policies);
    if (!restored.ok) throw new Error(restored.message);
    expect(run(restored.value, 150, 250).text).toBe(run(half, 150, 250).text);
  });

  it("never scales in while demand is absent", () => {
    const policies = [policyOf()];
    const warm = run(initialGroupState("web", policies), 0, 100);
    const result = step(warm.state, snapshotAt(100, 60, { demand: missing("stale", "no point for 200 s") }), policies);
    expect(result.decisions[0]?.desiredReplicas).toBe(60);
    expect(result.intents).toEqual([]);
  });
});
