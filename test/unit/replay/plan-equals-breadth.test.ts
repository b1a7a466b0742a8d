import { describe, expect, it } from "vitest";

import { heldCapacity } from "../../../src/account/held-capacity.ts";
import { CONTROL_MODELS } from "../../../forecasts/models/lead-ridge-forecaster.ts";
import type { Actuator } from "../../../src/act/actuator.ts";
import { createGateMemory } from "../../../src/act/gate-memory.ts";
import { GroupRuntime } from "../../../src/app/loop/group-runtime.ts";
import { SpendBook } from "../../../src/app/money/spend-book.ts";
import { openMemoryHistory } from "../../../src/history/memory-history.ts";
import { openMemoryJournal } from "../../../src/journal/memory-journal.ts";
import type { Decision } from "../../../src/model/decision.ts";
import { missing, present } from "../../../src/model/observation.ts";
import type { Policy } from "../../../src/model/policy.ts";
import type { TargetSnapshot } from "../../../src/model/snapshot.ts";
import { BudgetWatch } from "../../../src/purchase/budget-watch.ts";
import { plannedRates } from "../../../src/purchase/planned-rates.ts";
import type { Sighting } from "../../../src/replay/controller.ts";
import { DriveSession } from "../../../src/replay/drive-session.ts";
import { GroupStepper } from "../../../src/replay/group-stepper.ts";
import { runReplayJob } from "../../../src/replay/replay-job.ts";
import { BENCHMARK_OBSERVATION, simulate, simulateGroup } from "../../../src/replay/simulate.ts";
import type { ReplayWorld } from "../../../src/replay/simulate.ts";
import { initialGroupState } from "../../../src/step.ts";
import { BENCHMARK_CLUSTER } from "../../../src/twin/cluster.ts";
import { BENCHMARK_SERVICE } from "../../../src/twin/service.ts";
import { policyOf } from "../../fixtures/policy.ts";

const START = Date.UTC(2026, 5, 1) / 1000;
const STEPS = 2_000;
const { demand } = policyOf().signals;
const wave = (mean: number): Float64Array => Float64Array.from({ length: STEPS }, (_, i) => mean * (1 - 0.6 * Math.cos((2 * Math.PI * i) / 1_440)) + (i % 1_440 > 700 && i % 1_440 < 720 ? mean : 0));

function worldOf(mean: number, fields: Partial<ReplayWorld> = {}): ReplayWorld {
  return {
    load: wave(mean), startSeconds: START, stepSeconds: 60, scoreFrom: 400, service: BENCHMARK_SERVICE, cluster: BENCHMARK_CLUSTER(120), minReplicas: 1, maxReplicas: 200,
    observation: { ...BENCHMARK_OBSERVATION, windowSteps: 1, lostShare: 0.01 }, ...fields,
  };
}

const base = { evaluationIntervalSeconds: 60, signals: { demand, utilization: demand, missRatio: demand } } as const;
const SIGNALS = policyOf({
  ...base,
  extraSignals: [
    { name: "connections", by: "per-replica", target: 60, spec: demand },
    { name: "cpu", by: "utilization", target: 0.6, spec: demand },
  ],
});
const SIGNALS_WORLD = worldOf(900, { signals: { connections: { kind: "load", values: wave(1_000) }, cpu: { kind: "busy", values: wave(8) } } });
const QUEUE = policyOf({ ...base, replicas: { min: 1, max: 16 }, signals: { demand, backlog: demand }, drainSeconds: 600 });
const QUEUE_WORLD = worldOf(900, { queue: { deadlineSeconds: 600 } });
const BUDGET = policyOf({ ...base, cost: { maxPerHourUsd: undefined, onLimit: "cut-capacity", replicaPerHourUsd: 0.1, maxPerDayUsd: 25 } });
const GROUP = [
  policyOf({ ...base, name: "front", group: "shop", shared: { maxReplicas: 36, maxPerHourUsd: undefined, priority: 10 } }),
  policyOf({ ...base, name: "api", group: "shop", follows: [{ target: "front", ratio: 2 }], cost: { maxPerHourUsd: undefined, onLimit: "cut-capacity", replicaPerHourUsd: 0.1, maxPerDayUsd: 40 } }),
];
const GROUP_WORLDS = { front: worldOf(800), api: worldOf(1_600, { observation: { ...BENCHMARK_OBSERVATION, windowSteps: 1, seed: 3 } }) };

