import { describe, expect, it } from "vitest";
import type { EventSpec, Policy, ScheduleSpec } from "../../../src/model/policy.ts";
import { effectiveBounds, effectivePolicy } from "../../../src/policy/effective-policy.ts";
import { parsePolicies } from "../../../src/policy/parse-policies.ts";

const at = (iso: string): number => Date.parse(iso) / 1000;

function policyWith(parts: { readonly schedules?: readonly ScheduleSpec[]; readonly events?: readonly EventSpec[] }): Policy {
  const text = "apiVersion: foretide.dev/v1\nkind: Policy\nmetadata: { name: web }\nspec: { target: { simulated: {} }, replicas: { min: 2, max: 50 }, demand: { preset: cpu } }\n";
  const parsed = parsePolicies([{ path: "p.yaml", text }]);
  const [policy] = parsed.ok ? parsed.policies : [];
  if (policy === undefined) throw new Error("the policy is wrong");
  return { ...policy, ...parts };
}

const schedule = (name: string, parts: Partial<ScheduleSpec> = {}): ScheduleSpec => ({ name, cron: "0 8 * * 1-5", timezone: "Europe/Berlin", durationSeconds: 36_000, minReplicas: undefined, maxReplicas: undefined, priority: 0, expiresAtSeconds: undefined, ...parts });
const event = (name: string, parts: Partial<EventSpec> = {}): EventSpec => ({ name, startSeconds: at("2026-11-27T06:00:00Z"), endSeconds: at("2026-11-27T12:00:00Z"), minReplicas: undefined, maxReplicas: undefined, priority: 0, ...parts });

describe("schedules and events", () => {
  it("hold from their start until just before their end, in the schedule's own time zone", () => {
    const policy = policyWith({ schedules: [schedule("office", { minReplicas: 10 })] });
    // 8:00 in Berlin is 7:00 UTC in winter and 6:00 in summer.
    expect(effectivePolicy(policy, at("2026-11-24T06:59:59Z")).replicas.min).toBe(2);
    expect(effectivePolicy(policy, at("2026-11-24T07:00:00Z")).replicas.min).toBe(10);
    expect(effectivePolicy(policy, at("2026-11-24T16:59:59Z")).replicas.min).toBe(10);
    expect(effectivePolicy(policy, at("2026-11-24T17:00:00Z"))).toBe(policy);
    expect(effectivePolicy(policy, at("2026-07-15T06:00:00Z")).replicas.min).toBe(10);
    expect(effectivePolicy(policy, at("2026-07-15T05:59:59Z")).replicas.min).toBe(2);
  });

  it("do not begin at the weekend, nor after they expired", () => {
    const policy = policyWith({ schedules: [schedule("office", { minReplicas: 10, expiresAtSeconds: at("2026-12-01T00:00:00Z") })] });
    expect(effectivePolicy(policy, at("2026-11-28T10:00:00Z")).replicas.min).toBe(2);
    expect(effectivePolicy(policy, at("2026-11-30T10:00:00Z")).replicas.min).toBe(10);
    expect(effectivePolicy(policy, at("2026-12-02T10:00:00Z")).replicas.min).toBe(2);
  });

  it("give way in order: an event before every schedule, then the priority, then the higher count", () => {
    const inBoth = at("2026-11-27T09:00:00Z");
    const schedules = [schedule("office", { minReplicas: 10, priority: 900 }), schedule("lunch", { minReplicas: 12, priority: 900 }), schedule("low", { minReplicas: 40 })];
    expect(effectiveBounds(policyWith({ schedules }), inBoth)).toMatchObject({ min: 12, minFrom: "lunch" });
    const sale = event("sale", { minReplicas: 8 });
    expect(effectiveBounds(policyWith({ schedules, events: [sale] }), inBoth)).toMatchObject({ min: 8, minFrom: "sale" });
  });

  it("never leave the policy's own bounds, and never put a ceiling beneath a floor", () => {
    const inEvent = at("2026-11-27T09:00:00Z");
    expect(effectiveBounds(policyWith({ events: [event("a", { minReplicas: 99 })] }), inEvent)).toMatchObject({ min: 50, max: 50 });
    expect(effectiveBounds(policyWith({ events: [event("a", { minReplicas: 20 }), event("b", { maxReplicas: 5 })] }), inEvent)).toMatchObject({ min: 20, max: 20 });
  });

  it("answer the same whatever was asked before, forwards and backwards in time", () => {
    const policy = policyWith({ schedules: [schedule("office", { minReplicas: 10 })] });
    const times = Array.from({ length: 24 * 4 * 10 }, (_, i) => at("2026-10-22T00:00:00Z") + i * 900);
    const forwards = times.map((time) => effectivePolicy(policy, time).replicas.min);
    const backwards = times.toReversed().map((time) => effectivePolicy(policy, time).replicas.min).toReversed();
    // A schedule object that has never been asked has no memory.
    const fresh = times.map((time) => effectivePolicy(policyWith({ schedules: [schedule("office", { minReplicas: 10 })] }), time).replicas.min);
    expect(forwards).toEqual(fresh);
    expect(backwards).toEqual(fresh);
  });
});
