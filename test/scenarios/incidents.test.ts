import { describe, expect, it } from "vitest";

import type { Decision } from "../../src/model/decision.ts";
import type { Outcome } from "../../src/model/intent.ts";
import { missing, present } from "../../src/model/observation.ts";
import type { Override } from "../../src/model/override.ts";
import type { Policy } from "../../src/model/policy.ts";
import type { Snapshot, TargetSnapshot } from "../../src/model/snapshot.ts";
import { initialGroupState, step } from "../../src/step.ts";
import type { GroupState, StepResult } from "../../src/step.ts";
import { policyOf } from "../fixtures/policy.ts";

const START = 1_700_000_000;

/** A group that is stepped by hand: what runs follows the last decision at once, unless a tick says otherwise. */
class Scene {
  private state: GroupState;
  private tickCount = 0;
  replicas: number;
  readonly policy: Policy;

  constructor(replicas: number, policy: Policy = policyOf()) {
    this.policy = policy;
    this.replicas = replicas;
    this.state = initialGroupState(policy.group, [policy]);
  }

  tick(demand: number | undefined, fields: Partial<TargetSnapshot> = {}, more: Partial<Snapshot> = {}): StepResult & { readonly decision: Decision } {
    this.tickCount += 1;
    const timeSeconds = START + 15 * this.tickCount;
    const target: TargetSnapshot = {
      demand: demand === undefined ? missing("stale", "no point") : present(demand, timeSeconds),
      utilization: demand === undefined ? missing("stale", "no point") : present(Math.min(1, demand / (100 * Math.max(1, this.replicas))), timeSeconds),
      missRatio: present(0, timeSeconds), backlog: missing("absent", "none"), notices: [],
      workload: { kind: "value", timeSeconds, desiredReplicas: this.replicas, readyReplicas: this.replicas, pendingReplicas: 0 },
      ...fields,
    };
    const result = step(this.state, { timeSeconds, wake: "tick", epoch: 1, targets: { [this.policy.name]: target }, installs: [], outcomes: [], overrides: [], ...more }, [this.policy]);
    this.state = result.nextState;
    const [decision] = result.decisions;
    if (decision === undefined) throw new Error("no decision");
    this.replicas = decision.desiredReplicas;
    return { ...result, decision };
  }

  run(ticks: number, demand: number): void {
    for (let i = 0; i < ticks; i += 1) this.tick(demand);
  }
}

function pause(kind: Override["kind"]): Override {
  return { id: "p", target: "*", kind, reason: "migration", author: "ann", createdAtSeconds: START, expiresAtSeconds: START + 1e6 };
}

