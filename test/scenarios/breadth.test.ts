import { describe, expect, it } from "vitest";

import type { Policy, SignalSpec } from "../../src/model/policy.ts";
import { parsePolicies } from "../../src/policy/parse-policies.ts";
import { GroupScene, reasonOf } from "../fixtures/scene.ts";
import { policyOf } from "../fixtures/policy.ts";

const GAUGE: SignalSpec = { ...policyOf().signals.demand, metric: "shop.gauge", extract: "gauge", unit: undefined };
const QUICK = { tolerance: 0, scaleInStabilizationSeconds: 0, scaleOutStabilizationSeconds: 0, maxScaleOutShare: 4, maxScaleOutReplicas: 100, maxScaleInShare: 1, maxScaleInReplicas: 200 };

/** The policy of a YAML text, as the daemon would have it. */
function parsed(spec: string, name = "web"): Policy {
  const text = `apiVersion: foretide.dev/v1\nkind: Policy\nmetadata: { name: ${name} }\nspec:\n  mode: full\n  target: { simulated: {} }\n${spec}`;
  const result = parsePolicies([{ path: "policy.yaml", text }]);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  const [policy] = result.policies;
  if (policy === undefined) throw new Error("no policy");
  return policy;
}

describe("several signals in one policy", () => {
  const policy = policyOf({
    scaling: { by: "per-replica", target: 100 }, behavior: QUICK, forecast: { ...policyOf().forecast, enabled: false },
    extraSignals: [{ name: "connections", by: "per-replica", target: 50, spec: GAUGE }, { name: "cpu", by: "utilization", target: 0.5, spec: GAUGE }],
  });

  it("takes the largest need, and names the signal that binds", () => {
    const scene = new GroupScene([policy], 10);
    const decision = scene.tick({ web: { demand: 700, signals: { connections: 900, cpu: 0.4 } } }).of("web");
    expect(decision.desiredReplicas).toBeGreaterThanOrEqual(18);
    expect(reasonOf(decision, "binding-signal")?.text).toBe("connections needs 18, the most of all signals (demand 7, cpu 8)");
    expect(decision.inputs["connections"]).toMatchObject({ value: 900, source: "otlp: shop.gauge" });
  });

  it("scales by use as the HPA does: ready replicas × use / target", () => {
    const scene = new GroupScene([policy], 10);
    expect(scene.tick({ web: { demand: 100, signals: { connections: 10, cpu: 0.9 } } }).of("web").desiredReplicas).toBe(18);
  });

  it("never scales in while one is missing, and still scales out", () => {
    const scene = new GroupScene([policy], 10);
    for (let i = 0; i < 60; i += 1) {
      const decision = scene.tick({ web: { demand: 100, signals: { connections: undefined, cpu: 0.1 } } }).of("web");
      expect(decision.desiredReplicas).toBe(10);
      expect(reasonOf(decision, "guard-bad-data")?.text).toContain("connections absent");
    }
    expect(scene.tick({ web: { demand: 100, signals: { connections: undefined, cpu: 0.9 } } }).of("web").desiredReplicas).toBe(18);
  });

  it("scales out by another signal while the demand itself is missing", () => {
    const scene = new GroupScene([policy], 10);
    scene.tick({ web: { demand: 1000, signals: { connections: 100, cpu: 0.3 } } });
    const { desiredReplicas } = scene.tick({ web: { signals: { connections: 1500, cpu: 0.3 } } }).of("web");
    expect(desiredReplicas).toBe(30);
  });

  it("foresees each signal by itself: a fit is asked for, and installed, for every one", async () => {
    const { fitRequests } = await import("../../src/step.ts");
    const short = policyOf({ ...policy, forecast: { ...policyOf().forecast, seasonsSeconds: [120], refitSeconds: 120, historySeconds: 86_400 } });
    const scene = new GroupScene([short], 10);
    const asked = new Set<string>();
    for (let i = 0; i < 40; i += 1) {
      scene.tick({ web: { demand: 700, signals: { connections: 100, cpu: 0.3 } } });
      for (const request of fitRequests(scene.state, [short])) asked.add(request.signal ?? "demand");
    }
    expect([...asked].sort()).toEqual(["connections", "cpu", "demand"]);
  });
});

