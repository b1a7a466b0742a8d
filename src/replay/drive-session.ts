import type { JournalPass } from "../journal/journal.ts";
import { contentDigest } from "../model/content-digest.ts";
import type { Decision } from "../model/decision.ts";
import { missing, present } from "../model/observation.ts";
import type { Observation } from "../model/observation.ts";
import { DEFAULT_IDLE_SECONDS } from "../model/policy.ts";
import type { Policy, SignalSpec } from "../model/policy.ts";
import type { TargetSnapshot } from "../model/snapshot.ts";
import type { WorkloadObservation } from "../model/workload.ts";
import { initialGroupState, step } from "../step.ts";
import type { GroupState } from "../step.ts";
import { DriveLineError, parseDriveLine } from "./drive-line.ts";
import type { DriveObservation, DriveStart } from "./drive-line.ts";
import { hasPeriodBudget, PeriodBudgets } from "./period-budgets.ts";
import { PunctualFits } from "./punctual-fits.ts";

export interface DriveOptions {
  readonly policy: Policy;
  /** What happened before the start, ascending; rows at or after it are left out. */
  readonly history: readonly DriveObservation[];
  /** The policy as it holds at a time: schedules and events applied. */
  effective(policy: Policy, timeSeconds: number): Policy;
  /** Told of each pass, as a daemon journals it. */
  onPass?(pass: JournalPass): void;
}

type Answer = Readonly<Record<string, unknown>>;

/**
 * Optional signals count as bad data once they have been seen: a harness that never sends one has said nothing about it. What a
 * policy names besides (a backlog, other signals) is missing until it is sent, as in the daemon.
 */
const OPTIONAL_SIGNALS = ["utilization", "missRatio"] as const;

/** One conversation of `foretide drive`: a line in, an answer out. The same lines give the same answers, byte for byte. */
export class DriveSession {
  private readonly options: DriveOptions;
  private readonly fits = new PunctualFits();
  private started: { policy: Policy; state: GroupState; lastSeconds: number } | undefined;
  private readonly seen = new Set<string>();
  private budgets: PeriodBudgets | undefined;
  private knowsReady = false;
  /** What was decided during the last lead time, oldest first. */
  private readonly decided: { readonly time: number; readonly replicas: number }[] = [];
  private line = 0;
  private decisions = 0;
  private done = false;

  constructor(options: DriveOptions) {
    this.options = options;
  }

  get ended(): boolean {
    return this.done;
  }

  /** The answer to one line, or to the end of input. */
  answer(text: string): Answer {
    this.line += 1;
    try {
      const line = parseDriveLine(text);
      if (line.type === "start") return this.start(line);
      if (line.type === "observation") return this.observe(line);
      return this.end();
    } catch (error) {
      if (error instanceof DriveLineError) return { type: "error", line: this.line, message: error.message, path: error.path };
      throw error;
    }
  }

  end(): Answer {
    this.done = true;
    return { type: "end", decisions: this.decisions };
  }

  private start(line: DriveStart): Answer {
    if (this.started !== undefined) throw new DriveLineError("type", "already started");
    const policy = overridden(this.options.policy, line);
    if (policy.replicas.min > policy.replicas.max) throw new DriveLineError("target.min", "min is greater than the policy's max");
    if (hasPeriodBudget(policy)) this.budgets = new PeriodBudgets([policy]);
    this.started = { policy, state: initialGroupState(policy.group, [policy]), lastSeconds: -Infinity };
    for (const row of this.options.history) if (row.time < line.time) this.decide(row);
    this.started.lastSeconds = Math.max(line.time - 1e-9, this.started.lastSeconds);
    return { type: "ready", policy: policy.digest };
  }

  private observe(line: DriveObservation): Answer {
    if (this.started === undefined) throw new DriveLineError("type", "an observation before the start");
    if (line.time <= this.started.lastSeconds) throw new DriveLineError("time", "the time repeats or goes back");
    const decision = this.decide(line);
    this.decisions += 1;
    return answerOf(decision);
  }

  private decide(line: DriveObservation): Decision {
    const started = this.started;
    if (started === undefined) throw new Error("a decision before the start");
    for (const name of OPTIONAL_SIGNALS) if (line[name] !== undefined) this.seen.add(name);
    const effective = this.options.effective(started.policy, line.time);
    const policy = this.withSeenSignals(effective);
    const snapshot = {
      timeSeconds: line.time, wake: "tick" as const, epoch: 1, targets: { [policy.name]: this.targetOf(line, policy) },
      installs: this.fits.due(line.time), outcomes: [], overrides: [],
    };
    const { decisions, intents, nextState } = step(started.state, snapshot, [policy]);
    const [decision] = decisions;
    if (decision === undefined) throw new Error("a step without a decision");
    this.options.onPass?.({ group: policy.group, snapshot, policyDigests: { [policy.name]: policy.digest }, decisions, intents });
    this.started = { policy: started.policy, state: nextState, lastSeconds: line.time };
    this.fits.make(nextState, [policy]);
    this.budgets?.passed(snapshot, [policy], decisions);
    // Once ready counts are told, nothing is asked of what was decided: kept, it would fill the memory.
    if (this.knowsReady) this.decided.length = 0;
    else this.decided.push({ time: line.time, replicas: decision.desiredReplicas });
    return decision;
  }