describe("incidents of others, as scenes", () => {
  it("durable-pause: nothing moves while all is paused (Reddit, 2016)", () => {
    const scene = new Scene(60);
    for (let i = 0; i < 40; i += 1) expect(scene.tick(500, {}, { overrides: [pause("pause")] }).decision.desiredReplicas).toBe(60);
  });

  it("inventory-shrink-halt: no scale-in while a fifth of the inventory is gone (Reddit, 2016)", () => {
    const scene = new Scene(40);
    scene.run(60, 2800);
    scene.replicas = Math.floor(scene.replicas * 0.7);
    const { decision } = scene.tick(500);
    expect(decision.desiredReplicas).toBeGreaterThanOrEqual(decision.currentReplicas);
  });

  it("absent≠0: missing demand never scales in, for as long as it is missing (KEDA 3065, 1850)", () => {
    const scene = new Scene(30);
    scene.run(60, 2000);
    const before = scene.replicas;
    for (let i = 0; i < 600; i += 1) expect(scene.tick(undefined).decision.desiredReplicas).toBeGreaterThanOrEqual(before);
  });

  it("any-missing-blocks-in: one missing signal of several blocks a scale-in, not a scale-out (Kubernetes 99394)", () => {
    const policy = policyOf({ signals: { ...policyOf().signals, utilization: policyOf().signals.demand } });
    const scene = new Scene(60, policy);
    for (let i = 0; i < 40; i += 1) expect(scene.tick(1000, { utilization: missing("absent", "scrape failed") }).decision.desiredReplicas).toBeGreaterThanOrEqual(60);
    expect(scene.tick(9000, { utilization: missing("absent", "scrape failed") }).decision.kind).toBe("scale-out");
  });

  it("rollout-no-feedback: extra replicas of a rollout do not raise the count (Kubernetes 78712)", () => {
    const scene = new Scene(20);
    scene.run(60, 1400);
    const before = scene.replicas;
    for (let i = 0; i < 20; i += 1) {
      scene.replicas = before + 5;
      scene.tick(1400);
      expect(scene.replicas).toBeLessThanOrEqual(before + 5);
    }
  });

  it("warmup-gate: a target that was just met is not scaled in (autoscaler 446)", () => {
    const scene = new Scene(50);
    expect(scene.tick(100).decision.desiredReplicas).toBe(50);
    expect(scene.tick(100).decision.desiredReplicas).toBe(50);
  });

  it("idempotent-actuation: an intent is absolute, and its key equal for the same decision (autoscaler 4095)", () => {
    const twice = [1, 2].map(() => new Scene(5).tick(2000).intents[0]);
    expect(twice[0]).toBeDefined();
    expect(twice[0]).toEqual(twice[1]);
    expect(twice[0]?.desiredReplicas).toBeGreaterThan(5);
  });

  it("no-effect-breaker: after three writes without effect nothing is sent for a while (Karpenter 2821)", () => {
    const scene = new Scene(5);
    const outcome: Outcome = { idempotencyKey: "k", target: "web", kind: "failed", timeSeconds: START, code: "no-capacity", detail: "" };
    for (let i = 0; i < 3; i += 1) {
      scene.replicas = 5;
      scene.tick(2000, {}, { outcomes: [outcome] });
    }
    scene.replicas = 5;
    const { decision, intents } = scene.tick(2000);
    expect(decision.kind).toBe("defer");
    expect(decision.reasons.at(-1)?.code).toBe("breaker-open");
    expect(intents).toEqual([]);
  });

  it("unexplained-drop-hold: a fall that nothing foresaw holds for ten minutes (Inkling, 2024)", () => {
    const scene = new Scene(30);
    scene.run(120, 2000);
    const before = scene.replicas;
    for (let i = 0; i < 38; i += 1) expect(scene.tick(100).decision.desiredReplicas).toBe(before);
    for (let i = 0; i < 80; i += 1) scene.tick(100);
    expect(scene.replicas).toBeLessThan(before);
  });

  it("max-step-out: one step is never more than the guard lets through (Kinesis, 2020)", () => {
    const scene = new Scene(4);
    expect(scene.tick(1e9).decision.desiredReplicas).toBeLessThanOrEqual(16);
  });

  it("fallback≥recent-peak: without data the static count is not below the recent peak (Theta Lake)", () => {
    const scene = new Scene(10, policyOf({ fallback: { holdSeconds: 60, forecastSeconds: 60, staticReplicas: 2 } }));
    scene.run(40, 3000);
    const peak = scene.replicas;
    scene.run(200, 1000);
    expect(scene.replicas).toBeLessThan(peak);
    for (let i = 0; i < 20; i += 1) scene.tick(undefined);
    expect(scene.replicas).toBeGreaterThanOrEqual(Math.ceil(3000 / 80));
  });

  it("empty-selector: a target of which nothing is known is not moved (Google)", () => {
    const scene = new Scene(20);
    scene.run(40, 1400);
    const { decision, intents } = scene.tick(undefined, { workload: { kind: "absent", cause: "absent", detail: "empty answer" } });
    expect(decision.kind).toBe("hold");
    expect(intents).toEqual([]);
  });

  it("time-corpus: a clock that goes back or leaps a year gives finite counts within the bounds (Azure, Cloudflare)", () => {
    const policy = policyOf();
    let state = initialGroupState("web", [policy]);
    for (const timeSeconds of [START, START + 15, START - 3600, START + 15, START + 31_536_000, 1_709_164_800, 0]) {
      const result = step(state, {
        timeSeconds, wake: "tick", epoch: 1, installs: [], outcomes: [], overrides: [],
        targets: { web: { demand: present(1400, timeSeconds), utilization: missing("absent", ""), missRatio: missing("absent", ""), backlog: missing("absent", ""), notices: [], workload: { kind: "value", timeSeconds, desiredReplicas: 20, readyReplicas: 20, pendingReplicas: 0 } } },
      }, [policy]);
      state = result.nextState;
      const desired = result.decisions[0]?.desiredReplicas ?? NaN;
      expect(desired).toBeGreaterThanOrEqual(1);
      expect(desired).toBeLessThanOrEqual(200);
    }
  });

  it("hold-trough: what a scale-in did harm to is taken back (D7)", () => {
    const scene = new Scene(40);
    for (let i = 0; i < 80 && scene.replicas >= 30; i += 1) scene.tick(1500);
    const low = scene.replicas;
    const { decision } = scene.tick(1500, { missRatio: present(0.2, START + 2000) });
    expect(low).toBeLessThan(40);
    expect(decision.desiredReplicas).toBeGreaterThan(low);
  });
});
