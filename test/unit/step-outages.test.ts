import { describe, expect, it } from "vitest";

import type { Policy } from "../../src/model/policy.ts";
import { effectivePolicy } from "../../src/policy/effective-policy.ts";
import { policyOf } from "../fixtures/policy.ts";
import { GroupScene, reasonOf } from "../fixtures/scene.ts";

const BASE = policyOf();
const SIGNAL = BASE.signals.demand;
const WINDOW_SECONDS = 300;
const steady = policyOf({ forecast: { ...BASE.forecast, enabled: false }, behavior: { ...BASE.behavior, scaleInStabilizationSeconds: WINDOW_SECONDS }, fallback: { holdSeconds: 3600, forecastSeconds: 0, staticReplicas: undefined } });

/** An hour of a load of 2,000 a second on a fleet that carries it. */
function warmed(policy: Policy): GroupScene {
  const scene = new GroupScene([policy], 30);
  for (let tick = 0; tick < 240; tick += 1) scene.tick({ web: { demand: 2000 } });
  return scene;
}

describe("the stabilization window after an outage", () => {
  it("holds until the data that came again fill the window, and says so", () => {
    const scene = warmed(steady);
    const before = scene.replicas["web"] ?? 0;
    for (let tick = 0; tick < 60; tick += 1) scene.tick({ web: {} });
    for (let tick = 0; tick * 15 < WINDOW_SECONDS; tick += 1) {
      const decision = scene.tick({ web: { demand: 200 } }).of("web");
      expect(decision.desiredReplicas).toBe(before);
      const text = [reasonOf(decision, "stabilization"), reasonOf(decision, "unexplained-drop")].map((reason) => reason?.text).join();
      expect(text).toContain(tick === 0 ? "no scale-in before they fill the 300 s of the window" : "hold");
    }
    for (let tick = 0; tick < 120; tick += 1) scene.tick({ web: { demand: 200 } });
    expect(scene.replicas["web"]).toBeLessThan(before);
  });

  it("holds likewise after a time in which the daemon did not run", () => {
    const scene = warmed(steady);
    const before = scene.replicas["web"] ?? 0;
    scene.nowSeconds += 7200;
    for (let tick = 0; tick < 19; tick += 1) expect(scene.tick({ web: { demand: 200 } }).of("web").desiredReplicas).toBe(before);
  });

  it("takes a lost reading now and then for no outage", () => {
    const scene = warmed(steady);
    const before = scene.replicas["web"] ?? 0;
    for (let tick = 0; tick < 120; tick += 1) scene.tick({ web: tick % 7 === 3 ? {} : { demand: 200 } });
    expect(scene.replicas["web"]).toBeLessThan(before);
  });
});

describe("a maximum that a schedule has lowered", () => {
  const night = policyOf({
    replicas: { min: 1, max: 60 },
    schedules: [{ name: "night", cron: "* * * * *", timezone: "UTC", durationSeconds: 3600, priority: 0, minReplicas: undefined, maxReplicas: 5, expiresAtSeconds: undefined }],
  });

  it("takes nothing away while the data are bad, and does when they are good again", () => {
    const scene = new GroupScene([effectivePolicy(night, 1_700_000_100)], 20);
    const bad = scene.tick({ web: {} }).of("web");
    expect(bad.desiredReplicas).toBe(20);
    expect(reasonOf(bad, "guard-bad-data")?.after).toBe(20);
    expect(scene.tick({ web: { demand: 2000 } }).of("web").desiredReplicas).toBe(5);
  });

  it("leaves the policy's own maximum to hold whatever the data say", () => {
    const scene = new GroupScene([effectivePolicy(night, 1_700_000_100)], 80);
    expect(scene.tick({ web: {} }).of("web").desiredReplicas).toBe(60);
  });
});

describe("orders that nobody watched arrive", () => {
  it.each([["the daemon was down", 30 * 86_400], ["two hours", 7_200]])("are no measurement of the lead time: %s", (_, gapSeconds) => {
    const scene = new GroupScene([steady], 20);
    for (let tick = 0; tick < 8; tick += 1) scene.tick({ web: { demand: 1000 } });
    scene.replicas["web"] = 30;
    scene.tick({ web: { demand: 2000, ready: 20, pending: 10 } });
    scene.replicas["web"] = 30;
    scene.nowSeconds += gapSeconds;
    scene.tick({ web: { demand: 2000, ready: 30 } });
    const longest = Math.max(0, ...(scene.state.targets["web"]?.leadTime.measuredSeconds ?? []));
    expect(longest).toBeLessThan(600);
  });
});

describe("rows from which misses are inferred", () => {
  const kept = (scene: GroupScene): number => scene.state.targets["web"]?.budget.unmeasured?.length ?? 0;
  const watched = (ticks: number): GroupScene => {
    const scene = new GroupScene([steady], 20);
    for (let tick = 0; tick < ticks; tick += 1) scene.tick({ web: { demand: 1000, utilization: 0.5 } });
    return scene;
  };

  it("stay as few as are needed, however long nobody measures the misses", () => {
    expect(kept(watched(5))).toBe(5);
    expect(kept(watched(100))).toBe(kept(watched(30)));
  });

  it.each([["a measurement", { demand: 1000, missRatio: 0 }], ["a lost demand", {}]])("begin anew after %s", (_, shown) => {
    const scene = watched(30);
    scene.tick({ web: shown });
    expect(kept(scene)).toBe(0);
  });

  it("begin anew after a time in which the daemon did not run, and go on after one lost tick", () => {
    const scene = watched(30);
    scene.nowSeconds += 15;
    scene.tick({ web: { demand: 1000, utilization: 0.5 } });
    expect(kept(scene)).toBe(kept(watched(30)));
    scene.nowSeconds += 7200;
    scene.tick({ web: { demand: 1000, utilization: 0.5 } });
    expect(kept(scene)).toBe(1);
  });
});

describe("a deferring queue whose backlog reads zero", () => {
  const deferring: Policy = {
    ...policyOf({ replicas: { min: 0, max: 20, idleAfterSeconds: 300 } }), signals: { demand: SIGNAL, backlog: SIGNAL },
    deferral: { deadlineSeconds: 86_400, carbonPricePerKgUsd: 0, changeoverSeconds: 60, interruptible: true },
  };

  it("keeps its last replica while work still comes, and lets it go after the idle time", () => {
    const scene = new GroupScene([deferring], 2);
    for (let tick = 0; tick < 80; tick += 1) scene.tick({ web: { demand: 5, backlog: 0 } });
    expect(scene.replicas["web"]).toBe(1);
    for (let tick = 0; tick < 60; tick += 1) scene.tick({ web: { demand: 0, backlog: 0 } });
    expect(scene.replicas["web"]).toBe(0);
  });
});