interface Planned {
  readonly decisions: readonly Decision[];
  readonly sightings: readonly Readonly<Record<string, Sighting>>[];
}

function planned(policies: readonly Policy[], worlds: Readonly<Record<string, ReplayWorld>>): Planned {
  const decisions: Decision[] = [];
  const sightings: Readonly<Record<string, Sighting>>[] = [];
  const stepper = new GroupStepper(policies, { sees: "policy", onDecision: (decision) => decisions.push(decision) });
  simulateGroup(worlds, { decide: (seen) => { sightings.push(seen); return stepper.decide(seen); } });
  return { decisions, sightings };
}

const UNREAD = missing("absent", "");
const observed = (value: number | undefined, timeSeconds: number) => (value === undefined || Number.isNaN(value) ? UNREAD : present(value, timeSeconds));

/** What the daemon's observers would have put together of a sighting. */
function seenBy({ signals, extraSignals = [] }: Policy, { timeSeconds, load, utilization, missRatio, backlog, signals: others, readyReplicas, pendingReplicas }: Sighting): TargetSnapshot {
  const read = (isRead: boolean, value: number | undefined) => (isRead ? observed(value, timeSeconds) : UNREAD);
  return {
    demand: observed(load, timeSeconds), utilization: read(signals.utilization !== undefined, utilization), missRatio: read(signals.missRatio !== undefined, missRatio), backlog: read(signals.backlog !== undefined, backlog),
    ...(extraSignals.length > 0 && { signals: Object.fromEntries(extraSignals.map(({ name }) => [name, observed(others?.[name], timeSeconds)])) }),
    workload: { kind: "value", timeSeconds, desiredReplicas: readyReplicas + pendingReplicas, readyReplicas, pendingReplicas }, notices: [],
  };
}

const NOBODY: Actuator = {
  type: "nobody", read: () => Promise.reject(new Error("the gate is shut before it reads")),
  write: () => Promise.reject(new Error("the gate is shut before it writes")), close: () => Promise.resolve(),
};

/** The daemon's own loop and account over the same sightings. */
async function ran(policies: readonly Policy[], sightings: Planned["sightings"]): Promise<readonly Decision[]> {
  const spend = new SpendBook({ history: openMemoryHistory(), onFailure: () => undefined });
  await spend.open(policies.map(({ name }) => name), START);
  const last = new Map<string, { readonly policy: Policy; readonly decision: Decision; readonly seen: TargetSnapshot }>();
  const budgets = new BudgetWatch({ spend, shared: [], target: (name) => { const pass = last.get(name); return pass && plannedRates({ ...pass, acts: true, held: spend.held(name), forecast: undefined }); } });
  budgets.watch(policies);
  let now: Readonly<Record<string, Sighting>> = {};
  const memory = createGateMemory();
  const group = policies[0]?.group ?? "";
  const runtime = new GroupRuntime(group, { state: initialGroupState(group, policies), policies, outcomes: [] }, {
    journal: openMemoryJournal({ maxRecords: 100 }), epoch: 1,
    observe: (policy, nowSeconds) => {
      const sighting = now[policy.name];
      if (sighting === undefined) throw new Error(policy.name);
      const readings = budgets.readings(policy, nowSeconds);
      return Promise.resolve({ ...seenBy(policy, sighting), ...(readings !== undefined && { budgets: readings }) });
    },
    gateContext: () => ({ actuator: NOBODY, memory, group, now: () => START, standing: { killSwitch: () => ({ engaged: false }), mode: () => "recommend", overrides: () => [], epoch: () => 1, backOff: () => undefined } }),
    fit: ({ forecasterId, input }) => { const model = CONTROL_MODELS[forecasterId]; if (model === undefined) throw new Error(forecasterId); return Promise.resolve(model.fit(input)); },
    overrides: () => [], effective: (policy) => policy,
  });
  const decisions: Decision[] = [];
  for (const sighting of sightings) {
    now = sighting;
    const timeSeconds = Object.values(sighting)[0]?.timeSeconds ?? NaN;
    const passed = await runtime.pass(timeSeconds, "tick");
    for (const decision of passed?.pass.decisions ?? []) {
      decisions.push(decision);
      const policy = policies.find(({ name }) => name === decision.target);
      const seen = passed?.pass.snapshot.targets[decision.target];
      if (policy === undefined || seen?.workload.kind !== "value") throw new Error(decision.target);
      last.set(decision.target, { policy, decision, seen });
      spend.charge(decision.target, heldCapacity({ workload: seen.workload, asked: undefined, offerings: [], carbon: undefined, cost: policy.cost }), timeSeconds);
    }
  }
  return decisions;
}

