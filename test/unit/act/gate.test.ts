import { beforeEach, describe, expect, it } from "vitest";
import type { Actuator, WriteAnswer } from "../../../src/act/actuator.ts";
import { createSimulated, type SimulatedActuator } from "../../../src/act/actuators/simulated.ts";
import { passGate, type GateContext } from "../../../src/act/gate.ts";
import { createGateMemory } from "../../../src/act/gate-memory.ts";
import type { Standing } from "../../../src/act/standing-checks.ts";
import type { Intent } from "../../../src/model/intent.ts";
import type { Override } from "../../../src/model/override.ts";
import { intentTo } from "../../contract/actuator.contract.ts";

const NOW = 1_000_000;
let nowSeconds: number;
let cloud: SimulatedActuator;
let standing: { -readonly [Name in keyof Standing]: Standing[Name] };
let context: GateContext;

beforeEach(() => {
  nowSeconds = NOW;
  cloud = createSimulated({ replicas: 4, startSeconds: 60, startSigma: 0, failedStartShare: 0, drainSeconds: 0, maxReplicas: 20, seed: 1 }, { target: "shop", now: () => nowSeconds });
  standing = {
    killSwitch: () => ({ engaged: false }), mode: () => "full", overrides: () => [], epoch: () => 1, backOff: () => undefined,
  };
  context = { actuator: cloud, memory: createGateMemory(), standing, group: "web", now: () => nowSeconds };
});

const out = (rest: Partial<Intent> = {}): Intent => intentTo(6, 4, { expiresAtSeconds: NOW + 60, ...rest });
const inward = (rest: Partial<Intent> = {}): Intent => intentTo(3, 4, { expiresAtSeconds: NOW + 60, ...rest });
const override = (rest: Partial<Override>): Override => ({
  id: "1", target: "shop", kind: "pause", reason: "deploy", author: "ann", createdAtSeconds: NOW - 1, expiresAtSeconds: NOW + 1, ...rest,
});
/** The cloud with some of its calls replaced. */
const withCloud = (parts: Partial<Actuator>): GateContext => ({ ...context, actuator: { ...cloud, ...parts } });

