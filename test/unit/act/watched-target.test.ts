import { beforeEach, describe, expect, it } from "vitest";
import type { Actuator } from "../../../src/act/actuator.ts";
import { createSimulated, type SimulatedActuator } from "../../../src/act/actuators/simulated.ts";
import { passGate, type GateContext } from "../../../src/act/gate.ts";
import { createGateMemory } from "../../../src/act/gate-memory.ts";
import type { ForeignHand } from "../../../src/act/foreign-hand.ts";
import { watchTarget, type WatchedTarget } from "../../../src/act/watched-target.ts";
import type { Outcome } from "../../../src/model/intent.ts";
import { intentTo } from "../../contract/actuator.contract.ts";

let nowSeconds: number;
let cloud: SimulatedActuator;
let target: WatchedTarget;
let told: ForeignHand[];
let context: GateContext;

beforeEach(() => {
  nowSeconds = 10_000;
  told = [];
  cloud = createSimulated({ replicas: 4, startSeconds: 0, startSigma: 0, failedStartShare: 0, drainSeconds: 0, maxReplicas: 100, seed: 1 }, { target: "shop", now: () => nowSeconds });
  target = watchTarget(cloud, { now: () => nowSeconds, onForeignHand: (hand) => told.push(hand) });
  context = {
    actuator: target.actuator, memory: createGateMemory(), group: "web", now: () => nowSeconds,
    standing: { killSwitch: () => ({ engaged: false }), mode: () => "full", overrides: () => [], epoch: () => 1, backOff: () => target.backOff() },
  };
});

/** One tick: a reading, a decision for `wanted` against it, the gate. */
async function tick(wanted: number): Promise<Outcome | undefined> {
  nowSeconds += 15;
  const workload = await target.actuator.read();
  if (!workload.ok) throw new Error(workload.message);
  const from = workload.value.desiredReplicas;
  return wanted === from ? undefined : await passGate(intentTo(wanted, from, { idempotencyKey: `${nowSeconds}` }), context);
}

describe("a watched target", () => {
  it("finds no other writer in its own work, lost answers among it", async () => {
    await tick(6);
    cloud.loseNext("after");
    expect(await tick(8)).toMatchObject({ kind: "unknown" });
    cloud.loseNext("before");
    expect(await tick(9)).toMatchObject({ kind: "unknown" });
    await tick(7);
    await tick(7);
    expect(told).toEqual([]);
    expect(target.backOff()).toBeUndefined();
  });

  it("leaves a target to another writer, ever longer, and takes it up again when that one is quiet", async () => {
    await tick(6);
    await tick(6);
    cloud.setByOther(3, { kind: "hpa" });
    expect(await tick(6)).toMatchObject({ kind: "rejected", code: "second-writer", detail: "left to HorizontalPodAutoscaler for another 300 s" });
    expect(told).toMatchObject([{ fromReplicas: 6, toReplicas: 3, writer: { kind: "hpa" } }]);
    nowSeconds += 150;
    expect(await tick(6)).toMatchObject({ code: "second-writer" });
    cloud.setByOther(4, { kind: "hpa" });
    expect(await tick(6)).toMatchObject({ detail: "left to HorizontalPodAutoscaler for another 600 s" });
    nowSeconds += 600;
    expect(await tick(6)).toMatchObject({ kind: "applied" });
    expect(target.changes()).toHaveLength(2);
  });

  it("knows a write of an earlier life that arrives late", async () => {
    target = watchTarget(cloud, { now: () => nowSeconds, earlierWrites: [{ timeSeconds: nowSeconds, desiredReplicas: 9 }], onForeignHand: (hand) => told.push(hand) });
    await target.actuator.read();
    nowSeconds += 15;
    cloud.setByOther(9, { kind: "user" });
    await target.actuator.read();
    expect(told).toEqual([]);
  });

  it("goes on where the cloud does not tell who it was", async () => {
    const silent: Actuator = { type: cloud.type, read: () => cloud.read(), write: (intent) => cloud.write(intent), close: () => cloud.close() };
    target = watchTarget(silent, { now: () => nowSeconds, onForeignHand: (hand) => told.push(hand) });
    await target.actuator.read();
    nowSeconds += 15;
    cloud.setByOther(9, { kind: "user" });
    await target.actuator.read();
    expect(told).toMatchObject([{ toReplicas: 9, writer: { kind: "unknown" } }]);
  });
});