describe("a formula", () => {
  const policy = parsed(`  replicas: { min: 1, max: 100 }
  demand: { metric: shop.orders, extract: rate }
  scaling: { requestsPerSecondPerReplica: 100 }
  backlog: { metric: shop.queue, extract: gauge }
  signals:
    - { name: uploads, metric: shop.uploads, extract: rate }
    - { name: work, formula: "max(demand, 3 * uploads) + backlog / 60", target: 50 }
`);

  it("is worked out from the signals that it names", () => {
    const decision = new GroupScene([policy], 20).tick({ web: { demand: 300, backlog: 6000, signals: { uploads: 200 } } }).of("web");
    expect(decision.inputs["work"]).toMatchObject({ value: 700, source: "max(demand, 3 * uploads) + backlog / 60" });
    expect(reasonOf(decision, "binding-signal")?.text).toContain("work needs");
  });

  it("is absent where one of them is: no scale-in", () => {
    const scene = new GroupScene([policy], 20);
    for (let i = 0; i < 40; i += 1) {
      const decision = scene.tick({ web: { demand: 10, backlog: 0, signals: { uploads: undefined } } }).of("web");
      expect(decision.desiredReplicas).toBeGreaterThanOrEqual(20);
      expect(decision.inputs["work"]).toEqual({ cause: "absent", source: "max(demand, 3 * uploads) + backlog / 60" });
    }
  });
});

describe("a queue with a drain deadline", () => {
  const spec = (demand: string): string => `  replicas: { min: 1, max: 200 }
  demand: { ${demand} }
  scaling: { by: per-replica, target: 10 }
  backlog: { preset: queue-depth, service: orders, drainWithin: 10m }
  leadTime: 30s
  forecast: { enabled: false }
`;

  /** Workers that take 10 a second each from a queue, first in, first out. */
  function work(policy: Policy, { arrivals, backlog, ticks, counts }: { readonly arrivals: number; readonly backlog: number; readonly ticks: number; readonly counts: "arrivals" | "served" }): { readonly backlogs: readonly number[]; readonly scene: GroupScene; readonly texts: readonly string[] } {
    const scene = new GroupScene([policy], Math.ceil(arrivals / 10));
    const ready: number[] = [Math.ceil(arrivals / 10), Math.ceil(arrivals / 10)];
    const backlogs: number[] = [];
    const texts: string[] = [];
    let waiting = backlog;
    for (let i = 0; i < ticks; i += 1) {
      const up = ready[i] ?? 0;
      const served = Math.min(waiting + arrivals * 15, up * 10 * 15);
      waiting += arrivals * 15 - served;
      const { decisions } = scene.tick({ web: { demand: counts === "served" ? served / 15 : arrivals, backlog: waiting, ready: up, pending: Math.max(0, (scene.replicas["web"] ?? 0) - up) } });
      ready.push(decisions[0]?.desiredReplicas ?? 0);
      texts.push(...(decisions[0]?.reasons ?? []).filter(({ code }) => code === "drain-backlog").map(({ text }) => text));
      backlogs.push(waiting);
    }
    return { backlogs, scene, texts };
  }

  it("works the backlog off in time, and says what it is for", () => {
    const { backlogs, texts } = work(parsed(spec("metric: orders, extract: rate")), { arrivals: 100, backlog: 30_000, ticks: 60, counts: "arrivals" });
    expect(backlogs[41]).toBeLessThan(1500);
    expect(texts[0]).toMatch(/wait, \d+ s are left for the oldest: .* a second besides what arrives/);
  });

  it("goes back to what arrives once it is drained", () => {
    const { scene } = work(parsed(spec("metric: orders, extract: rate")), { arrivals: 100, backlog: 30_000, ticks: 200, counts: "arrivals" });
    expect(scene.replicas["web"]).toBeLessThanOrEqual(11);
  });

  it("knows what arrives from what is served and from how the backlog grows", () => {
    const policy = parsed(spec("preset: consumer-rate, service: worker"));
    expect(policy.demandIsServed).toBe(true);
    const { backlogs } = work(policy, { arrivals: 100, backlog: 30_000, ticks: 60, counts: "served" });
    expect(backlogs[45]).toBeLessThan(3000);
  });

  it("does not ask for more than a tenth of the time would need, once a deadline is missed", () => {
    const policy = parsed(spec("metric: orders, extract: rate").replace("max: 200", "max: 12"));
    const scene = new GroupScene([policy], 10);
    let highest = 0;
    for (let i = 0; i < 100; i += 1) {
      const decision = scene.tick({ web: { demand: 100, backlog: 6000 } }).of("web");
      highest = Math.max(highest, reasonOf(decision, "drain-backlog")?.after ?? 0);
    }
    expect(highest).toBeLessThanOrEqual(10 + Math.ceil(6000 / 60 / 10));
  });

  it("learns what a worker takes from the work that it does", () => {
    const policy = parsed(spec("metric: orders, extract: rate").replace("scaling: { by: per-replica, target: 10 }", "scaling: { requestsPerSecondPerReplica: 25 }"));
    const { scene } = work(policy, { arrivals: 100, backlog: 60_000, ticks: 60, counts: "arrivals" });
    const learned = scene.state.targets["web"]?.capacity.requestsPerSecondPerReplica ?? NaN;
    expect(learned).toBeGreaterThan(9.5);
    expect(learned).toBeLessThan(11);
  });
});

