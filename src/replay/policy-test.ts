import type { Decision } from "../model/decision.ts";
import { missing, present } from "../model/observation.ts";
import type { Observation } from "../model/observation.ts";
import type { Override } from "../model/override.ts";
import type { Policy } from "../model/policy.ts";
import type { TargetSnapshot } from "../model/snapshot.ts";
import { effectivePolicy } from "../policy/effective-policy.ts";
import type { PolicyTestCase } from "../policy/policy-test-schema.ts";
import type { NotedValue } from "../policy/series-notation.ts";
import { initialGroupState, step } from "../step.ts";
import { advanceCluster, BENCHMARK_CLUSTER, readCluster, setDesired, startCluster } from "../twin/cluster.ts";
import { serveStep } from "../twin/service.ts";
import { checkDecisions } from "./policy-test-checks.ts";
import type { TestFailure } from "./policy-test-checks.ts";
import { serviceOf } from "./run-replay.ts";
import { PunctualFits } from "./punctual-fits.ts";
import { warmUp } from "./warm-up.ts";

export type TestSignal = "demand" | "utilization" | "missRatio" | "backlog" | "readyReplicas";

/** One case, its series read: whether they stood in the test or in a file. */
export interface PolicyTestRun {
  readonly policy: Policy;
  readonly test: PolicyTestCase;
  readonly startSeconds: number;
  /** Between two values of a series. */
  readonly intervalSeconds: number;
  readonly series: Readonly<Partial<Record<TestSignal, readonly NotedValue[]>>>;
}

export interface PolicyTestResult {
  readonly decisions: readonly Decision[];
  readonly failures: readonly TestFailure[];
}

/** A Monday at midnight, where a test names no time. */
export const USUAL_START_SECONDS = Date.UTC(2026, 0, 5) / 1000;
const USUAL_START_TIME_SECONDS = 120;

/** Runs one case through the production step, as the daemon would, and checks what it expects. The same case gives the same result. */
export function runPolicyTest(run: PolicyTestRun): PolicyTestResult {
  const decisions = decide(run);
  return { decisions, failures: checkDecisions(run.test, decisions, { startSeconds: run.startSeconds, everySeconds: run.policy.evaluationIntervalSeconds }) };
}

function decide({ policy, test, startSeconds, intervalSeconds, series }: PolicyTestRun): readonly Decision[] {
  const every = policy.evaluationIntervalSeconds;
  const length = Math.max(1, ...Object.values(series).map((values) => values.length)) * intervalSeconds;
  const world = new TestWorld({ policy, test, startSeconds });
  const fits = new PunctualFits();
  let state = learned(policy, test, startSeconds);
  const decisions: Decision[] = [];
  for (let elapsed = 0; elapsed < length; elapsed += every) {
    const timeSeconds = startSeconds + elapsed;
    const noted = Object.fromEntries(Object.entries(series).map(([name, values]) => [name, values[Math.min(values.length - 1, Math.floor(elapsed / intervalSeconds))]])) as Partial<Record<TestSignal, NotedValue>>;
    const effective = effectivePolicy(policy, timeSeconds);
    const snapshot = {
      timeSeconds, wake: "tick" as const, epoch: 1, targets: { [policy.name]: world.seenAt(timeSeconds, noted, effective) },
      installs: fits.due(timeSeconds), outcomes: [], overrides: overridesAt(test, policy, { startSeconds, timeSeconds }),
    };
    const result = step(state, snapshot, [effective]);
    state = result.nextState;
    fits.make(state, [effective]);
    const [decision] = result.decisions;
    if (decision === undefined) throw new Error("a step without a decision");
    decisions.push(decision);
    world.follow(decision.desiredReplicas);
  }
  return decisions;
}

function learned(policy: Policy, { history }: PolicyTestCase, startSeconds: number): ReturnType<typeof initialGroupState> {
  const state = initialGroupState(policy.group, [policy]);
  if (history === undefined) return state;
  const once = history.demand.map((value) => (typeof value === "number" ? value : NaN));
  const values = Float64Array.from({ length: once.length * history.repeat }, (_, i) => once[i % once.length] ?? NaN);
  return warmUp(state, [policy], new Map([[policy.name, { startSeconds: startSeconds - values.length * history.every, stepSeconds: history.every, values }]]));
}

