import type { Actuator } from "../../act/actuator.ts";
import { nameWriter } from "../../act/foreign-hand.ts";
import type { OwnWrite } from "../../act/second-writer.ts";
import type { GateContext } from "../../act/gate.ts";
import type { FitResult } from "../../../forecasts/forecaster.ts";
import type { HistoryStore } from "../../history/history-store.ts";
import type { Journal } from "../../journal/journal.ts";
import type { Outcome } from "../../model/intent.ts";
import type { Policy } from "../../model/policy.ts";
import { ownValue } from "../../model/record.ts";
import { success, type Result } from "../../model/result.ts";
import type { Series } from "../../model/series.ts";
import type { Clock } from "../clock.ts";
import type { ControlBook } from "./control-book.ts";
import type { FitJob } from "../forecasts/fit-pool.ts";
import type { ForecastDesk } from "../forecasts/forecast-desk.ts";
import type { SavedLedger } from "../forecasts/forecast-ledger.ts";
import { Comparison, COMPARISON_NOTE, savedComparisons } from "../shadow/comparison.ts";
import { GroupRuntime } from "./group-runtime.ts";
import { makeActuators } from "./make-actuators.ts";
import { withBorrowedPast } from "../forecasts/control-past.ts";
import { withoutHidden } from "../forecasts/mark-rows.ts";
import { Outlook } from "../forecasts/outlook.ts";
import { PastLearner } from "./past-learner.ts";
import { recoverGroup, type RecoveredGroup } from "./recover-group.ts";
import { TargetBoard } from "../status/target-board.ts";
import { TargetRuntime, type GateFacts, type TargetSources } from "./target-runtime.ts";
import { ConditionBook, ForecastScore, type StatusParts } from "../status/target-status.ts";
import { ShadowBaseline } from "../shadow/shadow-baseline.ts";

/** What the fleet of targets is made from. */
export interface FleetParts {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly history: HistoryStore;
  readonly book: ControlBook;
  readonly desk: ForecastDesk;
  readonly facts: GateFacts;
  readonly sources: TargetSources;
  /** Outcomes of intents that were open when the last process ended, for the first pass. */
  readonly settled: readonly Outcome[];
  /** Writes that were open when the last process ended: they may still arrive. */
  earlierWrites(target: string): readonly OwnWrite[];
  effective(policy: Policy, timeSeconds: number): Policy;
  onRecovered(group: string, recovered: RecoveredGroup): void;
  /** A group has learned from the demand of the past, beside the loop. */
  onLearned(group: string, learned: { readonly days: number }): void;
  /** It could not, by a bug: it goes on with what it sees. */
  onLearningFailed(group: string, error: unknown): void;
  onFitFailed(policy: Policy, reason: string): void;
  /** Others are set up to change the target too (a scaling policy, a schedule, another autoscaler). */
  onRivals(policy: Policy, rivals: readonly string[]): void;
}

export interface Target extends StatusParts {
  readonly baseline: ShadowBaseline;
  readonly comparison: Comparison;
}

/** All groups and targets that run, and how they change when the policies do. */
export class Fleet {
  readonly targets = new Map<string, Target>();
  readonly groups = new Map<string, GroupRuntime>();
  readonly past: PastLearner;
  readonly #parts: FleetParts;

  constructor(parts: FleetParts) {
    this.#parts = parts;
    this.past = new PastLearner({
      nowSeconds: () => parts.clock.nowSeconds(),
      history: (policy, upToSeconds) => this.#pastDemand(policy, upToSeconds),
      fit: (job) => parts.desk.fits.fit(job),
      onLearned: (group, learned) => { parts.onLearned(group, learned); },
      onError: (group, error) => { parts.onLearningFailed(group, error); },
    });
  }