describe("scale to zero", () => {
  const policy = parsed(`  replicas: { min: 0, max: 20, idleAfter: 5m }
  demand: { metric: jobs, extract: rate }
  scaling: { requestsPerSecondPerReplica: 10 }
  backlog: { metric: queue, extract: gauge }
`);

  it("lets the last replica go once the load has been known to be zero for long enough", () => {
    const scene = new GroupScene([policy], 1);
    const counts: number[] = [];
    let last;
    for (let i = 0; i < 60; i += 1) {
      last = scene.tick({ web: { demand: 0, backlog: 0 } }).of("web");
      counts.push(last.desiredReplicas);
    }
    expect(counts.slice(0, 20).every((count) => count === 1)).toBe(true);
    expect(counts.at(-1)).toBe(0);
  });

  it("stays while the load is unknown: absent is not zero", () => {
    const scene = new GroupScene([policy], 1);
    for (let i = 0; i < 200; i += 1) expect(scene.tick({ web: { demand: 0 } }).of("web").desiredReplicas).toBe(1);
  });

  it.each([["a request", { demand: 0.2, backlog: 0 }], ["work that waits", { demand: 0, backlog: 3 }]])("wakes at %s", (_, shown) => {
    const scene = new GroupScene([policy], 0);
    for (let i = 0; i < 10; i += 1) expect(scene.tick({ web: { demand: 0, backlog: 0 } }).of("web").desiredReplicas).toBe(0);
    const { decisions, intents, of } = scene.tick({ web: shown });
    expect(decisions[0]?.desiredReplicas).toBe(1);
    expect(reasonOf(of("web"), "scale-to-zero")?.text).toContain("wakes");
    expect(intents[0]?.direction).toBe("out");
  });

  it("wakes a lead time before the load that is foreseen", async () => {
    const { PunctualFits } = await import("../../src/replay/punctual-fits.ts");
    const daily = policyOf({
      replicas: { min: 0, max: 20, idleAfterSeconds: 120 }, evaluationIntervalSeconds: 15, leadTimeSeconds: 60,
      forecast: { ...policyOf().forecast, seasonsSeconds: [3600], refitSeconds: 3600, historySeconds: 14 * 3600 },
      behavior: { ...QUICK, scaleInStabilizationSeconds: 30 },
    });
    const fits = new PunctualFits();
    const scene = new GroupScene([daily], 0);
    const wakes: number[] = [];
    for (let i = 0; i < 12 * 240; i += 1) {
      const phase = i % 240;
      const busy = phase >= 200;
      const before = scene.replicas["web"];
      scene.tick({ web: { demand: busy ? 900 : 0 } }, { installs: fits.due(scene.nowSeconds + 15) });
      fits.make(scene.state, [daily]);
      if (before === 0 && (scene.replicas["web"] ?? 0) > 0) wakes.push(phase);
    }
    expect(wakes[0]).toBe(200);
    expect(wakes.at(-1)).toBeLessThan(200);
    expect(wakes.at(-1)).toBeGreaterThan(180);
  });

  it("is the policy's to allow: with min 1 the guard keeps one", () => {
    const scene = new GroupScene([{ ...policy, replicas: { min: 1, max: 20, idleAfterSeconds: 300 } }], 1);
    for (let i = 0; i < 100; i += 1) expect(scene.tick({ web: { demand: 0, backlog: 0 } }).of("web").desiredReplicas).toBe(1);
  });
});