function overridesAt({ overrides }: PolicyTestCase, policy: Policy, { startSeconds, timeSeconds }: { readonly startSeconds: number; readonly timeSeconds: number }): readonly Override[] {
  return overrides.flatMap((one, at): readonly Override[] => {
    const created = startSeconds + one.at;
    if (timeSeconds < created || timeSeconds >= created + one.for) return [];
    return [{ id: `override-${String(at)}`, target: policy.name, kind: one.kind, ...(one.replicas !== undefined && { replicas: one.replicas }), reason: "the test", author: "the test", createdAtSeconds: created, expiresAtSeconds: created + one.for }];
  });
}

/** What a test's target shows: the series where they say, else a cluster and a queue of the twin that follow the decisions. */
class TestWorld {
  readonly #policy: Policy;
  readonly #rate: number | undefined;
  readonly #cluster: ReturnType<typeof BENCHMARK_CLUSTER>;
  #state: ReturnType<typeof startCluster>;
  #backlog = 0;
  #misses: number | undefined;
  #desired: number;

  constructor({ policy, test, startSeconds }: { readonly policy: Policy; readonly test: PolicyTestCase; readonly startSeconds: number }) {
    const { scaling } = policy;
    this.#policy = policy;
    this.#rate = test.perReplica ?? (scaling.by === "objective" ? scaling.requestsPerSecondPerReplica : scaling.by === "per-replica" ? scaling.target : undefined);
    this.#cluster = BENCHMARK_CLUSTER(test.startTime ?? policy.leadTimeSeconds ?? USUAL_START_TIME_SECONDS);
    this.#desired = test.ready ?? policy.replicas.min;
    this.#state = startCluster(startSeconds, this.#desired, 1);
  }

  seenAt(timeSeconds: number, noted: Partial<Record<TestSignal, NotedValue>>, { signals }: Policy): TargetSnapshot {
    this.#state = advanceCluster(this.#state, this.#cluster, timeSeconds);
    const simulated = readCluster(this.#state);
    const given = noted.readyReplicas;
    const ready = given === undefined ? simulated.readyReplicas : given;
    const pending = typeof given === "number" ? Math.max(0, this.#desired - given) : simulated.pendingReplicas;
    const use = this.#serve(noted.demand, typeof ready === "number" ? ready : simulated.readyReplicas);
    const observed = (name: "utilization" | "missRatio" | "backlog", inferred: number | undefined): Observation => {
      const value = noted[name];
      if (signals[name] === undefined) return missing("absent", "the policy does not read this signal");
      return value !== undefined ? observation(value, timeSeconds) : inferred === undefined ? missing("absent", "the test does not say") : present(inferred, timeSeconds);
    };
    return {
      demand: observation(noted.demand ?? "absent", timeSeconds), utilization: observed("utilization", use), missRatio: observed("missRatio", this.#misses), backlog: observed("backlog", undefined), notices: [],
      workload: typeof ready === "number"
        ? { kind: "value", timeSeconds, desiredReplicas: ready + pending, readyReplicas: ready, pendingReplicas: pending }
        : { kind: "absent", cause: ready, detail: "the test says so" },
    };
  }

  follow(desiredReplicas: number): void {
    this.#desired = desiredReplicas;
    this.#state = setDesired(this.#state, this.#cluster, desiredReplicas).state;
  }

  #serve(demand: NotedValue | undefined, ready: number): number | undefined {
    if (this.#rate === undefined || typeof demand !== "number" || ready === 0) {
      this.#misses = undefined;
      return undefined;
    }
    const served = serveStep(serviceOf(this.#policy, this.#rate), { backlog: this.#backlog, arrivalsPerSecond: demand, readyReplicas: ready, stepSeconds: this.#policy.evaluationIntervalSeconds });
    this.#backlog = served.backlog;
    this.#misses = served.arrived > 0 ? served.missed / served.arrived : 0;
    return Math.min(1, demand / (ready * this.#rate));
  }
}

function observation(value: NotedValue, timeSeconds: number): Observation {
  return typeof value === "number" ? present(value, timeSeconds) : missing(value, "the test says so");
}
