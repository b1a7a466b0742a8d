import { describe, expect, it } from "vitest";

import { missing } from "../../src/model/observation.ts";
import type { Observation } from "../../src/model/observation.ts";
import type { Policy, SignalSpec } from "../../src/model/policy.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { initialGroupState, reconcileGroupState, restoreGroupState, saveGroupState, step } from "../../src/step.ts";
import type { GroupState, StepResult } from "../../src/step.ts";
import { policyOf } from "../fixtures/policy.ts";
import { reasonOf } from "../fixtures/scene.ts";

const BASE = policyOf();
const UNREAD = missing("absent", "not read");
const demandOf = (fields: Partial<SignalSpec>): SignalSpec => ({ ...BASE.signals.demand, metric: "busy", extract: "gauge", unit: undefined, ...fields });
const policyFor = (fields: Partial<SignalSpec>): Policy => policyOf({ signals: { demand: demandOf(fields) } });

class Told {
  policies: readonly Policy[];
  state: GroupState;
  nowSeconds = 1_700_000_000;
  replicas = 30;

  constructor(policies: readonly Policy[]) {
    this.policies = policies;
    this.state = initialGroupState("web", policies);
  }

  /** One tick with the same demand for every target, in a unit that the senders tell or do not. */
  tick(value: number, unit?: string, installs: Snapshot["installs"] = []): StepResult {
    this.nowSeconds += 15;
    const demand: Observation = { kind: "value", value, timeSeconds: this.nowSeconds, ...(unit !== undefined && { unit }) };
    const workload = { kind: "value", timeSeconds: this.nowSeconds, desiredReplicas: this.replicas, readyReplicas: this.replicas, pendingReplicas: 0 } as const;
    const seen = { demand, utilization: UNREAD, missRatio: UNREAD, backlog: UNREAD, notices: [], workload };
    const targets = Object.fromEntries(this.policies.map(({ name, follows }) => [name, follows === undefined ? seen : { ...seen, demand: { ...demand, value: 1, unit: "1" } }]));
    const result = step(this.state, { timeSeconds: this.nowSeconds, wake: "tick", epoch: 1, targets, installs, outcomes: [], overrides: [] }, this.policies);
    this.state = result.nextState;
    return result;
  }

  change(policies: readonly Policy[]): void {
    this.policies = policies;
    this.state = reconcileGroupState(this.state, policies);
  }

  restart(alter: (saved: { readonly targets: Record<string, Record<string, unknown>> }) => void = () => undefined): void {
    const saved = JSON.parse(JSON.stringify(saveGroupState(this.state))) as { readonly targets: Record<string, Record<string, unknown>> };
    alter(saved);
    const restored = restoreGroupState(saved, this.policies);
    if (!restored.ok) throw new Error(restored.message);
    this.state = restored.value;
  }

  rows(target = "web"): number {
    return this.state.targets[target]?.model.rows ?? NaN;
  }
}

function warmed(policies: readonly Policy[], unit?: string): Told {
  const told = new Told(policies);
  for (let tick = 0; tick < 100; tick += 1) told.tick(2000, unit);
  return told;
}

