import { canonicalJson } from "../model/canonical-json.ts";
import type { JournalPass, JournalRecord } from "../journal/journal.ts";
import type { Decision } from "../model/decision.ts";
import type { Policy } from "../model/policy.ts";
import { initialGroupState, reconcileGroupState, restoreGroupState, step, type GroupState } from "../step.ts";

/** Note of the journal that holds the policies of a group from here on: `{ group, policies }`. */
export const POLICIES_NOTE = "policies";
/** Note that says that a group begins with nothing known, whatever went before: `{ group }`. */
export const FRESH_START_NOTE = "fresh-start";

export interface ReplayOptions {
  readonly group: string;
  /** The policy as it holds at a time: the same function that the daemon uses. */
  effective(policy: Policy, timeSeconds: number): Policy;
  /** Where the records begin after a checkpoint: its state. */
  readonly checkpoint?: unknown;
}

/** One pass of a journal, decided again. */
export interface ReplayedPass {
  readonly sequence: number;
  readonly recorded: JournalPass;
  readonly decisions: readonly Decision[];
  /** Whether the decisions are equal to the journal's, byte for byte. */
  readonly identical: boolean;
}

export interface JournalReplay {
  readonly state: GroupState | undefined;
  readonly policies: readonly Policy[];
  readonly passes: number;
  /** The first pass that was decided otherwise, where there is one. */
  readonly firstDifference: ReplayedPass | undefined;
}

/**
 * Runs the step over the passes of one group, as they stand in a journal, and compares each decision with what was decided.
 * Gives the state after the last pass: what a daemon that restarts goes on with. Records of a journal's damaged part end the
 * state that was known: the next checkpoint begins anew.
 */
export async function replayJournal(records: AsyncIterable<JournalRecord>, options: ReplayOptions): Promise<JournalReplay> {
  const replay = new Replay(options);
  for await (const record of records) replay.take(record);
  return replay.result();
}

class Replay {
  readonly #options: ReplayOptions;
  #checkpoint: unknown;
  #state: GroupState | undefined;
  #policies: readonly Policy[] = [];
  #passes = 0;
  #firstDifference: ReplayedPass | undefined;

  constructor(options: ReplayOptions) {
    this.#options = options;
    this.#checkpoint = options.checkpoint;
  }

  take(record: JournalRecord): void {
    const { group } = this.#options;
    if (record.type === "damaged") this.#forget(undefined);
    else if (record.type === "checkpoint" && record.group === group && this.#state === undefined) this.#forget(record.state);
    else if (record.type === "note" && record.kind === POLICIES_NOTE) this.#takePolicies(record.detail);
    else if (record.type === "note" && record.kind === FRESH_START_NOTE && (record.detail as { group?: unknown }).group === group) this.#forget(undefined);
    else if (record.type === "pass" && record.pass.group === group) this.#decideAgain(record.sequence, record.pass);
  }

  result(): JournalReplay {
    const state = this.#state ?? (this.#policies.length > 0 && this.#checkpoint !== undefined ? this.#begin() : undefined);
    return { state, policies: this.#policies, passes: this.#passes, firstDifference: this.#firstDifference };
  }

  #forget(checkpoint: unknown): void {
    this.#state = undefined;
    this.#checkpoint = checkpoint;
  }

  #takePolicies(detail: unknown): void {
    const { group, policies } = detail as { readonly group: string; readonly policies: readonly Policy[] };
    if (group !== this.#options.group) return;
    this.#policies = policies;
    if (this.#state !== undefined) this.#state = reconcileGroupState(this.#state, policies);
  }

  #decideAgain(sequence: number, recorded: JournalPass): void {
    if (this.#policies.length === 0) return;
    const state = this.#state ?? this.#begin();
    const policies = this.#policies.map((policy) => this.#options.effective(policy, recorded.snapshot.timeSeconds));
    const { decisions, nextState } = step(state, recorded.snapshot, policies);
    this.#state = nextState;
    this.#passes += 1;
    const identical = canonicalJson(decisions) === canonicalJson(recorded.decisions);
    if (!identical) this.#firstDifference ??= { sequence, recorded, decisions, identical };
  }

  #begin(): GroupState {
    const restored = this.#checkpoint === undefined ? undefined : restoreGroupState(this.#checkpoint, this.#policies);
    return restored?.ok === true ? restored.value : initialGroupState(this.#options.group, this.#policies);
  }
}
