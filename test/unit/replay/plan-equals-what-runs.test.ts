import { describe, expect, it } from "vitest";

import { CONTROL_MODELS } from "../../../forecasts/models/lead-ridge-forecaster.ts";
import type { Actuator } from "../../../src/act/actuator.ts";
import { createGateMemory } from "../../../src/act/gate-memory.ts";
import { GroupRuntime } from "../../../src/app/loop/group-runtime.ts";
import { openMemoryJournal } from "../../../src/journal/memory-journal.ts";
import type { Decision } from "../../../src/model/decision.ts";
import { missing, present } from "../../../src/model/observation.ts";
import type { Policy } from "../../../src/model/policy.ts";
import type { TargetSnapshot } from "../../../src/model/snapshot.ts";
import { effectivePolicy } from "../../../src/policy/effective-policy.ts";
import type { Controller, Sighting } from "../../../src/replay/controller.ts";
import { DriveSession } from "../../../src/replay/drive-session.ts";
import { planReport } from "../../../src/replay/plan-report.ts";
import { runReplay } from "../../../src/replay/run-replay.ts";
import { BENCHMARK_OBSERVATION, simulate } from "../../../src/replay/simulate.ts";
import type { ReplayWorld } from "../../../src/replay/simulate.ts";
import { StepController } from "../../../src/replay/step-controller.ts";
import { BENCHMARK_CLUSTER } from "../../../src/twin/cluster.ts";
import { BENCHMARK_SERVICE } from "../../../src/twin/service.ts";
import { initialGroupState } from "../../../src/step.ts";
import { policyOf } from "../../fixtures/policy.ts";

const START = 1_700_006_400;
const { demand } = policyOf().signals;

/** Reads all that the replay measures; a floor by schedule; fits twice in the four days. */
const POLICY: Policy = policyOf({
  evaluationIntervalSeconds: 60, signals: { demand, utilization: demand, missRatio: demand },
  schedules: [{ name: "night", cron: "0 1 * * *", timezone: "UTC", durationSeconds: 3600, minReplicas: 14, maxReplicas: undefined, priority: 0, expiresAtSeconds: undefined }],
});

const WORLD: ReplayWorld = {
  load: Float64Array.from({ length: 4 * 1_440 }, (_, i) => 900 - 500 * Math.cos((2 * Math.PI * i) / 1_440) + (i % 1_440 > 700 && i % 1_440 < 720 ? 700 : 0)),
  startSeconds: START, stepSeconds: 60, scoreFrom: 1_440, service: BENCHMARK_SERVICE, cluster: BENCHMARK_CLUSTER(120), minReplicas: 1, maxReplicas: 200,
  observation: { ...BENCHMARK_OBSERVATION, windowSteps: 1, lagSteps: 1, lostShare: 0.02 },
};

const known = (value: number): number | undefined => (Number.isNaN(value) ? undefined : value);

function driven(): Controller {
  const drive = new DriveSession({ policy: POLICY, history: [], effective: effectivePolicy });
  drive.answer(JSON.stringify({ type: "start", time: START - 60 }));
  return {
    decide: ({ timeSeconds, load, utilization, missRatio, readyReplicas, pendingReplicas }) =>
      Number(drive.answer(JSON.stringify({ type: "observation", time: timeSeconds, demand: known(load), utilization: known(utilization), missRatio: known(missRatio), readyReplicas, pendingReplicas }))["desiredReplicas"]),
  };
}

describe("a plan", () => {
  it("says of a policy, to the last digit, what foretide drive then decides and misses on the same data", () => {
    const plan = planReport(runReplay({ policy: POLICY, world: WORLD, leadTimeSeconds: 120, against: ["hpa"], hindsight: false }));
    const score = simulate(WORLD, driven());
    expect(plan.planned).toEqual({
      name: "planned", meanReplicas: score.replicaHours / 72, replicaHours: score.replicaHours, costUsd: score.costUsd, carbonGrams: undefined,
      missShare: score.missShare, errorBudgetMinutes: 60 * 72 * score.missShare, changesPerDay: score.changesPerDay,
    });
    expect(score.scaleOuts).toBeGreaterThan(20);
  });

  it("decides as the daemon's own runtime does on the same observations, reasons and all, fits and schedule included", async () => {
    const planned: Decision[] = [];
    const sightings: Sighting[] = [];
    const step = new StepController(POLICY, { effective: effectivePolicy, sees: "policy", onDecision: (decision) => planned.push(decision) });
    simulate(WORLD, { decide: (sighting) => { sightings.push(sighting); return step.decide(sighting); } });

    let seen: Sighting | undefined;
    let fits = 0;
    const memory = createGateMemory();
    const runtime = new GroupRuntime("web", { state: initialGroupState("web", [POLICY]), policies: [POLICY], outcomes: [] }, {
      journal: openMemoryJournal({ maxRecords: 100 }), epoch: 1,
      observe: () => Promise.resolve(snapshotOf(seen)),
      // Advice only: what is decided is compared, and the replay's own cluster has already done it.
      gateContext: () => ({
        actuator: NOBODY, memory, group: "web", now: () => seen?.timeSeconds ?? START,
        standing: { killSwitch: () => ({ engaged: false }), mode: () => "recommend", overrides: () => [], epoch: () => 1, backOff: () => undefined },
      }),
      fit: ({ forecasterId, input }) => { fits += 1; const model = CONTROL_MODELS[forecasterId]; if (model === undefined) throw new Error(forecasterId); return Promise.resolve(model.fit(input)); },
      overrides: () => [],
      effective: effectivePolicy,
    });
    const ran: Decision[] = [];
    for (const sighting of sightings) {
      seen = sighting;
      const passed = await runtime.pass(sighting.timeSeconds, "tick");
      ran.push(...(passed?.pass.decisions ?? []));
    }
    expect(ran).toEqual(planned);
    expect(fits).toBeGreaterThanOrEqual(2);
    expect(planned.some(({ reasons }) => reasons.some(({ before, after }) => before < after && after === 14))).toBe(true);
  }, 120_000);
});

const NOBODY: Actuator = {
  type: "nobody",
  read: () => Promise.reject(new Error("the gate is shut before it reads")),
  write: () => Promise.reject(new Error("the gate is shut before it writes")),
  close: () => Promise.resolve(),
};
const UNREAD = missing("absent", "the policy does not read this signal");

function snapshotOf(seen: Sighting | undefined): TargetSnapshot {
  if (seen === undefined) throw new Error("no sighting");
  const { timeSeconds, load, utilization, missRatio, readyReplicas, pendingReplicas } = seen;
  const observed = (value: number) => (Number.isNaN(value) ? UNREAD : present(value, timeSeconds));
  return {
    demand: observed(load), utilization: observed(utilization), missRatio: observed(missRatio), backlog: UNREAD, notices: [],
    workload: { kind: "value", timeSeconds, desiredReplicas: readyReplicas + pendingReplicas, readyReplicas, pendingReplicas },
  };
}