describe("targets of one group", () => {
  const front = policyOf({ name: "front", group: "shop", behavior: QUICK });
  const back = policyOf({ name: "back", group: "shop", behavior: QUICK, follows: [{ target: "front", ratio: 2 }] });

  it("are ready behind when the wave arrives: the front's load × the ratio, before the target's own has risen", () => {
    const scene = new GroupScene([front, back], 10);
    for (let i = 0; i < 20; i += 1) scene.tick({ front: { demand: 400 }, back: { demand: 700 } });
    const decision = scene.tick({ front: { demand: 1500 }, back: { demand: 700 } }).of("back");
    expect(decision.desiredReplicas).toBeGreaterThanOrEqual(30);
    expect(reasonOf(decision, "binding-signal")?.text).toMatch(/^what front passes on needs \d+/);
    expect(scene.tick({ front: {}, back: { demand: 10 } }).of("back").desiredReplicas).toBeGreaterThanOrEqual(30);
  });

  it("are decided as alone where nothing is shared", () => {
    const alone = new GroupScene([front], 10).tick({ front: { demand: 1500 } }).of("front");
    expect(new GroupScene([front, back], 10).tick({ front: { demand: 1500 }, back: { demand: 700 } }).of("front")).toEqual(alone);
  });

  it("share a limit of replicas: the higher priority first, each cut explained", () => {
    const shared = (priority: number): NonNullable<Policy["shared"]> => ({ maxReplicas: 30, maxPerHourUsd: undefined, priority });
    const scene = new GroupScene([policyOf({ name: "a", group: "g", shared: shared(10), behavior: QUICK }), policyOf({ name: "b", group: "g", shared: shared(1), behavior: QUICK })], 10);
    const { of } = scene.tick({ a: { demand: 1500 }, b: { demand: 1500 } });
    expect(of("a").desiredReplicas + of("b").desiredReplicas).toBe(30);
    expect(of("a").desiredReplicas).toBeGreaterThan(of("b").desiredReplicas);
    const cut = reasonOf(of("b"), "group-max-replicas");
    expect(cut?.after).toBe(of("b").desiredReplicas);
    expect(cut?.before).toBeGreaterThan(of("b").desiredReplicas);
  });

  it("share a limit in dollars", () => {
    const shared = { maxReplicas: undefined, maxPerHourUsd: 3, priority: 0 };
    const cost = (price: number): Policy["cost"] => ({ maxPerHourUsd: undefined, onLimit: "alert", replicaPerHourUsd: price });
    const scene = new GroupScene([policyOf({ name: "a", group: "g", shared, behavior: QUICK, cost: cost(0.1) }), policyOf({ name: "b", group: "g", behavior: QUICK, cost: cost(0.2) })], 8);
    const { of } = scene.tick({ a: { demand: 1500 }, b: { demand: 1500 } });
    expect(of("a").desiredReplicas * 0.1 + of("b").desiredReplicas * 0.2).toBeLessThanOrEqual(3 + 1e-9);
    expect(reasonOf(of("b"), "group-max-cost")).toBeDefined();
  });
});

