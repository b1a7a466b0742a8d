// Shut down by the calendar and woken: the bounds that hold, on ordinary days and on those on which clocks change.
import { describe, expect, it } from "vitest";
import type { Override } from "../../../src/model/override.ts";
import type { Policy, ScheduleSpec } from "../../../src/model/policy.ts";
import { missing, present } from "../../../src/model/observation.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { effectivePolicy } from "../../../src/policy/effective-policy.ts";
import { parsePolicies } from "../../../src/policy/parse-policies.ts";
import { initialGroupState, step } from "../../../src/step.ts";
import { withFloors } from "../../../src/step/floors.ts";
import { policyOf } from "../../fixtures/policy.ts";

const at = (iso: string): number => Date.parse(iso) / 1000;
const nights = (parts: Partial<ScheduleSpec> = {}): ScheduleSpec => ({
  name: "nights", cron: "0 20 * * 1-5", untilCron: "0 7 * * 1-5", timezone: "Europe/Berlin", durationSeconds: 0, minReplicas: undefined, maxReplicas: undefined, priority: 0, off: true, expiresAtSeconds: undefined, ...parts,
});
const staging = (parts: Partial<Policy> = {}): Policy => policyOf({ replicas: { min: 2, max: 20 }, leadTimeSeconds: 600, schedules: [nights()], ...parts });
const boundsAt = (policy: Policy, iso: string): readonly [number, number] => {
  const { min, max } = effectivePolicy(policy, at(iso)).replicas;
  return [min, max];
};
const floor = (replicas: number, from: string, parts: Partial<Override> = {}): Override => ({
  id: "o-1", target: "web", kind: "floor", replicas, reason: "a demo for a customer", author: "ann", createdAtSeconds: at(from), expiresAtSeconds: at(from) + 3_600, ...parts,
});

