import { describe, expect, it } from "vitest";

import { signalPromql } from "../../../src/history/signal-promql.ts";
import { BASELINES } from "../../../src/replay/baselines/registry.ts";
import { runReplayJob } from "../../../src/replay/replay-job.ts";
import { replicaTerms } from "../../../src/replay/replica-terms.ts";
import { BENCHMARK_OBSERVATION, simulate } from "../../../src/replay/simulate.ts";
import type { ReplayWorld } from "../../../src/replay/simulate.ts";
import { BENCHMARK_CLUSTER, startCluster, withSpread, readyShares } from "../../../src/twin/cluster.ts";
import { BENCHMARK_SERVICE, missProbability, serveStep } from "../../../src/twin/service.ts";
import { policyOf } from "../../fixtures/policy.ts";

/** Six hours at a wave, with one rush that no reactive policy can be ready for. */
function worldOf(fields: Partial<ReplayWorld> = {}): ReplayWorld {
  const load = Float64Array.from({ length: 1440 }, (_, i) => 1000 + 400 * Math.sin(i / 120) + (i > 900 && i < 960 ? 900 : 0));
  return {
    load, startSeconds: 1_700_000_000, stepSeconds: 15, scoreFrom: 240, service: BENCHMARK_SERVICE, cluster: BENCHMARK_CLUSTER(120),
    minReplicas: 1, maxReplicas: 200, observation: BENCHMARK_OBSERVATION, ...fields,
  };
}

const hpa = (target = 0.7, name = "hpa") => {
  const baseline = BASELINES[name];
  if (baseline === undefined) throw new Error(`no ${name}`);
  return baseline.create({ requestsPerSecondPerReplica: 100, leadTimeSeconds: 120, peakLoad: 1400 }, target);
};

describe("the replay's options", () => {
  it("lets clients that gave up come again: the same rush then misses more, and demand is seen to be higher", () => {
    const keda = () => hpa(0.7, "keda");
    const plain = simulate(worldOf(), keda());
    const retried = simulate(worldOf({ retryShare: 0.9 }), keda());
    expect(plain.missShare).toBeGreaterThan(0);
    expect(retried.missShare).toBeGreaterThan(plain.missShare);
    expect(retried.replicaHours).toBeGreaterThan(plain.replicaHours);
    expect(simulate(worldOf({ retryShare: 0 }), keda())).toEqual(plain);
  });

  it("makes replicas uneven: mean capacity one, and an even split of requests hurts the slow ones", () => {
    const shares = readyShares(withSpread(startCluster(0, 4000, 5), { ...BENCHMARK_CLUSTER(120), capacitySigma: 0.2 }));
    expect(shares.reduce((sum, share) => sum + share, 0) / shares.length).toBeCloseTo(1, 1);
    expect(Math.min(...shares)).toBeLessThan(0.7);
    const even = serveStep(BENCHMARK_SERVICE, { backlog: 0, arrivalsPerSecond: 700, readyReplicas: 10, stepSeconds: 15 });
    const sameEven = serveStep(BENCHMARK_SERVICE, { backlog: 0, arrivalsPerSecond: 700, readyReplicas: 10, stepSeconds: 15, capacityShares: new Array<number>(10).fill(1) });
    expect(sameEven.missed).toBeCloseTo(even.missed, 9);
    const uneven = serveStep(BENCHMARK_SERVICE, { backlog: 0, arrivalsPerSecond: 700, readyReplicas: 10, stepSeconds: 15, capacityShares: [0.8, 0.8, 0.8, 0.8, 0.8, 1.2, 1.2, 1.2, 1.2, 1.2] });
    expect(uneven.missed / uneven.arrived).toBeCloseTo((missProbability(BENCHMARK_SERVICE, 0.7 / 0.8) + missProbability(BENCHMARK_SERVICE, 0.7 / 1.2)) / 2, 9);
    const score = simulate(worldOf({ cluster: { ...BENCHMARK_CLUSTER(120), capacitySigma: 0.2 } }), hpa());
    expect(score.missShare).toBeGreaterThan(simulate(worldOf(), hpa()).missShare);
  });

  it.each<[string, Partial<ReplayWorld>]>([
    ["starts that fail", { cluster: { ...BENCHMARK_CLUSTER(120), failedStartShare: 0.4 } }],
    ["start times that vary", { cluster: { ...BENCHMARK_CLUSTER(120), startTime: { kind: "lognormal", medianSeconds: 240, sigma: 0.8 } } }],
    ["metrics five minutes late", { observation: { ...BENCHMARK_OBSERVATION, lagSteps: 21 } }],
    ["a replica that carries less than is believed", { service: { ...BENCHMARK_SERVICE, serviceSeconds: 0.12 } }],
  ])("shows %s as more misses of an autoscaler that does not know", (_name, fields) => {
    expect(simulate(worldOf(fields), hpa()).missShare).toBeGreaterThan(simulate(worldOf(), hpa()).missShare);
  });

  it("weighs every row: idle power for what was billed, more for what was busy, and the making of the machine", () => {
    const terms = { pricePerHourUsd: 0.2, idleWatts: 10, busyWatts: 20, gramsPerKwh: 400, embodiedGramsPerHour: 3, notes: [] };
    const score = simulate(worldOf({ terms }), hpa(0.4));
    const requests = worldOf().load.subarray(240).reduce((sum, rate) => sum + rate * 15, 0);
    // At 40 % nothing is dropped: all that came was served, at 100 a second a replica.
    expect(score.carbonGrams).toBeCloseTo(((10 * score.replicaHours + (20 * requests) / 100 / 3600) / 1000) * 400 + 3 * score.replicaHours, 3);
    expect(score.costUsd).toBeCloseTo(0.2 * score.replicaHours, 9);
    expect(simulate(worldOf(), hpa()).carbonGrams).toBeUndefined();
  });

  it("hides from a policy what it does not read, as the daemon does", () => {
    const fields = { scaling: { by: "objective", requestsPerSecondPerReplica: undefined } } as const;
    const blind = runReplayJob({ kind: "policy", policy: policyOf(fields) }, worldOf(), 120);
    if (blind.kind !== "score") throw new Error("no score");
    expect(new Set(blind.series.ready).size).toBe(1);
    const demand = policyOf().signals.demand;
    const sees = runReplayJob({ kind: "policy", policy: policyOf({ ...fields, signals: { demand, utilization: demand } }) }, worldOf(), 120);
    if (sees.kind !== "score") throw new Error("no score");
    expect(new Set(sees.series.ready).size).toBeGreaterThan(5);
  });
});

