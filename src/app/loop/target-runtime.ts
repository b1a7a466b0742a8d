import { setTimeout as wait } from "node:timers/promises";

import type { Actuator } from "../../act/actuator.ts";
import type { GateContext } from "../../act/gate.ts";
import type { GateMemory } from "../../act/gate-memory.ts";
import type { BackOff, OwnWrite } from "../../act/second-writer.ts";
import { watchTarget, type WatchedTarget } from "../../act/watched-target.ts";
import type { KillSwitch } from "../../act/kill-switch.ts";
import type { BudgetReading } from "../../model/budget.ts";
import { MODES, type Mode } from "../../model/mode.ts";
import { missing, type Observation } from "../../model/observation.ts";
import { failure } from "../../model/result.ts";
import type { CarbonSignal, Notice, Offering } from "../../model/offering.ts";
import type { Override } from "../../model/override.ts";
import type { Policy, SignalSpec } from "../../model/policy.ts";
import type { TargetSnapshot } from "../../model/snapshot.ts";
import type { WorkloadObservation } from "../../model/workload.ts";

/** Where a target's signals, offerings, notices and grid intensity come from. Each answer is a value or a typed absence. */
export interface TargetSources {
  readSignal(target: string, spec: SignalSpec, nowSeconds: number): Observation;
  offerings(policy: Policy, nowSeconds: number): readonly Offering[] | undefined;
  carbon(policy: Policy, nowSeconds: number): CarbonSignal | undefined;
  /** Budgets that will not hold at what is planned. */
  budgets?(policy: Policy, nowSeconds: number): readonly BudgetReading[] | undefined;
  /** Notices since the last call. */
  takeNotices(target: string): readonly Notice[];
}

/** What a gate must be told of the daemon at the last moment. */
export interface GateFacts {
  readonly killSwitch: KillSwitch;
  readonly memory: GateMemory;
  readonly epoch: number;
  nowSeconds(): number;
  overrides(nowSeconds: number): readonly Override[];
}

const READ_TIMEOUT_MILLISECONDS = 30_000;

const UNREAD = missing("absent", "the policy does not read this signal");

export interface TargetOptions {
  nowSeconds(): number;
  /** Writes of an earlier life of this process that may still arrive. */
  readonly earlierWrites: readonly OwnWrite[];
  /** How long a reading may take; 30 s, above the sum of the timeouts of its requests, where not given. */
  readonly readTimeoutMilliseconds?: number;
}

/** One target as the daemon runs it: its actuator with the other writers seen on it, and its mode. */
export class TargetRuntime {
  readonly actuator: Actuator;
  policy: Policy;
  /** Set by a person through the API. */
  modeLimit: Mode | undefined;
  readonly #watched: WatchedTarget;
  readonly #readTimeoutMilliseconds: number;
  #reading = false;
  /** The actuator as it was made, for those who know its kind (the demo). */
  readonly made: Actuator;

  constructor(policy: Policy, actuator: Actuator, options: TargetOptions) {
    this.policy = policy;
    this.made = actuator;
    this.#readTimeoutMilliseconds = options.readTimeoutMilliseconds ?? READ_TIMEOUT_MILLISECONDS;
    this.#watched = watchTarget(actuator, { now: () => options.nowSeconds(), earlierWrites: options.earlierWrites });
    this.actuator = this.#watched.actuator;
  }

  get backOff(): BackOff | undefined {
    return this.#watched.backOff();
  }

  /** The lower of what the policy says now and what a person has set: a reload may have lowered the policy's since. */
  get mode(): Mode {
    const { modeLimit, policy } = this;
    return modeLimit === undefined || MODES.indexOf(modeLimit) > MODES.indexOf(policy.mode) ? policy.mode : modeLimit;
  }

  /** Everything that a step may know of this target now. */
  async observe(policy: Policy, sources: TargetSources, nowSeconds: number): Promise<TargetSnapshot> {
    const signal = (spec: SignalSpec | undefined): Observation => (spec === undefined ? UNREAD : sources.readSignal(policy.name, spec, nowSeconds));
    const { demand, utilization, missRatio, backlog } = policy.signals;
    const measured = (policy.extraSignals ?? []).flatMap(({ name, spec }) => (spec === undefined ? [] : [[name, signal(spec)] as const]));
    const workload = await this.#readWorkload(nowSeconds);
    const offerings = sources.offerings(policy, nowSeconds);
    const carbon = sources.carbon(policy, nowSeconds);
    const budgets = sources.budgets?.(policy, nowSeconds);
    return {
      demand: signal(demand), utilization: signal(utilization), missRatio: signal(missRatio), backlog: signal(backlog),
      ...(measured.length > 0 && { signals: Object.fromEntries(measured) }),
      workload, notices: sources.takeNotices(policy.name),
      ...(offerings !== undefined && { offerings }),
      ...(carbon !== undefined && { carbon }),
      ...(budgets !== undefined && { budgets }),
    };
  }

  gateContext(facts: GateFacts): GateContext {
    return {
      actuator: this.actuator, memory: facts.memory, group: this.policy.group,
      now: () => facts.nowSeconds(),
      standing: {
        killSwitch: () => facts.killSwitch.state(),
        mode: () => this.mode,
        overrides: () => facts.overrides(facts.nowSeconds()),
        epoch: () => facts.epoch,
        backOff: () => this.#watched.backOff(),
      },
    };
  }

  /** A reading is of the tick that it is made for: it never comes from later. */
  async #readWorkload(nowSeconds: number): Promise<WorkloadObservation> {
    const read = await this.#readInTime();
    return read.ok ? { ...read.value, timeSeconds: Math.min(read.value.timeSeconds, nowSeconds) } : { kind: "absent", cause: read.failure === "missing" ? "absent" : "stale", detail: read.message };
  }

  /**
   * Each request of an actuator has its own timeout, but what stands before it (a credentials program, a name server) may hang for
   * ever: a reading is given up, and while one is under way no other is begun, so that the group goes on without it.
   */
  async #readInTime(): Promise<Awaited<ReturnType<Actuator["read"]>>> {
    if (this.#reading) return failure("transient", "an earlier reading is still under way");
    this.#reading = true;
    const read = this.actuator.read().finally(() => { this.#reading = false; });
    const late = new AbortController();
    const timeout = wait(this.#readTimeoutMilliseconds, failure("transient", `no reading within ${String(this.#readTimeoutMilliseconds / 1_000)} s`), { ref: false, signal: late.signal });
    try {
      return await Promise.race([read, timeout]);
    } finally {
      late.abort();
      timeout.catch(() => undefined);
    }
  }
}
