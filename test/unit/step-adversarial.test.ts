import { describe, expect, it } from "vitest";

import { missing, present } from "../../src/model/observation.ts";
import type { Override } from "../../src/model/override.ts";
import type { Policy } from "../../src/model/policy.ts";
import { DriveSession } from "../../src/replay/drive-session.ts";
import { restoreGroupState, saveGroupState } from "../../src/step.ts";
import { policyOf } from "../fixtures/policy.ts";
import { GroupScene } from "../fixtures/scene.ts";

const SIGNAL = policyOf().signals.demand;
const ZERO = policyOf({ replicas: { min: 0, max: 20, idleAfterSeconds: 300 } });
const QUEUE: Policy = { ...ZERO, signals: { demand: SIGNAL, backlog: SIGNAL } };

function codes(decision: { readonly reasons: readonly { readonly code: string }[] }): readonly string[] {
  return decision.reasons.map(({ code }) => code);
}

describe("readings that cannot be measurements", () => {
  it.each([NaN, Infinity, -1, 1.7e308])("takes %s for invalid: no scale-in, and later decisions stay finite", (value) => {
    const scene = new GroupScene([policyOf()], 20);
    for (let tick = 0; tick < 40; tick += 1) scene.tick({ web: { demand: 1500, ready: 20 } });
    scene.replicas["web"] = 20;
    const { of } = scene.tick({ web: { demand: value } });
    expect(of("web").desiredReplicas).toBe(20);
    expect(of("web").inputs["demand"]).toEqual(expect.objectContaining({ cause: "invalid" }));
    for (let tick = 0; tick < 60; tick += 1) {
      const { reasons, forecast } = scene.tick({ web: { demand: 1500, ready: 20 } }).of("web");
      for (const { before, after } of reasons) expect(Number.isFinite(before) && Number.isFinite(after)).toBe(true);
      expect(Number.isFinite(forecast?.p50)).toBe(true);
    }
  });

  it("passes none on to the targets behind", () => {
    const back = policyOf({ name: "back", follows: [{ target: "web", ratio: 2 }] });
    const scene = new GroupScene([policyOf(), back], 10);
    const { of } = scene.tick({ web: { demand: 1e300 }, back: { demand: 100 } });
    expect(of("back").desiredReplicas).toBe(10);
    expect(of("back").inputs["what web passes on"]).toEqual(expect.objectContaining({ cause: "invalid" }));
  });
});

describe("a limit in dollars and the guard", () => {
  it("buys what the guard keeps, so that the mix takes no replica away on bad data", () => {
    const policy = policyOf({ cost: { maxPerHourUsd: 0.5, onLimit: "cut-capacity", replicaPerHourUsd: undefined } });
    const drive = new DriveSession({ policy, history: [], effective: (given) => given });
    drive.answer(JSON.stringify({ type: "start", time: 1_700_000_000 }));
    const offerings = [{ id: "od", capacityType: "on-demand", pricePerHourUsd: 0.1, zone: "a", instanceType: "m5.large", region: "r" }];
    const answer = drive.answer(JSON.stringify({ type: "observation", time: 1_700_000_015, readyReplicas: 12, offerings, running: { od: 12 } }));
    expect(answer).toMatchObject({ desiredReplicas: 12, allocation: { od: 12 } });
  });
});

describe("a pin and work that is deferred", () => {
  const deferring: Policy = { ...QUEUE, replicas: { min: 0, max: 20 }, deferral: { deadlineSeconds: 86_400, carbonPricePerKgUsd: 0, changeoverSeconds: 60, interruptible: true } };
  const pinOn = (target: string, expiresAtSeconds: number): Override => ({ id: "p", target, kind: "pin", replicas: 7, reason: "test", author: "test", createdAtSeconds: 0, expiresAtSeconds });

  it.each(["web", "*"])("a pin on %s stands over the deferral until it expires", (target) => {
    const scene = new GroupScene([deferring], 7);
    const pinned = scene.tick({ web: { demand: 0, backlog: 0 } }, { overrides: [pinOn(target, scene.nowSeconds + 60)] });
    expect(pinned.of("web").desiredReplicas).toBe(7);
    const expired = scene.tick({ web: { demand: 0, backlog: 0 } }, { overrides: [pinOn(target, scene.nowSeconds)] });
    expect(codes(expired.of("web"))).toContain("deferral-idle");
  });

  it("says of a minimum that it is one, and not that the hour is cheap", () => {
    const scene = new GroupScene([{ ...deferring, replicas: { min: 2, max: 20 } }], 2);
    const { reasons } = scene.tick({ web: { demand: 0, backlog: 10 } }).of("web");
    expect(reasons.find(({ code }) => code.startsWith("deferral"))?.text).toContain("no more than the minimum of 2");
  });
});