describe("what a replica costs and emits", () => {
  it("comes from the policy's own types and region, by the catalogues", () => {
    const purchase = { onDemandBase: 0, spotShare: 0, maxDomainShare: 1, regions: ["eu-north-1"], instanceTypes: ["m5.large", "t3.large"], replicasPerInstance: 2 };
    const terms = replicaTerms(policyOf({ purchase, cost: { maxPerHourUsd: undefined, onLimit: "alert", replicaPerHourUsd: undefined } }));
    expect(terms).toMatchObject({ ok: true });
    if (!terms.ok) return;
    expect(terms.value.notes.join(" ")).toMatch(/t3\.large on demand in eu-north-1.*t3\.large in eu-north-1, \d+ g\/kWh/);
    const single = replicaTerms(policyOf({ purchase: { ...purchase, replicasPerInstance: 1 } }));
    expect(single.ok && single.value.idleWatts).toBeCloseTo(2 * terms.value.idleWatts, 9);
  });

  it("is said to be assumed where the policy names nothing, and refused where a name is unknown", () => {
    const plain = replicaTerms(policyOf());
    expect(plain.ok && plain.value.notes[1]).toContain("assumed");
    expect(replicaTerms(policyOf(), { region: "mars-1" })).toMatchObject({ ok: false, failure: "missing" });
    expect(replicaTerms(policyOf(), { instanceType: "m99.huge" })).toMatchObject({ ok: false, failure: "missing" });
  });
});

describe("the Prometheus query of a signal", () => {
  const { demand } = policyOf().signals;
  it.each<[string, Partial<typeof demand>, string]>([
    ["a rate of a histogram in seconds", { select: { "service.name": "web" } }, 'sum(rate(http_server_request_duration_seconds_count{job=~"(.+/)?web"}[60s]))'],
    ["a rate of a counter", { metric: "messages.consumed", unit: "{message}" }, "sum(rate(messages_consumed_total[60s]))"],
    ["a gauge", { metric: "cpu.utilization", unit: "1", extract: "gauge", aggregate: "mean", select: { "k8s.pod": "a\"b" } }, 'avg(cpu_utilization_ratio{k8s_pod="a\\"b"})'],
    ["a quantile", { extract: "quantile", quantile: 0.95 }, "histogram_quantile(0.95, sum by (le) (rate(http_server_request_duration_seconds_bucket[60s])))"],
    ["a signal that is read from Prometheus", { source: "prom", metric: "load", extract: "rate" }, "sum(rate(load[60s]))"],
    ["an expression", { source: "prom", metric: "sum(load) * 2", extract: "gauge" }, "sum(load) * 2"],
  ])("of %s", (_name, fields, query) => {
    expect(signalPromql({ ...demand, ...fields }, 60)).toBe(query);
  });

  it("looks back at least a step, so that no sample falls between", () => {
    expect(signalPromql(demand, 300)).toContain("[300s]");
  });
});
