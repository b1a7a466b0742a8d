import type { FitResult } from "../../../forecasts/forecaster.ts";
import { carryOut, type PassReport } from "../../act/carry-out.ts";
import type { GateContext } from "../../act/gate.ts";
import type { Journal, JournalPass } from "../../journal/journal.ts";
import { contentDigest } from "../../model/content-digest.ts";
import type { Outcome } from "../../model/intent.ts";
import type { Override } from "../../model/override.ts";
import { failure, type Result } from "../../model/result.ts";
import type { Policy } from "../../model/policy.ts";
import type { ModelInstall, Snapshot, TargetSnapshot } from "../../model/snapshot.ts";
import { FRESH_START_NOTE, POLICIES_NOTE } from "../../replay/replay-journal.ts";
import { fitInput, fitRequests, groupStateAnew, reconcileGroupState, step, withDemandLearned, type FitRequest, type GroupState } from "../../step.ts";
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

/** Policies that hold already, of which the journal must be told before the passes that they decided. */
interface WaitingPolicies {
  readonly policies: readonly Policy[];
  readonly nowSeconds: number;
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
  #backlog: (JournalPass | WaitingPolicies)[] = [];
  /** Passes since the start, while a state that has learned from the past is made beside the loop. */
  #meanwhile: { readonly snapshot: Snapshot; readonly policies: readonly Policy[] }[] | undefined;
  #learned: GroupState | undefined;
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

  /** From here on passes are remembered for a state that is made beside the loop; `learned` or `nothingLearned` ends it. */
  rememberPasses(): void {
    this.#meanwhile = [];
  }

  /** A state that has seen the past: the next pass shows it what was seen meanwhile, and takes over what it knows of the demand. */
  learned(state: GroupState): void {
    if (this.#meanwhile !== undefined) this.#learned = state;
  }

  nothingLearned(): void {
    this.#meanwhile = undefined;
    this.#learned = undefined;
  }

  /** Swaps the policies between two passes; what was learned stays. The journal knows of it before it holds. */
  setPolicies(policies: readonly Policy[], nowSeconds: number): Promise<Result<number>> {
    const swapped = this.#running.then(async () => {
      // What waits was decided under the policies of before, and stands before the note.
      if (!(await this.#flush())) return failure("transient", `the journal takes nothing, ${String(this.#backlog.length)} passes wait`);
      const noted = await this.#ports.journal.appendNote(nowSeconds, POLICIES_NOTE, { group: this.group, policies });
      if (!noted.ok) return noted;
      this.#policies = policies;
      this.#state = reconcileGroupState(this.#state, policies);
      return noted;
    });
    this.#running = swapped.catch(() => undefined);
    return swapped;
  }

  /** Back to policies that held before, where others could not follow. The note waits like a pass until the journal takes it: till then nothing is sent. */
  restorePolicies(policies: readonly Policy[], nowSeconds: number): Promise<void> {
    const restored = this.#running.then(() => {
      this.#backlog.push({ policies, nowSeconds });
      this.#policies = policies;
      this.#state = reconcileGroupState(this.#state, policies);
    });
    this.#running = restored;
    return restored;
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
    if (this.#learned !== undefined) await this.#takeOver(this.#learned, nowSeconds);
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
    this.#meanwhile?.push({ snapshot, policies });
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
    if (this.#lastPassSeconds - nowSeconds < CLOCK_STEP_SECONDS) return false;
    const reason = `the clock was set back by ${String(Math.round(this.#lastPassSeconds - nowSeconds))} s`;
    if (!(await this.#goOnFrom(groupStateAnew(this.#state, this.#policies), nowSeconds, reason))) return false;
    this.#lastPassSeconds = -Infinity;
    // What was learned from the past is of times that may now lie ahead.
    this.nothingLearned();
    return true;
  }

  /** Where the journal does not take it, the next pass tries again. */
  async #takeOver(learned: GroupState, nowSeconds: number): Promise<void> {
    if (this.#backlog.length > 0) return;
    let state = reconcileGroupState(learned, this.#policies);
    // Installs are of fits to the few rows since the start.
    for (const { snapshot, policies } of this.#meanwhile ?? []) if (snapshot.timeSeconds > (state.timeSeconds ?? -Infinity)) state = step(state, { ...snapshot, installs: [] }, policies).nextState;
    this.#meanwhile = [];
    this.#learned = reconcileGroupState(state, this.#policies);
    if (await this.#goOnFrom(withDemandLearned(this.#state, this.#learned), nowSeconds, "the demand of the past was learned")) this.nothingLearned();
  }

  /** A new beginning in the journal, from another state. */
  async #goOnFrom(state: GroupState, nowSeconds: number, reason: string): Promise<boolean> {
    const { journal } = this.#ports;
    if (!(await this.#flush())) return false;
    if (!(await journal.appendNote(nowSeconds, FRESH_START_NOTE, { group: this.group, reason })).ok) return false;
    if (!(await this.#writeCheckpoint(nowSeconds, state))) return false;
    this.#state = state;
    this.#fitsReady.length = 0;
    return true;
  }

  /** Journals and acts, after whatever the journal has not taken yet. */
  async #record(pass: JournalPass): Promise<PassReport> {
    if (await this.#flush()) {
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

  /** Whether the journal has now taken all that waited. */
  async #flush(): Promise<boolean> {
    const { journal } = this.#ports;
    for (let [oldest] = this.#backlog; oldest !== undefined; [oldest] = this.#backlog) {
      const taken = "policies" in oldest
        ? await journal.appendNote(oldest.nowSeconds, POLICIES_NOTE, { group: this.group, policies: oldest.policies })
        : await journal.appendPass(withoutIntents(oldest));
      if (!taken.ok) return false;
      this.#backlog.shift();
    }
    return true;
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
    await this.#writeCheckpoint(nowSeconds, this.#state);
  }

  async #writeCheckpoint(nowSeconds: number, state: GroupState): Promise<boolean> {
    const written = await writeCheckpoint(this.#ports.journal, { group: this.group, policies: this.#policies, nowSeconds, state });
    if (!written.ok) return false;
    this.#lastCheckpointSeconds = nowSeconds;
    for (const { kind, detail } of this.#ports.notes?.() ?? []) await this.#ports.journal.appendNote(nowSeconds, kind, detail);
    return true;
  }
}

/** A pass that comes late to the journal has lost its effects: they were refused when it was made. */
function withoutIntents(pass: JournalPass): JournalPass {
  return { ...pass, intents: [] };
}
