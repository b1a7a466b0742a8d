import type { FitResult } from "../../../forecasts/forecaster.ts";
import { carryOut, type PassReport } from "../../act/carry-out.ts";
import type { GateContext } from "../../act/gate.ts";
import type { Journal, JournalPass } from "../../journal/journal.ts";
import { contentDigest } from "../../model/content-digest.ts";
import type { Outcome } from "../../model/intent.ts";
import type { Override } from "../../model/override.ts";
import type { Result } from "../../model/result.ts";
import type { Policy } from "../../model/policy.ts";
import type { ModelInstall, Snapshot, TargetSnapshot } from "../../model/snapshot.ts";
import { FRESH_START_NOTE, POLICIES_NOTE } from "../../replay/replay-journal.ts";
import { fitInput, fitRequests, groupStateAnew, reconcileGroupState, step, type FitRequest, type GroupState } from "../../step.ts";
import type { FitJob } from "../forecasts/fit-pool.ts";
import { writeCheckpoint } from "./recover-group.ts";

/** What a group needs of the world around it. All of it can be simulated. */
export interface GroupPorts {
  readonly journal: Journal;
  /** Fencing epoch of this process. */
  readonly epoch: number;
  observe(policy: Policy, nowSeconds: number): Promise<TargetSnapshot>;
  gateContext(target: string): GateContext;
  fit(job: FitJob, target: string): Promise<FitResult>;
  overrides(nowSeconds: number): readonly Override[];
  /** The policy as it holds at a time: schedules and events applied. */
  effective(policy: Policy, nowSeconds: number): Policy;
  /** What is noted in the journal after each checkpoint, so that a recovery from it finds it. */
  notes?(): readonly { readonly kind: string; readonly detail: unknown }[];
}

export interface PassResult {
  readonly pass: JournalPass;
  readonly report: PassReport;
  /** Time that the pure step took. */
  readonly stepMilliseconds: number;
}

const CHECKPOINT_EVERY_SECONDS = 600;
/** A clock that was set back by less is waited for; after a longer step the group would decide nothing for as long. */
const CLOCK_STEP_SECONDS = 300;
/** Passes that the journal did not take are kept, in order, until it takes them; beyond that many the oldest effects are long over. */
const MAX_BACKLOG = 2_000;

/**
 * Runs one group: observes, steps, journals, acts; one pass at a time. Holds the only copy of the group's state. Where the
 * journal takes nothing (a full disk), the passes wait in order and no effect is let through.
 */
export class GroupRuntime {
  readonly group: string;
  readonly #ports: GroupPorts;
  #policies: readonly Policy[];
  #state: GroupState;
  #lastPassSeconds = -Infinity;
  #lastCheckpointSeconds = -Infinity;
  #outcomes: Outcome[] = [];
  #backlog: JournalPass[] = [];
  readonly #fitsReady: { readonly install: ModelInstall; readonly installAtSeconds: number }[] = [];
  #running: Promise<unknown> = Promise.resolve();

  constructor(group: string, recovered: { readonly state: GroupState; readonly policies: readonly Policy[]; readonly outcomes: readonly Outcome[] }, ports: GroupPorts) {
    this.group = group;
    this.#ports = ports;
    this.#state = recovered.state;
    this.#policies = recovered.policies;
    this.#outcomes = [...recovered.outcomes];
    this.#lastPassSeconds = recovered.state.timeSeconds ?? -Infinity;
  }

  get policies(): readonly Policy[] {
    return this.#policies;
  }

  /** The state, to read only: the next pass uses it up. */
  get state(): GroupState {
    return this.#state;
  }

  /** Passes that wait for the journal. */
  get backlog(): number {
    return this.#backlog.length;
  }