  private withSeenSignals(policy: Policy): Policy {
    const unseen = OPTIONAL_SIGNALS.filter((name) => policy.signals[name] !== undefined && !this.seen.has(name));
    if (unseen.length === 0) return policy;
    const { utilization, missRatio, ...kept } = policy.signals;
    const shown = (name: (typeof OPTIONAL_SIGNALS)[number], spec: SignalSpec | undefined): object => (spec === undefined || unseen.includes(name) ? {} : { [name]: spec });
    return { ...policy, signals: { ...kept, ...shown("utilization", utilization), ...shown("missRatio", missRatio) } };
  }

  private targetOf(line: DriveObservation, policy: Policy): TargetSnapshot {
    const at = line.time;
    const measured = (policy.extraSignals ?? []).flatMap(({ name, spec }) => (spec === undefined ? [] : [[name, observed(line.signals?.[name], at)] as const]));
    const budgets = this.budgets?.readings(policy, at);
    return {
      demand: observed(line.demand, at), utilization: observed(line.utilization, at), missRatio: observed(line.missRatio, at), backlog: observed(line.backlog, at),
      ...(measured.length > 0 && { signals: Object.fromEntries(measured) }),
      workload: this.workloadOf(line, policy), notices: line.notices,
      ...(line.offerings !== undefined && { offerings: line.offerings }),
      ...(line.carbon !== undefined && { carbon: line.carbon }),
      ...(budgets !== undefined && { budgets }),
    };
  }

  /** Until a ready count has been told, what was decided is taken to run: what was added a lead time later, what was removed at once. */
  private workloadOf(line: DriveObservation, { leadTimeSeconds = 0 }: Policy): WorkloadObservation {
    const { readyReplicas, pendingReplicas = 0, running, pending, time } = line;
    const byOffering = { ...(running !== undefined && { runningByOffering: running }), ...(pending !== undefined && { pendingByOffering: pending }) };
    if (readyReplicas !== undefined) {
      this.knowsReady = true;
      return { kind: "value", timeSeconds: time, desiredReplicas: readyReplicas + pendingReplicas, readyReplicas, pendingReplicas, ...byOffering };
    }
    const newest = this.decided.at(-1)?.replicas;
    if (this.knowsReady || newest === undefined) return { kind: "absent", cause: "absent", detail: "no readyReplicas" };
    // The newest decision that is a lead time old still stands until the next one.
    while ((this.decided[1]?.time ?? Infinity) <= time - leadTimeSeconds) this.decided.shift();
    const ready = Math.min(...this.decided.map(({ replicas }) => replicas));
    return { kind: "value", timeSeconds: time, desiredReplicas: newest, readyReplicas: ready, pendingReplicas: newest - ready, ...byOffering };
  }
}

const NOT_TOLD = missing("absent", "not in the observation");

function observed(value: number | undefined, timeSeconds: number): Observation {
  return value === undefined ? NOT_TOLD : present(value, timeSeconds);
}

function overridden(policy: Policy, { target, objective, intervalSeconds }: DriveStart): Policy {
  const { digest: _digest, ...plain } = policy;
  const rate = target.requestsPerSecondPerReplica;
  const min = target.min ?? policy.replicas.min;
  const changed: Omit<Policy, "digest"> = {
    ...plain,
    mode: "full",
    name: target.name ?? policy.name,
    replicas: { ...policy.replicas, min, max: target.max ?? policy.replicas.max, ...(min === 0 && { idleAfterSeconds: policy.replicas.idleAfterSeconds ?? DEFAULT_IDLE_SECONDS }) },
    scaling: policy.scaling.by === "objective" && rate !== undefined ? { by: "objective", requestsPerSecondPerReplica: rate } : policy.scaling,
    objective: { latencySeconds: objective.latencySeconds ?? policy.objective.latencySeconds, errorBudget: objective.errorBudget ?? policy.objective.errorBudget },
    leadTimeSeconds: target.leadTimeSeconds ?? policy.leadTimeSeconds,
    evaluationIntervalSeconds: intervalSeconds ?? policy.evaluationIntervalSeconds,
  };
  return { ...changed, digest: contentDigest(changed) };
}

function answerOf({ timeSeconds, kind, desiredReplicas, allocation, reasons, forecast }: Decision): Answer {
  return {
    type: "decision", time: timeSeconds, kind, desiredReplicas,
    ...(allocation !== undefined && { allocation: allocation.instances }),
    reasons,
    ...(forecast !== undefined && { forecast: { leadTimeSeconds: forecast.leadTimeSeconds, p50: forecast.p50, p99: forecast.p99 } }),
  };
}