describe("a schedule that is off", () => {
  it("shuts the target down whatever its minimum, and ends a lead time before its window does", () => {
    expect(boundsAt(staging(), "2026-11-24T18:59:59Z")).toEqual([2, 20]);
    expect(boundsAt(staging(), "2026-11-24T19:00:00Z")).toEqual([0, 0]);
    expect(boundsAt(staging(), "2026-11-25T05:49:59Z")).toEqual([0, 0]);
    expect(boundsAt(staging(), "2026-11-25T05:50:00Z")).toEqual([2, 20]);
  });

  it("lasts from Friday evening to Monday morning where it ends on weekdays alone", () => {
    expect(boundsAt(staging(), "2026-11-28T12:00:00Z")).toEqual([0, 0]);
    expect(boundsAt(staging(), "2026-11-29T23:00:00Z")).toEqual([0, 0]);
    expect(boundsAt(staging(), "2026-11-30T06:00:00Z")).toEqual([2, 20]);
  });

  it.each([
    // Berlin: summer time begins on 29 March 2026 at 01:00 UTC and ends on 25 October 2026 at 01:00 UTC.
    ["the night that loses an hour", "2026-03-27T19:00:00Z", "2026-03-30T04:50:00Z"],
    ["the night that has one twice", "2026-10-23T18:00:00Z", "2026-10-26T05:50:00Z"],
  ])("begins and ends by the clock on the wall over %s", (_, begins, ends) => {
    const policy = staging();
    expect(boundsAt(policy, new Date((at(begins) - 1) * 1000).toISOString())).toEqual([2, 20]);
    expect(boundsAt(policy, begins)).toEqual([0, 0]);
    expect(boundsAt(policy, new Date((at(ends) - 1) * 1000).toISOString())).toEqual([0, 0]);
    expect(boundsAt(policy, ends)).toEqual([2, 20]);
  });

  it("agrees with a minute-by-minute walk of the wall clock, over a year, in zones on both halves of the globe", () => {
    for (const timezone of ["America/New_York", "Australia/Sydney"]) {
      const policy = staging({ leadTimeSeconds: 0, schedules: [nights({ timezone })] });
      const wall = new Intl.DateTimeFormat("en-GB", { timeZone: timezone, weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
      for (let time = at("2026-01-05T12:00:00Z"); time < at("2027-01-04T12:00:00Z"); time += 3_600) {
        const parts = Object.fromEntries(wall.formatToParts(new Date(time * 1000)).map(({ type, value }) => [type, value]));
        const [day = "", hour] = [parts["weekday"], Number(parts["hour"])];
        const isOff = ["Sat", "Sun"].includes(day) || hour >= 20 || (hour < 7);
        expect([timezone, new Date(time * 1000).toISOString(), effectivePolicy(policy, time).replicas.max === 0]).toEqual([timezone, new Date(time * 1000).toISOString(), isOff]);
      }
    }
  }, 120_000);

  it("gives way to an event's floor and to a schedule's of higher priority, not to a lower one", () => {
    const event = { name: "release", startSeconds: at("2026-11-24T20:00:00Z"), endSeconds: at("2026-11-24T22:00:00Z"), minReplicas: 5, maxReplicas: undefined, priority: 0 };
    expect(boundsAt(staging({ events: [event] }), "2026-11-24T21:00:00Z")).toEqual([5, 20]);
    const late = (priority: number): ScheduleSpec => nights({ name: "late", cron: "0 21 * * *", untilCron: "0 23 * * *", minReplicas: 3, priority, off: false });
    expect(boundsAt(staging({ schedules: [nights({ priority: 5 }), late(9)] }), "2026-11-24T20:30:00Z")).toEqual([3, 20]);
    expect(boundsAt(staging({ schedules: [nights({ priority: 5 }), late(1)] }), "2026-11-24T20:30:00Z")).toEqual([0, 0]);
  });

  it("begins no more after its expiry, and what it began before ends as it would", () => {
    const policy = staging({ schedules: [nights({ expiresAtSeconds: at("2026-11-24T22:00:00Z") })] });
    expect(boundsAt(policy, "2026-11-25T04:00:00Z")).toEqual([0, 0]);
    expect(boundsAt(policy, "2026-11-25T21:00:00Z")).toEqual([2, 20]);
  });
});

describe("a floor", () => {
  const night = "2026-11-24T21:00:00Z";
  it("wakes what a schedule has shut down, within the policy's own bounds, until it expires", () => {
    const asleep = effectivePolicy(staging(), at(night));
    const bounds = (override: Override, iso = night): unknown => withFloors([asleep], { overrides: [override], timeSeconds: at(iso) })[0]?.replicas;
    expect(bounds(floor(4, night))).toMatchObject({ min: 4, max: 20 });
    expect(bounds(floor(1, night))).toMatchObject({ min: 2, max: 20 });
    expect(bounds(floor(99, night))).toMatchObject({ min: 20, max: 20 });
    expect(bounds(floor(4, night), "2026-11-24T22:00:00Z")).toMatchObject({ min: 0, max: 0 });
    expect(bounds(floor(4, night, { target: "other" }))).toMatchObject({ min: 0, max: 0 });
  });

  it("changes nothing of a policy that it is not about", () => {
    const policies = [staging()];
    expect(withFloors(policies, { overrides: [], timeSeconds: at(night) })).toBe(policies);
  });
});

describe("the step", () => {
  const UNREAD = missing("absent", "not read");
  const snapshot = (iso: string, replicas: number, parts: Partial<Snapshot> = {}): Snapshot => ({
    timeSeconds: at(iso), wake: "tick", epoch: 1, installs: [], outcomes: [], overrides: [], ...parts,
    targets: { web: { demand: replicas === 0 ? UNREAD : present(700, at(iso)), utilization: UNREAD, missRatio: UNREAD, backlog: UNREAD, notices: [], workload: { kind: "value", timeSeconds: at(iso), desiredReplicas: replicas, readyReplicas: replicas, pendingReplicas: 0 } } },
  });
  const decide = (iso: string, replicas: number, parts: Partial<Snapshot> = {}) => {
    const policy = effectivePolicy(staging(), at(iso));
    return step(initialGroupState("web", [policy]), snapshot(iso, replicas, parts), [policy]);
  };

  it("takes everything out when the window begins, with load or without, and says which schedule does", () => {
    const { decisions, intents } = decide("2026-11-24T19:00:00Z", 8);
    expect(decisions[0]?.desiredReplicas).toBe(0);
    expect(decisions[0]?.reasons.at(-1)?.text).toContain("shut down by the schedule nights");
    expect(intents[0]?.desiredReplicas).toBe(0);
  });

  it("brings it back a lead time before the window ends, while nothing is known of the load", () => {
    expect(decide("2026-11-25T05:49:45Z", 0).decisions[0]?.desiredReplicas).toBe(0);
    expect(decide("2026-11-25T05:50:00Z", 0).decisions[0]?.desiredReplicas).toBe(2);
  });

  it("wakes it on demand, in the next pass", () => {
    const { decisions } = decide("2026-11-24T21:00:15Z", 0, { overrides: [floor(4, "2026-11-24T21:00:00Z")] });
    expect(decisions[0]?.desiredReplicas).toBe(4);
    expect(decisions[0]?.reasons.map(({ text }) => text).join()).toContain("a floor of 4 by ann: a demo for a customer");
  });
});

describe("the policy file", () => {
  const parse = (schedule: string) => parsePolicies([{ path: "p.yaml", text: `apiVersion: foretide.dev/v1\nkind: Policy\nmetadata: { name: web }\nspec:\n  target: { simulated: {} }\n  replicas: { min: 2, max: 50 }\n  demand: { preset: cpu }\n  schedules:\n    - ${schedule}\n` }]);
  it("takes a window by its two ends", () => {
    const parsed = parse('{ name: nights, cron: "0 20 * * 1-5", until: "0 7 * * 1-5", timezone: Europe/Berlin, off: true }');
    expect(parsed).toMatchObject({ ok: true, policies: [{ schedules: [{ name: "nights", untilCron: "0 7 * * 1-5", off: true }] }] });
  });

  it.each([
    ['{ name: a, cron: "0 20 * * *", off: true }', "spec.schedules[0]: needs duration or until"],
    ['{ name: a, cron: "0 20 * * *", until: "7 am", off: true }', 'spec.schedules[0].until: "7 am" is not a schedule: it has not five fields'],
    ['{ name: a, cron: "0 20 * * *", duration: 8h, until: "0 7 * * *", off: true }', "give until or duration, not both"],
    ['{ name: a, cron: "0 20 * * *", duration: 8h, off: true, minReplicas: 3 }', "has no effect with off: true"],
    ['{ name: a, cron: "0 20 * * *", duration: 8h, off: false }', "needs minReplicas or maxReplicas"],
  ])("refuses %s", (schedule, message) => {
    expect(JSON.stringify(parse(schedule))).toContain(JSON.stringify(message).slice(1, -1).replace(/^spec[^:]*: /, ""));
  });
});