const causes = (decisions: readonly Decision[], code: string): number => decisions.filter(({ reasons }) => reasons.some((reason) => reason.code === code)).length;

describe("what a replay decides is what the daemon's loop then decides on the same data", () => {
  it.each<{ readonly what: string; readonly policies: readonly Policy[]; readonly worlds: Readonly<Record<string, ReplayWorld>>; readonly code: string }>([
    { what: "of several signals", policies: [SIGNALS], worlds: { web: SIGNALS_WORLD }, code: "binding-signal" },
    { what: "of a queue with a drain deadline", policies: [QUEUE], worlds: { web: QUEUE_WORLD }, code: "drain-backlog" },
    { what: "within a budget of a day", policies: [BUDGET], worlds: { web: worldOf(900) }, code: "budget-limit" },
    { what: "in a group with a follower, a shared limit and a budget", policies: GROUP, worlds: GROUP_WORLDS, code: "group-max-replicas" },
  ])("$what, to the last digit and reason", async ({ policies, worlds, code }) => {
    const plan = planned(policies, worlds);
    expect(await ran(policies, plan.sightings)).toEqual(plan.decisions);
    expect(causes(plan.decisions, code)).toBeGreaterThan(10);
  }, 120_000);

  it.each<[string, Policy, ReplayWorld]>([["signals", SIGNALS, SIGNALS_WORLD], ["a queue", QUEUE, QUEUE_WORLD], ["a budget", BUDGET, worldOf(900)]])("foretide drive misses and costs the same with %s", (_name, policy, world) => {
    const drive = new DriveSession({ policy, history: [], effective: (one) => one });
    drive.answer(JSON.stringify({ type: "start", time: START - 60 }));
    const known = (value: number | undefined): number | undefined => (value === undefined || Number.isNaN(value) ? undefined : value);
    const score = simulate(world, {
      decide: ({ timeSeconds, load, utilization, missRatio, backlog, signals, readyReplicas, pendingReplicas }) =>
        Number(drive.answer(JSON.stringify({
          type: "observation", time: timeSeconds, demand: known(load), readyReplicas, pendingReplicas, signals,
          ...(policy.signals.utilization !== undefined && { utilization: known(utilization), missRatio: known(missRatio) }), ...(policy.signals.backlog !== undefined && { backlog: known(backlog) }),
        }))["desiredReplicas"]),
    });
    const answer = runReplayJob({ kind: "policy", policy }, world, 120);
    expect(answer.kind === "score" && answer.score).toEqual(score);
    expect(score.scaleOuts).toBeGreaterThan(10);
  }, 120_000);
});
