// The gate against a brute-force reading of its rules, which imports nothing of it: over random worlds, a write is sent exactly when
// every rule allows it, never twice for a key, and every intent gets one outcome.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSimulated } from "../../src/act/actuators/simulated.ts";
import { passGate } from "../../src/act/gate.ts";
import { createGateMemory } from "../../src/act/gate-memory.ts";
import type { Intent } from "../../src/model/intent.ts";
import type { Mode } from "../../src/model/mode.ts";
import type { Override } from "../../src/model/override.ts";

interface World {
  readonly killed: boolean;
  readonly mode: Mode;
  readonly epoch: number | undefined;
  readonly overrides: readonly Override[];
  readonly backOffUntil: number | undefined;
  /** What another hand makes of the count before this intent; undefined: nothing. */
  readonly other: number | undefined;
  readonly stepSeconds: number;
}

const NOW = 1_000_000;
const count = fc.integer({ min: -1, max: 8 });
const intent = fc.record({
  key: fc.integer({ min: 1, max: 20 }).map(String),
  direction: fc.constantFrom("out" as const, "in" as const, "rebalance" as const),
  expected: fc.integer({ min: 0, max: 8 }),
  desired: fc.oneof({ weight: 9, arbitrary: count }, { weight: 1, arbitrary: fc.constantFrom(Number.NaN, 2.5, Infinity) }),
  livesSeconds: fc.integer({ min: -2, max: 30 }),
  epoch: fc.constantFrom(1, 1, 1, 2),
});
const override: fc.Arbitrary<Override> = fc.record({
  id: fc.constant("1"), target: fc.constantFrom("shop", "web", "*", "cart"), kind: fc.constantFrom("pause" as const, "pause-scale-in" as const, "pin" as const),
  replicas: fc.integer({ min: 0, max: 8 }), reason: fc.constant("r"), author: fc.constant("a"),
  createdAtSeconds: fc.integer({ min: NOW - 5, max: NOW + 20 }), expiresAtSeconds: fc.integer({ min: NOW, max: NOW + 60 }),
});
const world: fc.Arbitrary<World> = fc.record({
  killed: fc.constantFrom(false, false, false, false, false, true), mode: fc.constantFrom<Mode[]>("observe", "recommend", "scale-out-only", "full", "full", "full"),
  epoch: fc.constantFrom(1, 1, 1, 2, undefined), overrides: fc.array(override, { maxLength: 2 }),
  backOffUntil: fc.option(fc.integer({ min: NOW - 5, max: NOW + 40 }), { nil: undefined, freq: 4 }),
  other: fc.option(fc.integer({ min: 0, max: 8 }), { nil: undefined, freq: 4 }), stepSeconds: fc.integer({ min: 0, max: 8 }),
});

/** Whether a write must be sent, by the rules as docs and DESIGN state them. */
function mustWrite(one: Intent, { killed, mode, epoch, overrides, backOffUntil }: World, at: { readonly now: number; readonly current: number; readonly seen: ReadonlySet<string> }): boolean {
  const { desiredReplicas: to, expectedReplicas: from, direction } = one;
  const isCount = Number.isInteger(to) && to >= 0;
  const contradicts = (direction === "out" && to < from) || (direction === "in" && to > from);
  const takesAway = direction === "in" || to < from;
  const modeAllows = mode === "full" || (mode === "scale-out-only" && direction === "out" && !takesAway);
  const stopped = overrides.some((held) => ["shop", "web", "*"].includes(held.target) && at.now < held.expiresAtSeconds
    && (held.kind === "pause" || (held.kind === "pause-scale-in" && takesAway) || (held.kind === "pin" && held.replicas !== to)));
  return isCount && !contradicts && !killed && modeAllows && at.now < one.expiresAtSeconds && epoch === one.epoch && !stopped
    && (backOffUntil === undefined || at.now >= backOffUntil) && !at.seen.has(one.idempotencyKey) && at.current === from && to !== at.current;
}

describe("the gate", () => {
  it("sends a write exactly when every rule allows it, and gives every intent one outcome", async () => {
    let sent = 0;
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(intent, world), { minLength: 1, maxLength: 8 }), async (script) => {
      let now = NOW;
      const cloud = createSimulated({ replicas: 4, startSeconds: 0, startSigma: 0, failedStartShare: 0, drainSeconds: 0, maxReplicas: 100, seed: 1 }, { target: "shop", now: () => now });
      const memory = createGateMemory();
      const applied = new Set<string>();
      for (const [{ key, direction, expected, desired, livesSeconds, epoch }, state] of script) {
        now += state.stepSeconds;
        if (state.other !== undefined) cloud.setByOther(state.other, { kind: "user" });
        const current = cloud.cluster().desiredReplicas;
        // Half of the intents are made against what is there, so that many get through.
        const from = expected % 2 === 0 ? current : expected;
        const one: Intent = { target: "shop", decisionId: key, idempotencyKey: key, direction, expectedReplicas: from, desiredReplicas: desired, expiresAtSeconds: now + livesSeconds, epoch };
        const before = cloud.writeCalls();
        const outcome = await passGate(one, {
          actuator: cloud, memory, group: "web", now: () => now,
          standing: {
            killSwitch: () => (state.killed ? { engaged: true, source: "file", reason: "r", author: "a" } : { engaged: false }),
            mode: () => state.mode, overrides: () => state.overrides, epoch: () => state.epoch,
            backOff: () => (state.backOffUntil === undefined ? undefined : { untilSeconds: state.backOffUntil, writer: "w" }),
          },
        });
        expect(outcome.idempotencyKey).toBe(key);
        const writes = cloud.writeCalls() - before;
        if (applied.has(key)) expect(writes).toBe(0);
        if (writes > 0) {
          sent += 1;
          applied.add(key);
          expect(mustWrite(one, state, { now, current, seen: new Set() })).toBe(true);
          expect(cloud.cluster().desiredReplicas).toBe(desired);
          expect(outcome.kind).toBe("applied");
        } else {
          expect(outcome.kind).not.toBe("applied");
          expect(cloud.cluster().desiredReplicas).toBe(current);
          // Not written although it must: only where the key had come to the gate's reading before.
          if (mustWrite(one, state, { now, current, seen: applied })) expect(outcome.code).toBe("duplicate");
        }
      }
    }), { numRuns: 10_000, seed: 20_261_124 });
    expect(sent, "the worlds let enough through for this to mean something").toBeGreaterThan(500);
  });
});