  /** Swaps the policies between two passes; what was learned stays. The journal knows of it before it holds. */
  setPolicies(policies: readonly Policy[], nowSeconds: number): Promise<Result<number>> {
    const swapped = this.#running.then(async () => {
      const noted = await this.#ports.journal.appendNote(nowSeconds, POLICIES_NOTE, { group: this.group, policies });
      if (!noted.ok) return noted;
      this.#policies = policies;
      this.#state = reconcileGroupState(this.#state, policies);
      return noted;
    });
    this.#running = swapped.catch(() => undefined);
    return swapped;
  }

  /**
   * One pass at a time that is later than the last; an earlier one (the clock went back a little) is left out and gives undefined.
   * Where the clock was set back by more, the group begins anew at the time that it is now, and keeps what does not hang on a time.
   */
  pass(nowSeconds: number, wake: Snapshot["wake"]): Promise<PassResult | undefined> {
    const result = this.#running.then(() => this.#passNow(nowSeconds, wake));
    this.#running = result.catch(() => undefined);
    return result;
  }

  async #passNow(nowSeconds: number, wake: Snapshot["wake"]): Promise<PassResult | undefined> {
    if (nowSeconds <= this.#lastPassSeconds && !(await this.#beginAnew(nowSeconds))) return undefined;
    const policies = this.#policies.map((policy) => this.#ports.effective(policy, nowSeconds));
    const observed = await Promise.all(policies.map(async (policy) => [policy.name, await this.#ports.observe(policy, nowSeconds)] as const));
    const snapshot: Snapshot = {
      timeSeconds: nowSeconds, wake, epoch: this.#ports.epoch, targets: Object.fromEntries(observed),
      installs: this.#takeInstalls(nowSeconds), outcomes: this.#outcomes, overrides: this.#ports.overrides(nowSeconds),
    };
    this.#outcomes = [];
    this.#lastPassSeconds = nowSeconds;

    const startedAt = performance.now();
    const { decisions, intents, nextState } = step(this.#state, snapshot, policies);
    const stepMilliseconds = performance.now() - startedAt;
    this.#state = nextState;
    this.#startFits();

    const policyDigests = Object.fromEntries(policies.map((policy) => [policy.name, policy.digest]));
    const pass: JournalPass = { group: this.group, snapshot, policyDigests, decisions, intents };
    const report = await this.#record(pass);
    this.#outcomes.push(...report.outcomes);
    await this.#checkpoint(nowSeconds);
    return { pass, report, stepMilliseconds };
  }

  /** False where the step back is a small one, or where the journal does not take it: nothing could be sent either. */
  async #beginAnew(nowSeconds: number): Promise<boolean> {
    const { journal } = this.#ports;
    if (this.#lastPassSeconds - nowSeconds < CLOCK_STEP_SECONDS || this.#backlog.length > 0) return false;
    const state = groupStateAnew(this.#state, this.#policies);
    const reason = `the clock was set back by ${String(Math.round(this.#lastPassSeconds - nowSeconds))} s`;
    if (!(await journal.appendNote(nowSeconds, FRESH_START_NOTE, { group: this.group, reason })).ok) return false;
    if (!(await writeCheckpoint(journal, { group: this.group, policies: this.#policies, nowSeconds, state })).ok) return false;
    this.#state = state;
    this.#lastPassSeconds = -Infinity;
    this.#lastCheckpointSeconds = nowSeconds;
    this.#fitsReady.length = 0;
    return true;
  }

  /** Journals and acts, after whatever the journal has not taken yet. */
  async #record(pass: JournalPass): Promise<PassReport> {
    while (this.#backlog.length > 0) {
      const [oldest] = this.#backlog;
      if (oldest === undefined || !(await this.#ports.journal.appendPass(withoutIntents(oldest))).ok) break;
      this.#backlog.shift();
    }
    if (this.#backlog.length === 0) {
      const report = await carryOut(pass, this.#ports.journal, (target) => this.#ports.gateContext(target));
      if (report.journalled.ok) return report;
      this.#keep(pass);
      return report;
    }
    this.#keep(pass);
    const detail = `the journal takes nothing, ${String(this.#backlog.length)} passes wait: nothing is sent`;
    const outcomes = pass.intents.map((intent): Outcome => ({
      idempotencyKey: intent.idempotencyKey, target: intent.target, kind: "rejected", timeSeconds: pass.snapshot.timeSeconds, code: "journal", detail,
    }));
    return { journalled: { ok: false, failure: "transient", message: detail }, outcomes, unjournalled: [] };
  }

  #keep(pass: JournalPass): void {
    this.#backlog.push(pass);
    if (this.#backlog.length > MAX_BACKLOG) this.#backlog.shift();
  }

  #takeInstalls(nowSeconds: number): readonly ModelInstall[] {
    const due = this.#fitsReady.filter((ready) => ready.installAtSeconds <= nowSeconds);
    for (const ready of due) this.#fitsReady.splice(this.#fitsReady.indexOf(ready), 1);
    return due.map((ready) => ready.install);
  }

  #startFits(): void {
    for (const request of fitRequests(this.#state, this.#policies)) {
      const input = fitInput(this.#state, request, this.#policies);
      if (input !== undefined) void this.#fit(request, { forecasterId: request.modelId, input });
    }
  }

  async #fit(request: FitRequest, job: FitJob): Promise<void> {
    const result = await this.#ports.fit(job, request.target);
    if (!result.ok) return;
    const install: ModelInstall = {
      target: request.target, ...(request.signal !== undefined && { signal: request.signal }), modelId: request.modelId, digest: contentDigest(result.fit), fittedToSeconds: request.upToSeconds, fit: result.fit,
    };
    this.#fitsReady.push({ install, installAtSeconds: request.installAtSeconds });
  }

  async #checkpoint(nowSeconds: number): Promise<void> {
    if (this.#backlog.length > 0 || nowSeconds < this.#lastCheckpointSeconds + CHECKPOINT_EVERY_SECONDS) return;
    const written = await writeCheckpoint(this.#ports.journal, { group: this.group, policies: this.#policies, nowSeconds, state: this.#state });
    if (!written.ok) return;
    this.#lastCheckpointSeconds = nowSeconds;
    for (const { kind, detail } of this.#ports.notes?.() ?? []) await this.#ports.journal.appendNote(nowSeconds, kind, detail);
  }
}

/** A pass that comes late to the journal has lost its effects: they were refused when it was made. */
function withoutIntents(pass: JournalPass): JournalPass {
  return { ...pass, intents: [] };
}
