import type { Journal } from "../../journal/journal.ts";
import type { Policy } from "../../model/policy.ts";
import type { Result } from "../../model/result.ts";
import { replayJournal, FRESH_START_NOTE, POLICIES_NOTE } from "../../replay/replay-journal.ts";
import { initialGroupState, reconcileGroupState, saveGroupState, type GroupState } from "../../step.ts";

export interface RecoverOptions {
  readonly group: string;
  readonly policies: readonly Policy[];
  readonly nowSeconds: number;
  effective(policy: Policy, timeSeconds: number): Policy;
}

export interface RecoveredGroup {
  readonly state: GroupState;
  readonly from: "journal" | "nothing";
  /** Whether the state has watched for less than two days: one that may learn from the demand of the past beside it (see PastLearner). */
  readonly isYoung: boolean;
  readonly passesReplayed: number;
  /** Set when the journal's own passes were decided otherwise: a bug or another version; the state goes on from the recorded inputs. */
  readonly differsAt: number | undefined;
}

/**
 * The state with which a group goes on: that of the journal (its last checkpoint and the passes after it), else a new one. Leaves a checkpoint and the policies in the journal, so that what follows replays from there.
 */
export async function recoverGroup(journal: Journal, options: RecoverOptions): Promise<Result<RecoveredGroup>> {
  const { group, policies, nowSeconds } = options;
  const checkpoint = await journal.latestCheckpoint(group);
  if (!checkpoint.ok) return checkpoint;
  const recovered = checkpoint.value === undefined ? undefined : await fromJournal(journal, options, checkpoint.value);
  const start = recovered ?? { state: initialGroupState(group, policies), from: "nothing", passesReplayed: 0, differsAt: undefined };
  const fresh = recovered === undefined ? await journal.appendNote(nowSeconds, FRESH_START_NOTE, { group }) : undefined;
  if (fresh?.ok === false) return fresh;
  const state = reconcileGroupState(start.state, policies);
  const written = await writeCheckpoint(journal, { group, policies, nowSeconds, state });
  return written.ok ? { ok: true, value: { ...start, state, isYoung: isYoung(state) } } : written;
}

/** A checkpoint, then the policies that hold from here on: a replay may begin at it. */
export async function writeCheckpoint(
  journal: Journal,
  at: { readonly group: string; readonly policies: readonly Policy[]; readonly nowSeconds: number; readonly state: GroupState },
): Promise<Result<number>> {
  const written = await journal.appendCheckpoint(at.group, at.nowSeconds, saveGroupState(at.state));
  return written.ok ? await journal.appendNote(at.nowSeconds, POLICIES_NOTE, { group: at.group, policies: at.policies }) : written;
}

async function fromJournal(journal: Journal, options: RecoverOptions, checkpoint: { readonly sequence: number; readonly state: unknown }): Promise<Omit<RecoveredGroup, "isYoung"> | undefined> {
  const replay = await replayJournal(journal.read(checkpoint.sequence + 1), { group: options.group, effective: (policy, at) => options.effective(policy, at), checkpoint: checkpoint.state });
  if (replay.state === undefined) return undefined;
  return { state: replay.state, from: "journal", passesReplayed: replay.passes, differsAt: replay.firstDifference?.sequence };
}

const YOUNG_DAYS = 2;

/**
 * One target that has watched for long makes the group an old one: what it knows is not learned anew. Nor is the past learned of a
 * demand that was read otherwise then.
 */
function isYoung({ targets }: GroupState): boolean {
  return Object.values(targets).every(({ model, readings }) => model.rows < YOUNG_DAYS * model.spec.dayRows && readings?.signals["demand"]?.sinceSeconds === undefined);
}
