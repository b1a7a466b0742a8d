import { CONTROL_MODELS } from "../../forecasts/models/lead-ridge-forecaster.ts";
import { createSimulated, type SimulatedActuator } from "../../src/act/actuators/simulated.ts";
import type { Actuator, WriteAnswer } from "../../src/act/actuator.ts";
import { settleOpenIntents } from "../../src/act/carry-out.ts";
import { createGateMemory, type GateMemory } from "../../src/act/gate-memory.ts";
import type { GateContext } from "../../src/act/gate.ts";
import { GroupRuntime, type PassResult } from "../../src/app/loop/group-runtime.ts";
import { recoverGroup } from "../../src/app/loop/recover-group.ts";
import { openMemoryJournal } from "../../src/journal/memory-journal.ts";
import type { Journal } from "../../src/journal/journal.ts";
import type { Intent, Outcome } from "../../src/model/intent.ts";
import { missing, present, type Observation } from "../../src/model/observation.ts";
import type { Notice } from "../../src/model/offering.ts";
import type { Override } from "../../src/model/override.ts";
import type { Policy } from "../../src/model/policy.ts";
import { failure } from "../../src/model/result.ts";
import type { TargetSnapshot } from "../../src/model/snapshot.ts";
import type { GroupState } from "../../src/step.ts";
import { replayJournal } from "../../src/replay/replay-journal.ts";
import { policyOf } from "../fixtures/policy.ts";
import { FaultPlan, type Fault } from "./faults.ts";
import { Watcher } from "./invariants.ts";
import { Chance } from "./random.ts";

const TICK_SECONDS = 15;
const START_SECONDS = 1_700_000_000 - (1_700_000_000 % 86_400);

/** Bugs that can be planted, one for each invariant: the simulation must find each. */
export const SABOTAGES = ["no-minimum", "no-maximum", "absent-is-zero", "resend-after-restart", "hidden-input", "deaf-to-pause", "never-expires", "reads-zero"] as const;
export type Sabotage = (typeof SABOTAGES)[number];

/** One life of the daemon's control code: from a start to a kill. */
interface Life {
  readonly runtime: GroupRuntime;
  readonly memory: GateMemory;
  readonly epoch: number;
  alive: boolean;
  /** The pass that waits for a slow store: while it does, ticks are left out. */
  underWay: Promise<PassResult | undefined> | undefined;
}

/** A simulated cloud, its load, its faults and the production code between them, on a seeded clock. */
export class World {
  readonly policy: Policy;
  readonly faults: FaultPlan;
  readonly watcher: Watcher;
  lives = 0;
  passes = 0;
  writes = 0;
  readonly #sabotage: Sabotage | undefined;
  readonly #chance: Chance;
  readonly #cloud: SimulatedActuator;
  readonly #journal: Journal = openMemoryJournal();
  readonly #loadSeed: { readonly base: number; readonly swing: number; readonly phase: number; readonly noise: number };
  #nowSeconds = START_SECONDS;
  /** What the daemon's clock is off by: clocks are set, back and forth. */
  #clockOff = 0;
  #eras = 0;
  #lastLoadSeconds = START_SECONDS;
  #notices: readonly Notice[] = [];
  #slow: readonly { readonly untilSeconds: number; readonly release: () => void }[] = [];
  #onSlow: () => void = () => undefined;
  #life: Life | undefined;
  #killOnWrite: "before" | "after" | undefined;
  #died: (() => void) | undefined;
  #badByDecision = new Map<string, readonly string[]>();
  #drift = 0;
  readonly #resends: { readonly atSeconds: number; readonly key: string }[] = [];