  /**
   * Brings the fleet to a set of policies: what stays keeps its state. Gives the groups that are new and those that went. A set that
   * cannot hold whole (an actuator that cannot be made, a journal that takes nothing) changes nothing.
   */
  async apply(policies: readonly Policy[]): Promise<Result<{ readonly added: readonly GroupRuntime[]; readonly removed: readonly GroupRuntime[] }>> {
    const actuators = await makeActuators(policies, (name) => this.targets.get(name)?.runtime.policy, () => this.#parts.clock.nowSeconds());
    if (!actuators.ok) return actuators;
    const fresh = policies.filter(({ name }) => !this.targets.has(name));
    for (const policy of fresh) this.#addTarget(policy, actuators.value);
    const byGroup = Map.groupBy(policies, (policy) => policy.group);
    const added = await this.#setGroups(byGroup);
    if (!added.ok) {
      for (const { name } of fresh) this.targets.delete(name);
      await Promise.all([...actuators.value.values()].map((one) => one.close()));
      return added;
    }
    for (const policy of policies) await this.#setTarget(policy, actuators.value);
    const removed = [...this.groups.values()].filter((group) => !byGroup.has(group.group));
    for (const group of removed) {
      this.groups.delete(group.group);
      this.past.remove(group);
    }
    for (const group of added.value) this.groups.set(group.group, group);
    await this.#dropTargets(policies);
    return success({ added: added.value, removed });
  }

  /** Starts the groups that are new, which it gives, and swaps the policies of those that run: of all, or of none. */
  async #setGroups(byGroup: ReadonlyMap<string, readonly Policy[]>): Promise<Result<readonly GroupRuntime[]>> {
    const added: GroupRuntime[] = [];
    const swapped: (() => Promise<void>)[] = [];
    const undo = async (): Promise<void> => {
      for (const group of added) this.past.remove(group);
      await Promise.all(swapped.map((restore) => restore()));
    };
    for (const [name, members] of byGroup) {
      if (this.groups.has(name)) continue;
      const group = await this.#startGroup(name, members);
      if (!group.ok) {
        await undo();
        return group;
      }
      added.push(group.value);
    }
    for (const [name, members] of byGroup) {
      const running = this.groups.get(name);
      if (running === undefined) continue;
      const before = running.policies;
      const noted = await running.setPolicies(members, this.#parts.clock.nowSeconds());
      if (!noted.ok) {
        await undo();
        return noted;
      }
      swapped.push(() => running.restorePolicies(before, this.#parts.clock.nowSeconds()));
    }
    return success(added);
  }

  async close(): Promise<void> {
    this.past.close();
    const nowSeconds = this.#parts.clock.nowSeconds();
    for (const { kind, detail } of this.#comparisonNotes([...this.targets.values()].map(({ runtime }) => runtime.policy))) await this.#parts.journal.appendNote(nowSeconds, kind, detail);
    await Promise.all([...this.targets.values()].map((target) => target.runtime.actuator.close()));
  }

  #addTarget(policy: Policy, actuators: ReadonlyMap<string, Actuator>): void {
    const actuator = actuators.get(policy.name);
    if (actuator === undefined) return;
    void this.#nameRivals(policy, actuator);
    const runtime = new TargetRuntime(policy, actuator, { nowSeconds: () => this.#parts.clock.nowSeconds(), earlierWrites: this.#parts.earlierWrites(policy.name) });
    runtime.modeLimit = this.#parts.book.modeLimit(policy.name);
    this.targets.set(policy.name, this.#newTarget(runtime));
  }

  /** A target goes on under its policy; one whose actuator is another begins anew with it. */
  async #setTarget(policy: Policy, actuators: ReadonlyMap<string, Actuator>): Promise<void> {
    const known = this.#required(policy.name);
    if (!actuators.has(policy.name)) {
      known.runtime.policy = policy;
      known.board.policy = policy;
      known.outlook.policy = policy;
      known.comparison.setPolicy(policy);
    } else if (known.runtime.made !== actuators.get(policy.name)) {
      await known.runtime.actuator.close();
      this.#addTarget(policy, actuators);
    }
  }

  /** Asked once, beside the start: an answer that fails changes nothing. */
  async #nameRivals(policy: Policy, actuator: Actuator): Promise<void> {
    const rivals = await actuator.rivals?.();
    if (rivals?.ok === true && rivals.value.length > 0) this.#parts.onRivals(policy, rivals.value.map(nameWriter));
  }

  #newTarget(runtime: TargetRuntime): Target {
    const { policy } = runtime;
    const { clock, desk } = this.#parts;
    const scores = ownValue(desk.scores, policy.name);
    return {
      runtime,
      board: new TargetBoard(policy, clock.nowSeconds()),
      outlook: new Outlook(policy, {
        fits: desk.fits, schedule: desk.schedule, marks: desk.marks,
        nowSeconds: () => clock.nowSeconds(),
        readHistory: (of, from, to) => this.#readDemand(of, from, to),
        lenders: (of) => this.#lendersTo(of),
        ...(scores !== undefined && { scores }),
        onFitFailed: (of, reason) => { this.#parts.onFitFailed(of, reason); },
      }),
      coverage: new ForecastScore(),
      conditions: new ConditionBook(),
      gate: runtime.gateContext(this.#parts.facts),
      baseline: new ShadowBaseline(policy),
      comparison: new Comparison(policy, { fit: (job) => this.#fit(job, policy.name), effective: (of, at) => this.#parts.effective(of, at) }),
    };
  }

  /** What the outlooks have learned of their errors, by target. */
  scores(): Readonly<Record<string, SavedLedger>> {
    return Object.fromEntries([...this.targets].map(([name, { outlook }]) => [name, outlook.saveScores()]));
  }

  /** Who may lend a young target a past: those on its grid with more rows, its own group first. Few, since each is read and compared. */
  #lendersTo(policy: Policy): readonly { readonly policy: Policy }[] {
    const own = this.targets.get(policy.name)?.outlook;
    const others = [...this.targets.values()].filter(({ outlook }) => outlook !== own && outlook.stepSeconds === own?.stepSeconds && outlook.ownRows > own.ownRows);
    const rank = ({ outlook }: Target): number => (outlook.policy.group === policy.group ? 1 : 0);
    return others.sort((a, b) => rank(b) - rank(a) || b.outlook.ownRows - a.outlook.ownRows).slice(0, MAX_LENDERS).map(({ outlook }) => outlook);
  }

  async #startGroup(name: string, policies: readonly Policy[]): Promise<Result<GroupRuntime>> {
    const { journal, clock, book, facts } = this.#parts;
    const compared = await this.#restoreComparisons(name, policies);
    if (!compared.ok) return compared;
    const recovered = await recoverGroup(journal, {
      group: name, policies, nowSeconds: clock.nowSeconds(),
      effective: (policy, at) => this.#parts.effective(policy, at),
    });
    if (!recovered.ok) return recovered;
    this.#parts.onRecovered(name, recovered.value);
    // Recovery has made a newer checkpoint: what a restart looks for stands after it.
    for (const { kind, detail } of this.#comparisonNotes(policies)) await journal.appendNote(clock.nowSeconds(), kind, detail);
    const members = new Set(policies.map((policy) => policy.name));
    const outcomes = this.#parts.settled.filter((outcome) => members.has(outcome.target));
    const group = new GroupRuntime(name, { state: recovered.value.state, policies, outcomes }, {
      journal,
      epoch: book.epoch,
      observe: (policy, nowSeconds) => this.#required(policy.name).runtime.observe(policy, this.#parts.sources, nowSeconds),
      gateContext: (target): GateContext => this.#required(target).gate,
      fit: (job: FitJob, target): Promise<FitResult> => this.#fit(job, target),
      overrides: (nowSeconds) => facts.overrides(nowSeconds),
      effective: (policy, at) => this.#parts.effective(policy, at),
      notes: () => this.#comparisonNotes(this.groups.get(name)?.policies ?? policies),
    });
    if (recovered.value.isYoung) this.past.add(group);
    return success(group);
  }

  async #fit(job: FitJob, target: string): Promise<FitResult> {
    const { fits, marks } = this.#parts.desk;
    const visible = withoutHidden(job.input, marks.marks(target));
    if (job.forecasterId !== "lead-past") return fits.fit({ ...job, input: visible });
    const parts = { marks, readHistory: (of: Policy, from: number, to: number) => this.#readDemand(of, from, to), lenders: (of: Policy) => this.#lendersTo(of) };
    const policy = this.targets.get(target)?.runtime.policy;
    const input = policy && await withBorrowedPast(visible, policy, parts);
    return input === undefined ? { ok: false, reason: "no target of the fleet is alike" } : fits.fit({ ...job, input });
  }

  #comparisonNotes(policies: readonly Policy[]): readonly { readonly kind: string; readonly detail: unknown }[] {
    return policies.flatMap(({ name }) => {
      const saved = this.targets.get(name)?.comparison.save();
      return saved === undefined ? [] : [{ kind: COMPARISON_NOTE, detail: saved }];
    });
  }

  /** The sums of the comparisons, noted after the group's newest checkpoint. */
  async #restoreComparisons(group: string, policies: readonly Policy[]): Promise<Result<void>> {
    if (!policies.some((policy) => policy.challenger !== undefined)) return success(undefined);
    const { journal } = this.#parts;
    const checkpoint = await journal.latestCheckpoint(group);
    if (!checkpoint.ok) return checkpoint;
    if (checkpoint.value === undefined) return success(undefined);
    const saved = await savedComparisons(journal.read(checkpoint.value.sequence + 1));
    for (const { name } of policies) {
      const own = saved.get(name);
      if (own !== undefined) this.targets.get(name)?.comparison.restore(own);
    }
    return success(undefined);
  }

  async #pastDemand(policy: Policy, upToSeconds: number): Promise<Series | undefined> {
    const read = await this.#readDemand(policy, upToSeconds - policy.forecast.historySeconds, upToSeconds);
    return read.ok ? read.value : undefined;
  }

  #readDemand(policy: Policy, fromSeconds: number, toSeconds: number): Promise<Result<Series>> {
    return this.#parts.history.read({ target: policy.name, signal: "demand", stepSeconds: policy.forecast.stepSeconds }, fromSeconds, toSeconds);
  }

  async #dropTargets(policies: readonly Policy[]): Promise<void> {
    const kept = new Set(policies.map((policy) => policy.name));
    for (const [name, target] of this.targets) {
      if (kept.has(name)) continue;
      this.targets.delete(name);
      await target.runtime.actuator.close();
    }
  }

  #required(name: string): Target {
    const target = this.targets.get(name);
    if (target === undefined) throw new Error(`no target ${name}`);
    return target;
  }
}

const MAX_LENDERS = 12;