describe("redundancy", () => {
  const still = { ...policyOf().forecast, enabled: false };

  it("N+1: one more than the load needs", () => {
    const per = policyOf({ scaling: { by: "per-replica", target: 100 }, behavior: QUICK, forecast: still, redundancy: { spareReplicas: 1, zones: 1 } });
    const scene = new GroupScene([per], 10);
    const decision = scene.tick({ web: { demand: 1200 } }).of("web");
    expect(decision.desiredReplicas).toBe(13);
    expect(reasonOf(decision, "redundancy")).toMatchObject({ before: 12, after: 13, text: "enough after the loss of 1 replica" });
    for (let i = 0; i < 20; i += 1) expect(scene.tick({ web: { demand: 1200 } }).of("web").desiredReplicas).toBe(13);
  });

  it("zones: enough stays when one is lost, and each zone has as many", () => {
    const per = policyOf({ scaling: { by: "per-replica", target: 100 }, behavior: QUICK, forecast: still, redundancy: { spareReplicas: 0, zones: 3 } });
    const scene = new GroupScene([per], 9);
    for (const load of [650, 1000, 1310, 2000]) {
      const { desiredReplicas } = scene.tick({ web: { demand: load } }).of("web");
      expect(desiredReplicas % 3).toBe(0);
      expect((desiredReplicas * 2) / 3).toBeGreaterThanOrEqual(Math.ceil(load / 100));
    }
  });
});

describe("replicas that start", () => {
  it("stay for their minimum run time", () => {
    const policy = policyOf({ behavior: { ...QUICK, minimumRunSeconds: 600 }, forecast: { ...policyOf().forecast, enabled: false } });
    const scene = new GroupScene([policy], 10);
    scene.tick({ web: { demand: 700 } });
    scene.tick({ web: { demand: 1400 } });
    const high = scene.replicas["web"] ?? 0;
    const since = scene.nowSeconds + 15;
    let decision = scene.tick({ web: { demand: 1000 } }).of("web");
    while (decision.desiredReplicas === high && scene.nowSeconds < since + 3600) decision = scene.tick({ web: { demand: 1000 } }).of("web");
    expect(high).toBeGreaterThan(15);
    expect(scene.nowSeconds - since).toBeGreaterThanOrEqual(600);
    expect(scene.nowSeconds - since).toBeLessThanOrEqual(690);
  });

  it("are ordered again when they hang, and a few more where starts fail", () => {
    const policy = policyOf({ scaling: { by: "per-replica", target: 100 }, behavior: QUICK, leadTimeSeconds: 60, forecast: { ...policyOf().forecast, enabled: false } });
    const scene = new GroupScene([policy], 10);
    scene.tick({ web: { demand: 1000 } });
    scene.tick({ web: { demand: 1600 } });
    let decision;
    for (let i = 0; i < 20; i += 1) decision = scene.tick({ web: { demand: 1600, ready: 10, pending: (scene.replicas["web"] ?? 0) - 10 } }).of("web");
    expect(decision?.desiredReplicas).toBe(22);
    expect(decision === undefined ? undefined : reasonOf(decision, "failed-starts")?.text).toContain("6 that hang are not waited for");
  });

  it("that are slow are waited for", () => {
    const policy = policyOf({ scaling: { by: "per-replica", target: 100 }, behavior: QUICK, leadTimeSeconds: 60, forecast: { ...policyOf().forecast, enabled: false } });
    const scene = new GroupScene([policy], 10);
    scene.tick({ web: { demand: 1000 } });
    scene.tick({ web: { demand: 1600 } });
    for (let i = 0; i < 10; i += 1) expect(scene.tick({ web: { demand: 1600, ready: 10, pending: 6 } }).of("web").desiredReplicas).toBe(16);
    expect(scene.tick({ web: { demand: 1600 } }).of("web").desiredReplicas).toBe(16);
  });
});

describe("a surprise", () => {
  it("widens the bands at once, says so, and is forgotten after the lead time", () => {
    const scene = new GroupScene([policyOf({ behavior: QUICK })], 20);
    for (let i = 0; i < 400; i += 1) scene.tick({ web: { demand: 1000 + (i % 2) } });
    const seen: (string | undefined)[] = [];
    for (let i = 0; i < 40; i += 1) seen.push(reasonOf(scene.tick({ web: { demand: 1500 } }).of("web"), "surprise")?.text);
    expect(seen[0]).toMatch(/^the load left its band \(\d+\.\d times its width above the middle\): bands \d\.\d\d times as wide$/);
    expect(seen.at(-1)).toBeUndefined();
  });
});