describe("the gate", () => {
  it("lets one absolute write through and says what it did", async () => {
    expect(await passGate(out(), context)).toEqual({
      idempotencyKey: "shop@1:6", target: "shop", kind: "applied", code: "applied", timeSeconds: NOW, detail: "4 → 6",
    });
    expect(cloud.writeCalls()).toBe(1);
    expect(cloud.cluster().desiredReplicas).toBe(6);
  });

  const refusals: readonly [string, () => void, Intent, string][] = [
    ["the kill switch", () => { standing.killSwitch = () => ({ engaged: true, source: "file", reason: "stop", author: "ann" }); }, out(), "kill-switch"],
    ["mode observe", () => { standing.mode = () => "observe"; }, out(), "mode"],
    ["mode recommend", () => { standing.mode = () => "recommend"; }, out(), "mode"],
    ["a scale-in in mode scale-out-only", () => { standing.mode = () => "scale-out-only"; }, inward(), "mode"],
    ["a rebalance in mode scale-out-only", () => { standing.mode = () => "scale-out-only"; }, out({ direction: "rebalance" }), "mode"],
    ["an expired intent", () => { nowSeconds = NOW + 60; }, out(), "expired"],
    ["an older epoch", () => { standing.epoch = () => 2; }, out(), "epoch"],
    ["no lease at all", () => { standing.epoch = () => undefined; }, out(), "epoch"],
    ["a pause of the target", () => { standing.overrides = () => [override({})]; }, out(), "paused"],
    ["a pause of the group", () => { standing.overrides = () => [override({ target: "web" })]; }, out(), "paused"],
    ["a pause of all", () => { standing.overrides = () => [override({ target: "*" })]; }, out(), "paused"],
    ["a scale-in while scale-in is paused", () => { standing.overrides = () => [override({ kind: "pause-scale-in" })]; }, inward(), "paused"],
    ["another count than the pinned one", () => { standing.overrides = () => [override({ kind: "pin", replicas: 9 })]; }, out(), "pinned"],
    ["a back-off from another writer", () => { standing.backOff = () => ({ untilSeconds: NOW + 30, writer: "target tracking cpu70" }); }, out(), "second-writer"],
    ["a scale-out that would take replicas away", () => undefined, inward({ direction: "out" }), "invalid"],
    ["a scale-in that would add replicas", () => undefined, out({ direction: "in" }), "invalid"],
    ["a count that is none", () => undefined, out({ desiredReplicas: Number.NaN }), "invalid"],
    ["a negative count", () => undefined, inward({ desiredReplicas: -1 }), "invalid"],
    ["a count that someone else has moved", () => { cloud.setByOther(5, { kind: "user" }); }, out(), "foreign-write"],
  ];
  it.each(refusals)("refuses %s without a write", async (...[, arrange, intent, code]) => {
    arrange();
    const before = cloud.cluster().desiredReplicas;
    expect(await passGate(intent, context)).toMatchObject({ kind: "rejected", code });
    expect(cloud.writeCalls()).toBe(0);
    expect(cloud.cluster().desiredReplicas).toBe(before);
  });

  it.each<[string, () => void, Intent]>([
    ["a scale-out in mode scale-out-only", () => { standing.mode = () => "scale-out-only"; }, out()],
    ["a scale-out while scale-in is paused", () => { standing.overrides = () => [override({ kind: "pause-scale-in" })]; }, out()],
    ["the pinned count", () => { standing.overrides = () => [override({ kind: "pin", replicas: 6 })]; }, out()],
    ["a pause that has ended", () => { standing.overrides = () => [override({ expiresAtSeconds: NOW })]; }, out()],
    ["a pause of another target", () => { standing.overrides = () => [override({ target: "cart" })]; }, out()],
    ["a back-off that has ended", () => { standing.backOff = () => ({ untilSeconds: NOW, writer: "ann" }); }, out()],
  ])("lets through %s", async (_, arrange, intent) => {
    arrange();
    expect(await passGate(intent, context)).toMatchObject({ kind: "applied" });
    expect(cloud.writeCalls()).toBe(1);
  });

  it("names the other hand where the cloud tells of it", async () => {
    cloud.setByOther(5, { kind: "target-tracking", name: "cpu70" });
    expect((await passGate(out(), context)).detail).toBe("decided against 4 replicas, but the target now has 5, set by target tracking cpu70");
  });

  it("sends nothing where the count is there already, whoever set it", async () => {
    cloud.setByOther(6, { kind: "user" });
    expect(await passGate(out(), context)).toMatchObject({ kind: "no-op", code: "already-there" });
    expect(cloud.writeCalls()).toBe(0);
  });

  it("lets a key pass once, whatever became of it", async () => {
    standing.mode = () => "recommend";
    await passGate(out(), context);
    standing.mode = () => "full";
    expect(await passGate(out(), context)).toMatchObject({ kind: "applied" });
    cloud.setByOther(4, { kind: "user" });
    expect(await passGate(out(), context)).toMatchObject({ kind: "rejected", code: "duplicate" });
    cloud.loseNext("after");
    expect(await passGate(intentTo(7, 4, { idempotencyKey: "k7" }), context)).toMatchObject({ kind: "unknown" });
    expect(await passGate(intentTo(7, 4, { idempotencyKey: "k7" }), context)).toMatchObject({ kind: "rejected", code: "duplicate" });
    expect(cloud.writeCalls()).toBe(2);
  });

  it("checks again after the read, since a slow cloud gives everyone time", async () => {
    const slow = (change: () => void): GateContext => withCloud({ read: async () => { const answer = await cloud.read(); change(); return answer; } });
    const late: readonly [() => void, string][] = [
      [() => { standing.killSwitch = () => ({ engaged: true, source: "api", reason: "stop", author: "ann" }); }, "kill-switch"],
      [() => { standing.epoch = () => 2; }, "epoch"],
      [() => { standing.mode = () => "recommend"; }, "mode"],
      [() => { standing.overrides = () => [override({})]; }, "paused"],
      [() => { nowSeconds += 60; }, "expired"],
    ];
    const calm = { ...standing };
    for (const [change, code] of late) {
      Object.assign(standing, calm);
      expect(await passGate(out({ idempotencyKey: code }), slow(change))).toMatchObject({ kind: "rejected", code });
    }
    expect(cloud.writeCalls()).toBe(0);
  });

  it.each<[string, WriteAnswer, string, string]>([
    ["a refused write", { ok: false, failure: "transient", code: "throttled", message: "slower", mayHaveArrived: false }, "failed", "throttled"],
    ["a write that may have arrived", { ok: false, failure: "transient", code: "timeout", message: "?", mayHaveArrived: true }, "unknown", "timeout"],
    ["another hand seen while writing", { ok: false, failure: "permanent", code: "foreign-write", message: "5", mayHaveArrived: false }, "rejected", "foreign-write"],
    ["nothing to change", { ok: true, value: { applied: false, detail: "same" } }, "no-op", "already-there"],
  ])("gives %s its outcome", async (...[, answer, kind, code]) => {
    expect(await passGate(out(), withCloud({ write: () => Promise.resolve(answer) }))).toMatchObject({ kind, code });
  });

  it("gives an outcome when the target cannot be read or is gone", async () => {
    const reading = (failure: "transient" | "missing") => withCloud({ read: () => Promise.resolve({ ok: false, failure, message: "no" }) });
    expect(await passGate(out({ idempotencyKey: "a" }), reading("transient"))).toMatchObject({ kind: "failed", code: "read-failed" });
    expect(await passGate(out({ idempotencyKey: "b" }), reading("missing"))).toMatchObject({ kind: "failed", code: "missing" });
  });

  it("gives an outcome when the actuator throws: failed before the write, unknown after", async () => {
    expect(await passGate(out({ idempotencyKey: "a" }), withCloud({ read: () => Promise.reject(new Error("bug")) }))).toMatchObject({ kind: "failed", code: "exception" });
    expect(await passGate(out({ idempotencyKey: "b" }), withCloud({ write: () => Promise.reject(new Error("bug")) }))).toMatchObject({ kind: "unknown", code: "exception" });
  });

  it("waits no longer than its limits, and lets nothing newer race a write that still hangs", async () => {
    const hanging = Promise.withResolvers<WriteAnswer>();
    const slow: GateContext = { ...withCloud({ write: () => hanging.promise }), writeTimeoutSeconds: 0.01 };
    expect(await passGate(out({ idempotencyKey: "a" }), slow)).toMatchObject({ kind: "unknown", code: "timeout" });
    expect(await passGate(out({ idempotencyKey: "b" }), context)).toMatchObject({ kind: "rejected", code: "in-flight" });
    hanging.resolve({ ok: true, value: { applied: true, detail: "late" } });
    await hanging.promise;
    await Promise.resolve();
    expect(await passGate(out({ idempotencyKey: "c" }), context)).toMatchObject({ kind: "applied" });
    expect(cloud.writeCalls()).toBe(1);
  });

  it("gives up on a read that hangs, without a write", async () => {
    const stuck: GateContext = { ...withCloud({ read: () => new Promise(() => undefined) }), readTimeoutSeconds: 0.01 };
    expect(await passGate(out(), stuck)).toMatchObject({ kind: "failed", code: "read-failed" });
  });
});

describe("the gate's memory", () => {
  it("forgets a key only long after its intent has expired", () => {
    const memory = createGateMemory();
    const intent = out({ expiresAtSeconds: NOW + 60 });
    expect(memory.admit(intent, NOW)).toBe(true);
    expect(memory.admit(out({ idempotencyKey: "other" }), NOW + 80_000)).toBe(true);
    expect(memory.admit(intent, NOW + 80_001)).toBe(false);
    memory.admit(out({ idempotencyKey: "third" }), NOW + 90_000);
    expect(memory.admit(intent, NOW + 90_001)).toBe(true);
  });
});
