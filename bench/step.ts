import { missing, present } from "../src/model/observation.ts";
import type { Snapshot } from "../src/model/snapshot.ts";
import { PunctualFits } from "../src/replay/punctual-fits.ts";
import { initialGroupState, step } from "../src/step.ts";
import { policyOf } from "../test/fixtures/policy.ts";
import type { BenchRow } from "./bench-row.ts";

export const name = "step";

const DAYS = 16;
const TICK_SECONDS = 15;
const UNREAD = missing("absent", "not read");

/** Two weeks of one target at 15 s through the pure step, fits included beside it; the last two days are timed, tick by tick. */
export function run(): Promise<readonly BenchRow[]> {
  const policies = [policyOf()];
  const fits = new PunctualFits();
  let state = initialGroupState("web", policies);
  let replicas = 20;
  const ticks = (DAYS * 86_400) / TICK_SECONDS;
  const timed: number[] = [];
  for (let tick = 0; tick < ticks; tick += 1) {
    const snapshot = snapshotAt(tick, replicas, fits);
    const begin = performance.now();
    const result = step(state, snapshot, policies);
    if (tick > ticks - (2 * 86_400) / TICK_SECONDS) timed.push((performance.now() - begin) * 1000);
    state = result.nextState;
    replicas = result.decisions[0]?.desiredReplicas ?? replicas;
    fits.make(state, policies);
  }
  timed.sort((a, b) => a - b);
  const quantile = (level: number): number => timed[Math.floor(level * timed.length)] ?? NaN;
  return Promise.resolve([
    { what: "one step of one target, p50", value: quantile(0.5), unit: "µs" },
    { what: "one step of one target, p99", value: quantile(0.99), unit: "µs", goal: { atMost: 50 } },
  ]);
}

function snapshotAt(tick: number, replicas: number, fits: PunctualFits): Snapshot {
  const timeSeconds = 1_700_000_100 + tick * TICK_SECONDS;
  const demand = 1500 * (1 + 0.6 * Math.sin((2 * Math.PI * timeSeconds) / 86_400)) * (1 + 0.02 * Math.sin(tick * 12.9898));
  return {
    timeSeconds, wake: "tick", epoch: 1, installs: fits.due(timeSeconds), outcomes: [], overrides: [],
    targets: {
      web: {
        demand: present(demand, timeSeconds), utilization: present(Math.min(1, demand / (replicas * 100)), timeSeconds), missRatio: present(0.0005, timeSeconds), backlog: UNREAD, notices: [],
        workload: { kind: "value", timeSeconds, desiredReplicas: replicas, readyReplicas: replicas, pendingReplicas: 0 },
      },
    },
  };
}