  constructor(seed: number, sabotage?: Sabotage) {
    this.#sabotage = sabotage;
    this.#chance = new Chance(seed);
    this.policy = policyOf({
      replicas: this.#chance.happens(0.3) ? { min: 0, max: this.#chance.whole(25, 60), idleAfterSeconds: 600 } : { min: this.#chance.whole(1, 3), max: this.#chance.whole(25, 60) },
      cost: { maxPerHourUsd: undefined, onLimit: "cut-capacity", replicaPerHourUsd: 0.1 },
      leadTimeSeconds: this.#chance.pick([30, 60, 120, 300]),
      signals: { ...policyOf().signals, utilization: { ...policyOf().signals.demand, extract: "gauge" } },
      behavior: { ...policyOf().behavior, scaleInStabilizationSeconds: this.#chance.pick([0, 60, 300]) },
      forecast: { ...policyOf().forecast, refitSeconds: 6 * 3600 },
      fallback: { holdSeconds: 300, forecastSeconds: 1200, staticReplicas: this.#chance.happens(0.5) ? 5 : undefined },
    });
    this.faults = new FaultPlan(new Chance(seed ^ 0x5bd1e995));
    this.watcher = new Watcher(this.policy);
    this.#loadSeed = { base: this.#chance.between(200, 1200), swing: this.#chance.between(0.2, 0.8), phase: this.#chance.between(0, 86_400), noise: this.#chance.between(0.005, 0.08) };
    this.#cloud = createSimulated(
      { replicas: 5, startSeconds: 90, startSigma: 0.3, failedStartShare: 0.02, drainSeconds: 20, maxReplicas: 1000, seed },
      { target: this.policy.name, now: () => this.#nowSeconds },
    );
  }

  /** Runs so many simulated hours, then replays the whole journal. */
  async run(hours: number): Promise<void> {
    await this.#start();
    const end = START_SECONDS + hours * 3600;
    while (this.#nowSeconds < end) await this.#tick();
    const replay = await replayJournal(this.#journal.read(1), { group: this.policy.group, effective: (policy) => policy });
    const { firstDifference } = replay;
    const detail = firstDifference === undefined ? "" : `pass ${String(firstDifference.sequence)} was decided ${JSON.stringify(firstDifference.recorded.decisions)} and replays as ${JSON.stringify(firstDifference.decisions)}`;
    this.watcher.replayed(replay.passes > 0 && firstDifference === undefined, detail, this.#nowSeconds);
  }

  async #tick(): Promise<void> {
    this.#nowSeconds += TICK_SECONDS;
    for (const fault of this.faults.draw(this.#nowSeconds)) this.#begin(fault);
    if (this.#life === undefined) await this.#start();
    const life = this.#life;
    if (life === undefined) return;
    for (const { key } of this.#resends.filter(({ atSeconds }) => atSeconds === this.#nowSeconds)) await this.#resend(key);
    const due = this.#slow.filter(({ untilSeconds }) => untilSeconds <= this.#nowSeconds);
    this.#slow = this.#slow.filter((one) => !due.includes(one));
    if (this.#slow.length > 0) return;
    const skew = this.faults.isOn("clock-back", this.#nowSeconds) ? -this.#chance.between(0, 120) : 0;
    const dead = new Promise<undefined>((resolve) => { this.#died = () => { resolve(undefined); }; });
    const slow = new Promise<undefined>((resolve) => { this.#onSlow = () => { resolve(undefined); }; });
    for (const { release } of due) release();
    life.underWay ??= life.runtime.pass(this.#clock() + skew, "tick").finally(() => { life.underWay = undefined; });
    const result = await Promise.race([life.underWay, dead, slow]);
    if (result === undefined) return;
    this.passes += 1;
    this.watcher.decided(result);
  }

  /** A start of the daemon: open intents are settled, the group is recovered from the journal. */
  async #start(): Promise<void> {
    const memory = createGateMemory();
    const settled = await settleOpenIntents(this.#liveJournal(() => true), memory, this.#clock());
    if (!settled.ok) return;
    const recovered = await recoverGroup(this.#liveJournal(() => true), {
      group: this.policy.group, policies: [this.#runPolicy()], nowSeconds: this.#clock(), effective: (policy) => policy,
    });
    if (!recovered.ok) return;
    this.watcher.replayed(recovered.value.differsAt === undefined, `recovery differs at ${String(recovered.value.differsAt)}`, this.#nowSeconds);
    this.lives += 1;
    if (this.#sabotage === "resend-after-restart") for (const outcome of settled.value) this.#resends.push({ atSeconds: this.#nowSeconds + 600, key: outcome.idempotencyKey });
    const life: Life = { alive: true, underWay: undefined, epoch: this.lives, memory, runtime: this.#runtime({ state: recovered.value.state, outcomes: settled.value }, memory, this.lives) };
    this.#life = life;
  }

  #runtime(start: { readonly state: GroupState; readonly outcomes: readonly Outcome[] }, memory: GateMemory, epoch: number): GroupRuntime {
    const alive = (): boolean => this.lives === epoch && this.#life?.alive !== false;
    return new GroupRuntime(this.policy.group, { ...start, policies: [this.#runPolicy()] }, {
      journal: this.#liveJournal(alive),
      epoch,
      observe: (_policy, nowSeconds) => this.#observe(nowSeconds),
      gateContext: () => this.#gate(memory, epoch, alive),
      fit: (job) => Promise.resolve(CONTROL_MODELS[job.forecasterId]?.fit(job.input) ?? { ok: false, reason: `no forecaster ${job.forecasterId}` }),
      overrides: () => this.#overrides(),
      effective: (policy) => (this.#sabotage === "hidden-input" && this.#chance.happens(0.01) ? { ...policy, replicas: { ...policy.replicas, min: policy.replicas.min + 3 } } : policy),
    });
  }

  /** The policy as the code under test gets it. */
  #runPolicy(): Policy {
    const { min, max } = this.policy.replicas;
    if (this.#sabotage === "no-minimum") return { ...this.policy, replicas: { min: 0, max } };
    return this.#sabotage === "no-maximum" ? { ...this.policy, replicas: { min, max: 1000 } } : this.policy;
  }

  /** What an at-least-once queue of effects would do: deliver again, and late. */
  async #resend(key: string): Promise<void> {
    for await (const record of this.#journal.read(1)) {
      const intent = record.type === "pass" ? record.pass.intents.find((one) => one.idempotencyKey === key) : undefined;
      this.#killOnWrite = undefined;
      if (intent !== undefined) await this.#write({ ...intent, expectedReplicas: this.#cloud.cluster().desiredReplicas }, () => true);
    }
  }

  #gate(memory: GateMemory, epoch: number, alive: () => boolean): GateContext {
    return {
      actuator: this.#watched(alive), memory, group: this.policy.group, now: () => (this.#sabotage === "never-expires" ? 0 : this.#clock()),
      // No timer fires within a world (nothing waits there but for promises); those of dead lives are over soon after it.
      readTimeoutSeconds: 0.01, writeTimeoutSeconds: 0.01,
      standing: {
        killSwitch: () => (this.faults.isOn("kill-switch", this.#nowSeconds) ? { engaged: true, source: "file", reason: "simulated", author: "simulation" } : { engaged: false }),
        mode: () => this.policy.mode,
        overrides: () => this.#overrides(),
        epoch: () => epoch,
        backOff: () => undefined,
      },
    };
  }

  /** The cloud as this life sees it: its writes are watched, and a kill may come before or after one. */
  #watched(alive: () => boolean): Actuator {
    return {
      type: "simulated",
      read: () => (this.faults.isOn("workload-unreadable", this.#nowSeconds) ? Promise.resolve(failure("transient", "simulated")) : this.#cloud.read()),
      write: async (intent) => await this.#write(intent, alive),
      close: () => Promise.resolve(),
    };
  }

  async #write(intent: Intent, alive: () => boolean): Promise<WriteAnswer> {
    const kill = this.#killOnWrite;
    if (kill === "before") return await this.#kill();
    const before = this.#cloud.cluster().desiredReplicas;
    this.watcher.sent({ key: `${String(this.#eras)} ${intent.idempotencyKey}`, timeSeconds: this.#nowSeconds, lateSeconds: this.#clock() - intent.expiresAtSeconds });
    const answer = await this.#cloud.write(intent);
    const after = this.#cloud.cluster().desiredReplicas;
    if (!alive()) throw new Error("a dead process wrote");
    if (intent.drain === undefined && (after !== before || (answer.ok && answer.value.applied))) {
      this.writes += 1;
      this.watcher.wrote({
        timeSeconds: this.#nowSeconds, idempotencyKey: intent.idempotencyKey, decisionId: `${String(this.#eras)} ${intent.decisionId}`, before, after, idleSeconds: this.#nowSeconds - this.#lastLoadSeconds,
        paused: (["kill-switch", "pause", "pause-scale-in"] as const).find((fault) => this.faults.isOn(fault, this.#nowSeconds)),
        badInputs: this.#badByDecision.get(intent.decisionId) ?? [],
      });
    }
    return kill === "after" ? await this.#kill() : answer;
  }

  /** The process is gone: what it waited for never comes. */
  #kill(): Promise<never> {
    this.#killOnWrite = undefined;
    if (this.#life !== undefined) this.#life.alive = false;
    this.#life = undefined;
    this.#slow = [];
    this.#died?.();
    return new Promise(() => undefined);
  }

  async #observe(nowSeconds: number): Promise<TargetSnapshot> {
    const workload = await this.#watched(() => true).read();
    const demand = this.#demand();
    const lost = this.faults.isOn("metrics-lost", this.#nowSeconds);
    const late = this.faults.isOn("metrics-late", this.#nowSeconds);
    const capacity = (workload.ok ? workload.value.readyReplicas : 5) * 100;
    const utilization = this.faults.isOn("one-signal-lost", this.#nowSeconds) || lost ? missing("absent", "simulated") : present(Math.min(1, demand / Math.max(1, capacity)), nowSeconds);
    const seen: TargetSnapshot = {
      demand: lost ? missing("absent", "simulated") : late ? missing("stale", "simulated") : this.#maybeCorrupt(demand, nowSeconds),
      utilization, missRatio: present(demand > capacity ? 0.2 : 0.0002, nowSeconds), backlog: missing("absent", "not read"),
      workload: workload.ok ? { ...workload.value, timeSeconds: nowSeconds } : { kind: "absent", cause: "stale", detail: workload.message }, notices: this.#noticesNow(nowSeconds),
      ...(this.faults.isOn("budget-tight", this.#nowSeconds) && { budgets: [{ name: "month", unit: "usd", period: "month", limit: 100, spent: 60, forecast: 140, affordableShare: 0.5, onLimit: "cut-capacity" }] }),
    };
    const bad = [seen.demand.kind === "absent" ? `demand is ${seen.demand.cause}` : "", seen.utilization.kind === "absent" ? `utilization is ${seen.utilization.cause}` : ""].filter((text) => text !== "");
    this.#badByDecision.set(`${this.policy.name}@${String(nowSeconds)}`, bad);
    if (this.#badByDecision.size > 5_000) this.#badByDecision = new Map([...this.#badByDecision].slice(-1_000));
    if (this.#sabotage === "absent-is-zero" && seen.demand.kind === "absent") return { ...seen, demand: present(0, nowSeconds), utilization: present(0, nowSeconds) };
    return this.#sabotage === "reads-zero" ? { ...seen, demand: present(0, nowSeconds), utilization: present(0, nowSeconds) } : seen;
  }

  #clock(): number {
    return this.#nowSeconds + this.#clockOff;
  }

  /** As channels tell them: some late, some again and again. */
  #noticesNow(nowSeconds: number): readonly Notice[] {
    this.#notices = this.#notices.filter(({ timeSeconds }) => timeSeconds > nowSeconds);
    return this.#notices.filter(() => this.#chance.happens(0.5));
  }

  /** What a reader gives for a value that cannot be one: an invalid observation. */
  #maybeCorrupt(demand: number, nowSeconds: number): Observation {
    if (!this.faults.isOn("metrics-corrupt", this.#nowSeconds)) return present(demand, nowSeconds);
    return this.#chance.happens(0.7) ? missing("invalid", "NaN or negative") : present(demand * this.#chance.pick([0.001, 3, 1000]), nowSeconds);
  }

  #demand(): number {
    const { base, swing, phase, noise } = this.#loadSeed;
    this.#drift = 0.95 * this.#drift + noise * this.#chance.gaussian();
    const day = 1 + swing * Math.sin((2 * Math.PI * (this.#nowSeconds + phase)) / 86_400);
    const drop = this.faults.isOn("demand-drop", this.#nowSeconds) ? 0.05 : 1;
    const demand = this.faults.isOn("idle", this.#nowSeconds) ? 0 : Math.max(0, base * day * (1 + this.#drift) * drop);
    if (demand > 0) this.#lastLoadSeconds = this.#nowSeconds;
    return demand;
  }

  #overrides(): readonly Override[] {
    if (this.#sabotage === "deaf-to-pause") return [];
    return (["pause", "pause-scale-in"] as const).filter((kind) => this.faults.isOn(kind, this.#nowSeconds)).map((kind) => ({
      id: kind, target: this.policy.name, kind, reason: "simulated", author: "simulation", createdAtSeconds: START_SECONDS, expiresAtSeconds: this.faults.untilSeconds(kind) + this.#clockOff,
    }));
  }

  #begin(fault: Fault): void {
    const seconds = this.faults.untilSeconds(fault) - this.#nowSeconds;
    if (fault === "cloud-throttled") this.#cloud.fault("throttled", seconds);
    else if (fault === "no-capacity") this.#cloud.fault("no-capacity", seconds);
    else if (fault === "write-lost-before") this.#cloud.loseNext("before");
    else if (fault === "write-lost-after") this.#cloud.loseNext("after");
    else if (fault === "interruption") {
      const told = this.#cloud.interrupt(this.#chance.whole(1, 3), 120).map((instanceId): Notice => ({ kind: "interruption", offering: "simulated/simulated/spot", count: 1, timeSeconds: this.#clock() + 120, instanceId }));
      this.#notices = [...this.#notices, ...told];
    } else if (fault === "suspend") this.#nowSeconds += TICK_SECONDS * this.#chance.whole(4, 480);
    else if (fault === "clock-step") this.#setClock(TICK_SECONDS * this.#chance.whole(-360, 240));
    else if (fault === "foreign-write") this.#cloud.setByOther(this.#chance.whole(this.policy.replicas.min, this.policy.replicas.max), { kind: "unknown" });
    else if (fault === "kill-before-write") this.#killOnWrite = "before";
    else if (fault === "kill-after-write") this.#killOnWrite = "after";
    else if (fault === "kill-between-passes") void this.#kill();
  }

  #setClock(seconds: number): void {
    this.#clockOff += seconds;
    this.#eras += 1;
    this.#notices = this.#notices.map((notice) => ({ ...notice, timeSeconds: notice.timeSeconds + seconds }));
  }

  /** A store that answers slowly holds the pass up: its tick ends, the next are left out. */
  #slowly<T>(work: () => Promise<T>, alive: () => boolean): Promise<T> {
    if (!this.faults.isOn("store-slow", this.#nowSeconds) || !this.#chance.happens(0.3)) return work();
    const released = Promise.withResolvers<undefined>();
    this.#slow = [...this.#slow, { untilSeconds: this.#nowSeconds + this.#chance.between(20, 150), release: () => { released.resolve(undefined); } }];
    this.#onSlow();
    return released.promise.then(() => (alive() ? work() : new Promise<T>(() => undefined)));
  }

  /** The journal of a process: it takes nothing while the disk is full, nor from a process that is dead. */
  #liveJournal(alive: () => boolean): Journal {
    const full = (): boolean => this.faults.isOn("journal-full", this.#nowSeconds);
    const refuse = failure("transient", "no space left on the device");
    const inner = this.#journal;
    return {
      ...bound(inner),
      appendPass: (pass) => (!alive() ? new Promise(() => undefined) : full() ? Promise.resolve(refuse) : this.#slowly(() => inner.appendPass(pass), alive)),
      appendOutcome: (outcome) => (!alive() ? new Promise(() => undefined) : full() ? Promise.resolve(refuse) : inner.appendOutcome(outcome)),
      appendCheckpoint: (group, at, state) => (full() ? Promise.resolve(refuse) : inner.appendCheckpoint(group, at, state)),
      appendNote: (at, kind, detail) => (full() ? Promise.resolve(refuse) : inner.appendNote(at, kind, detail)),
    };
  }
}

function bound(journal: Journal): Journal {
  return {
    damage: journal.damage,
    appendPass: (pass) => journal.appendPass(pass), appendOutcome: (outcome) => journal.appendOutcome(outcome),
    appendCheckpoint: (group, at, state) => journal.appendCheckpoint(group, at, state), appendNote: (at, kind, detail) => journal.appendNote(at, kind, detail),
    storeFit: (install) => journal.storeFit(install), read: (from) => journal.read(from), decisions: (query) => journal.decisions(query), decision: (id) => journal.decision(id),
    openIntents: () => journal.openIntents(), latestCheckpoint: (group) => journal.latestCheckpoint(group), prune: (before, bytes) => journal.prune(before, bytes), close: () => journal.close(),
  };
}