describe("scale to zero", () => {
  it("wakes for what waits though the rate of what is served has no series while nothing runs", () => {
    const scene = new GroupScene([QUEUE], 0);
    expect(scene.tick({ web: { backlog: 5 } }).of("web").desiredReplicas).toBe(1);
  });

  it("does not count a span in which nothing was read as idle", () => {
    const scene = new GroupScene([ZERO], 1);
    scene.tick({ web: { demand: 0 } });
    scene.nowSeconds += 86_400;
    expect(scene.tick({ web: { demand: 0 } }).of("web").desiredReplicas).toBe(1);
  });

  it("takes a use for no load: neither does it wake a target, nor keep one", () => {
    const scene = new GroupScene([{ ...ZERO, extraSignals: [{ name: "cpu", by: "utilization", target: 0.7, spec: SIGNAL }] }], 1);
    let desired = 1;
    for (let tick = 0; tick < 30; tick += 1) desired = scene.tick({ web: { demand: 0, signals: { cpu: 0.02 } } }).of("web").desiredReplicas;
    expect(desired).toBe(0);
    expect(scene.tick({ web: { demand: 0, signals: { cpu: 0.02 } } }).of("web").desiredReplicas).toBe(0);
  });

  it("keeps what has just started for its minimum run time", () => {
    const scene = new GroupScene([{ ...ZERO, behavior: { ...ZERO.behavior, minimumRunSeconds: 1800 } }], 2);
    scene.tick({ web: { demand: 0, ready: 1, pending: 1 } });
    for (let tick = 0; tick < 40; tick += 1) expect(scene.tick({ web: { demand: 0 } }).of("web").desiredReplicas).toBe(2);
  });

  it("holds in drive too where the start line brings the minimum down to zero", () => {
    const drive = new DriveSession({ policy: policyOf(), history: [], effective: (given) => given });
    drive.answer(JSON.stringify({ type: "start", time: 1_700_000_000, target: { min: 0 } }));
    const desired: unknown[] = [];
    for (let tick = 1; tick <= 42; tick += 1) desired.push(drive.answer(JSON.stringify({ type: "observation", time: 1_700_000_000 + 15 * tick, demand: 0, readyReplicas: 1 }))["desiredReplicas"]);
    expect(new Set(desired.slice(0, 40))).toEqual(new Set([1]));
    expect(desired.at(-1)).toBe(0);
  });
});

describe("a checkpoint after a gap that is longer than what is kept", () => {
  it("goes on as it would have without it", () => {
    const run = (restored: boolean): string => {
      const scene = new GroupScene([policyOf()], 10);
      scene.tick({ web: { demand: 800 } });
      scene.nowSeconds += 30 * 86_400;
      scene.tick({ web: {} });
      if (restored) {
        const saved = restoreGroupState(JSON.parse(JSON.stringify(saveGroupState(scene.state))), scene.policies);
        if (!saved.ok) throw new Error(saved.message);
        scene.state = saved.value;
      }
      const told = [scene.tick({ web: {} }), scene.tick({ web: { demand: 100 } }), scene.tick({ web: { demand: 900 } })].map(({ decisions }) => decisions);
      return JSON.stringify([told, saveGroupState(scene.state)]);
    };
    expect(run(true)).toBe(run(false));
  });
});

describe("what is told", () => {
  it("names what is missing where the load is known and the capacity is not", () => {
    const scene = new GroupScene([policyOf({ scaling: { by: "objective", requestsPerSecondPerReplica: undefined } })], 4);
    expect(scene.tick({ web: { demand: 50 } }).of("web").reasons[0]?.text).toContain("what a replica carries is not known");
  });

  it("says that the oldest are past their time where they are", () => {
    const scene = new GroupScene([{ ...QUEUE, replicas: { min: 1, max: 20 }, drainSeconds: 60 }], 1);
    let text = "";
    for (let tick = 0; tick < 8; tick += 1) text = scene.tick({ web: { demand: 500, backlog: 1e6, ready: 1 } }).of("web").reasons.find(({ code }) => code === "drain-backlog")?.text ?? "";
    expect(text).toContain("the oldest are past their time");
  });

  it("keeps the first decision within the bounds while the workload is not known", () => {
    const scene = new GroupScene([policyOf({ replicas: { min: 1, max: 3 } })], 1);
    const web = { demand: present(5000, scene.nowSeconds + 15), utilization: missing("absent", ""), missRatio: missing("absent", ""), backlog: missing("absent", ""), notices: [], workload: missing("absent", "unread") as { kind: "absent"; cause: "absent"; detail: string } };
    expect(scene.tick({}, { targets: { web } }).of("web").desiredReplicas).toBe(3);
  });
});