describe("a unit that the senders change", () => {
  it.each([false, true])("is converted where it is of one dimension, and said (restarted: %s)", (restarted) => {
    const [told, other] = [warmed([policyFor({})], "s"), warmed([policyFor({})], "s")];
    if (restarted) told.restart();
    const [{ decisions: [decision] }, { decisions: [same] }] = [told.tick(2_000_000, "ms"), other.tick(2000, "s")];
    expect(decision?.reasons.filter(({ code }) => code !== "unit-changed")).toEqual(same?.reasons);
    expect(decision?.inputs["demand"]).toEqual(same?.inputs["demand"]);
    expect(decision === undefined ? "" : reasonOf(decision, "unit-changed")?.text).toBe(`demand is now reported in "ms", but was learned in "s": converted`);
    expect(told.rows()).toBe(101);
    expect(told.tick(2000, "s").decisions[0]?.reasons.some(({ code }) => code === "unit-changed")).toBe(false);
  });

  it.each([false, true])("is invalid where it is not: what runs is held, both units are named (restarted: %s)", (restarted) => {
    const told = warmed([policyFor({})], "s");
    if (restarted) told.restart();
    for (const value of [2_000_000, 2]) {
      const [decision] = told.tick(value, "By").decisions;
      expect(decision).toMatchObject({ desiredReplicas: 30, inputs: { demand: { cause: "invalid" } } });
      expect(decision?.reasons.find(({ code }) => code === "unit-changed")?.text).toBe(`demand is now reported in "By", but was learned in "s": state its unit in the policy`);
    }
  });

  it("is converted for those that follow the target, too", () => {
    const follower = policyOf({ name: "db", follows: [{ target: "web", ratio: 1 }], signals: { demand: demandOf({ metric: "queries" }) } });
    const told = warmed([policyFor({}), follower], "s");
    const decision = told.tick(2_000_000, "ms").decisions.find(({ target }) => target === "db");
    expect(decision?.inputs["what web passes on"]).toMatchObject({ value: 2000 });
  });
});

describe("a reading that the policy changes", () => {
  it.each([
    ["extract", { extract: "rate" }, "extract rate instead of gauge"], ["aggregate", { aggregate: "max" }, "aggregate max instead of sum"],
    ["quantile", { quantile: 0.9 }, "quantile 0.9 instead of none"], ["unit", { unit: "ms" }, "unit ms instead of s"],
  ] as const)("is learned anew: %s", (_, fields, text) => {
    const told = warmed([policyFor({ unit: "s" })]);
    told.change([policyFor({ unit: "s", ...fields })]);
    told.restart();
    const [decision] = told.tick(3000).decisions;
    expect(decision?.reasons[0]).toEqual({ code: "learned-anew", text: `demand is now read with ${text}: what was learned of it is learned anew`, before: 30, after: 30 });
    expect(told.rows()).toBe(1);
    expect(told.tick(3000).decisions[0]?.reasons.some(({ code }) => code === "learned-anew")).toBe(false);
    expect(told.rows()).toBe(2);
  });

  it("takes no fit to what was read before", () => {
    const told = warmed([policyFor({ unit: "s" })]);
    const old = told.nowSeconds;
    told.change([policyFor({ unit: "ms" })]);
    const install = { target: "web", modelId: "lead-ridge", digest: "d", fittedToSeconds: old, fit: "not even a fit" };
    told.tick(3000, undefined, [install]);
    told.tick(3000, undefined, [install]);
    expect(told.state.targets["web"]?.fittedToSeconds).toBeUndefined();
  });

  it("leaves what does not hang on it: the lead time, and the demand where another signal is meant", () => {
    const utilization = demandOf({ metric: "use", unit: "1" });
    const both = (unit: string): Policy => policyOf({ signals: { demand: demandOf({ unit: "s" }), utilization: { ...utilization, unit } } });
    const told = warmed([both("1")]);
    const leadTime = told.state.targets["web"]?.leadTime;
    told.change([both("%")]);
    expect(told.tick(2000).decisions[0]?.reasons[0]?.text).toContain("utilization is now read with unit % instead of 1");
    expect(told.rows()).toBe(101);
    expect(told.state.targets["web"]?.leadTime).toEqual(leadTime);
  });

  it.each([
    ["the unit that was seen", "s", { unit: "s" }], ["a unit where none was told", undefined, { unit: "s" }], ["another window", "s", { windowSeconds: 120 }],
  ] as const)("is none where it states %s", (_, unit, fields) => {
    const told = warmed([policyFor({})], unit);
    told.change([policyFor(fields)]);
    told.tick(2000, unit);
    expect(told.rows()).toBe(101);
  });

  it("is none after a checkpoint of a version that did not know of readings", () => {
    const told = warmed([policyFor({ unit: "s" })]);
    told.restart(({ targets }) => { delete targets["web"]?.["readings"]; });
    expect(told.tick(2000).decisions[0]?.reasons.some(({ code }) => code === "learned-anew")).toBe(false);
    expect(told.rows()).toBe(101);
  });
});
