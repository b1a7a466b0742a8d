import { describe, expect, it } from "vitest";

import { Comparison, COMPARISON_NOTE, savedComparisons, type SavedComparison } from "../../../src/app/shadow/comparison.ts";
import { ShadowBaseline } from "../../../src/app/shadow/shadow-baseline.ts";
import { openMemoryJournal } from "../../../src/journal/memory-journal.ts";
import type { Decision } from "../../../src/model/decision.ts";
import { missing, present } from "../../../src/model/observation.ts";
import type { Policy } from "../../../src/model/policy.ts";
import type { TargetSnapshot } from "../../../src/model/snapshot.ts";
import { initialGroupState, step } from "../../../src/step.ts";
import { advanceCluster, BENCHMARK_CLUSTER, readCluster, setDesired, startCluster } from "../../../src/twin/cluster.ts";
import { policyOf } from "../../fixtures/policy.ts";

const START = 1_700_000_000;
const TICKS = 2_000;
const UNREAD = missing("absent", "not read");
const PORTS = { fit: () => Promise.resolve({ ok: false as const, reason: "no fits here" }), effective: (policy: Policy) => policy };

function demandAt(tick: number): number {
  return 1_000 + 500 * Math.sin(tick / 60) + (tick % 400 > 380 ? 600 : 0);
}

function withChallenger(said: Partial<Policy>): Policy {
  const policy = policyOf();
  return { ...policy, digest: JSON.stringify(said), challenger: { ...policy, ...said, mode: "observe", digest: `challenger of ${JSON.stringify(said)}` } };
}

/** Runs a champion on the twin for so many ticks, with the comparison beside it. */
function run(policy: Policy, comparison: Comparison, ticks = TICKS): readonly Decision[] {
  const baseline = new ShadowBaseline(policy);
  const decisions: Decision[] = [];
  let state = initialGroupState("web", [policy]);
  let cluster = startCluster(START, 15, 1);
  for (let tick = 0; tick < ticks; tick += 1) {
    const timeSeconds = START + 15 * tick;
    cluster = advanceCluster(cluster, BENCHMARK_CLUSTER(120), timeSeconds);
    const { readyReplicas, pendingReplicas } = readCluster(cluster);
    const seen: TargetSnapshot = {
      demand: present(demandAt(tick), timeSeconds), utilization: UNREAD, missRatio: UNREAD, backlog: UNREAD, notices: [],
      workload: { kind: "value", timeSeconds, desiredReplicas: readyReplicas + pendingReplicas, readyReplicas, pendingReplicas },
    };
    const result = step(state, { timeSeconds, wake: "tick", epoch: 1, targets: { web: seen }, installs: [], outcomes: [], overrides: [] }, [policy]);
    state = result.nextState;
    const [decision] = result.decisions;
    if (decision === undefined) throw new Error("no decision");
    decisions.push(decision);
    baseline.tick({ timeSeconds, demand: demandAt(tick), requestsPerSecondPerReplica: 100, leadTimeSeconds: 120 });
    comparison.tick({ timeSeconds, seen, decision, requestsPerSecondPerReplica: 100, baseline: baseline.counts, state });
    cluster = setDesired(cluster, BENCHMARK_CLUSTER(120), decision.desiredReplicas).state;
  }
  return decisions;
}

const LEAN: Partial<Policy> = { scaling: { by: "per-replica", target: 96 } };

describe("a challenger in shadow", () => {
  it("runs leaner where it says so, and the readout tells what that would have saved and missed", () => {
    const policy = withChallenger(LEAN);
    const comparison = new Comparison(policy, PORTS);
    run(policy, comparison);
    const view = comparison.view();
    const [champion, challenger, hpa] = view?.contestants ?? [];
    expect([champion?.role, challenger?.role, hpa?.role]).toEqual(["champion", "challenger", "hpa"]);
    expect(challenger?.replicaHours).toBeLessThan(champion?.replicaHours ?? NaN);
    expect(challenger?.missedRequests).toBeGreaterThan(champion?.missedRequests ?? NaN);
    expect(hpa?.replicaHours).toBeGreaterThan(0);
    const saved = (champion?.costUsd ?? NaN) - (challenger?.costUsd ?? NaN);
    const more = Math.round(challenger?.missedRequests ?? NaN) - Math.round(champion?.missedRequests ?? NaN);
    expect(view?.readout).toBe(`would have saved $${saved.toFixed(2)}, ${more.toLocaleString("en-US")} more misses`);
    expect(view?.differences).toEqual(['scaling.by: "objective" → "per-replica"', "scaling.requestsPerSecondPerReplica: 100 → –", "scaling.target: – → 96"]);
    expect(view?.seconds).toBe(15 * (TICKS - 1));
  });

  it("changes nothing that the champion decides", () => {
    const alone = run(policyOf(), new Comparison(policyOf(), PORTS));
    const policy = withChallenger(LEAN);
    expect(run(policy, new Comparison(policy, PORTS))).toEqual(alone);
  });

  it("that says the same runs the same: its replicas, misses and cost are the champion's", () => {
    const policy = withChallenger({ cost: { maxPerHourUsd: undefined, onLimit: "alert", replicaPerHourUsd: 0.2 } });
    const comparison = new Comparison(policy, PORTS);
    run(policy, comparison);
    const [champion, challenger] = comparison.view()?.contestants ?? [];
    // The champion's price buys the challenger's replicas too.
    expect({ ...challenger, role: "champion" }).toEqual(champion);
  });

  it("goes on after a restart with the sums that the journal holds, and begins anew where the policy has changed", async () => {
    const policy = withChallenger(LEAN);
    const before = new Comparison(policy, PORTS);
    run(policy, before, 400);
    const journal = openMemoryJournal();
    await journal.appendNote(START, COMPARISON_NOTE, before.save());
    const saved = (await savedComparisons(journal.read(1))).get("web");
    if (saved === undefined) throw new Error("no note");
    expect(JSON.stringify(saved).length).toBeLessThan(1_000);

    const after = new Comparison(policy, PORTS);
    after.restore(saved);
    expect(after.view()?.contestants.map(({ replicaHours }) => replicaHours)).toEqual(before.view()?.contestants.map(({ replicaHours }) => replicaHours));
    run(policy, after, 10);
    expect(after.view()?.contestants[0]?.replicaHours).toBeGreaterThan(before.view()?.contestants[0]?.replicaHours ?? NaN);

    const changed = withChallenger({ scaling: { by: "per-replica", target: 90 } });
    after.setPolicy(changed);
    expect(after.save()).toBeUndefined();
    const other = new Comparison(changed, PORTS);
    other.restore(saved satisfies SavedComparison);
    expect(other.view()?.contestants[0]?.replicaHours).toBe(0);
  });

  it("is stopped alone by what goes wrong in it, and says so", () => {
    const policy = withChallenger(LEAN);
    const comparison = new Comparison(policy, { ...PORTS, effective: () => { throw new Error("a bug in the shadow"); } });
    expect(run(policy, comparison, 5)).toHaveLength(5);
    expect(comparison.view()?.readout).toBe("the challenger was stopped: a bug in the shadow");
  });
});
