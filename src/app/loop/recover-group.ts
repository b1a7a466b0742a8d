import type { Journal } from "../../journal/journal.ts";
import type { Policy } from "../../model/policy.ts";
import type { Result } from "../../model/result.ts";
import type { Series } from "../../model/series.ts";
import { replayJournal, FRESH_START_NOTE, POLICIES_NOTE } from "../../replay/replay-journal.ts";
import { warmUp } from "../../replay/warm-up.ts";
import { initialGroupState, reconcileGroupState, saveGroupState, type GroupState } from "../../step.ts";

export interface RecoverOptions {
  readonly group: string;
  readonly policies: readonly Policy[];
  readonly nowSeconds: number;
  effective(policy: Policy, timeSeconds: number): Policy;
  /** Demand of the past, for a group that the journal does not know. */
  history(policy: Policy): Promise<Series | undefined>;
}

export interface RecoveredGroup {
  readonly state: GroupState;
  readonly from: "journal" | "history" | "nothing";
  readonly passesReplayed: number;
  /** Set when the journal's own passes were decided otherwise: a bug or another version; the state goes on from the recorded inputs. */
  readonly differsAt: number | undefined;
}

/**
 * The state with which a group goes on: that of the journal (its last checkpoint and the passes after it), else what the
 * demand of the past teaches. Leaves a checkpoint and the policies in the journal, so that what follows replays from there.
 */
export async function recoverGroup(journal: Journal, options: RecoverOptions): Promise<Result<RecoveredGroup>> {
  const { group, policies, nowSeconds } = options;
  const checkpoint = await journal.latestCheckpoint(group);
  if (!checkpoint.ok) return checkpoint;
  const recovered = checkpoint.value === undefined ? undefined : await fromJournal(journal, options, checkpoint.value);
  const start = recovered ?? (await fromHistory(options));
  const fresh = recovered === undefined ? await journal.appendNote(nowSeconds, FRESH_START_NOTE, { group }) : undefined;
  if (fresh?.ok === false) return fresh;
  const state = reconcileGroupState(start.state, policies);
  const written = await writeCheckpoint(journal, { group, policies, nowSeconds, state });
  return written.ok ? { ok: true, value: { ...start, state } } : written;
}

/** A checkpoint, then the policies that hold from here on: a replay may begin at it. */
export async function writeCheckpoint(
  journal: Journal,
  at: { readonly group: string; readonly policies: readonly Policy[]; readonly nowSeconds: number; readonly state: GroupState },
): Promise<Result<number>> {
  const written = await journal.appendCheckpoint(at.group, at.nowSeconds, saveGroupState(at.state));
  return written.ok ? await journal.appendNote(at.nowSeconds, POLICIES_NOTE, { group: at.group, policies: at.policies }) : written;
}

async function fromJournal(journal: Journal, options: RecoverOptions, checkpoint: { readonly sequence: number; readonly state: unknown }): Promise<RecoveredGroup | undefined> {
  const replay = await replayJournal(journal.read(checkpoint.sequence + 1), { group: options.group, effective: (policy, at) => options.effective(policy, at), checkpoint: checkpoint.state });
  if (replay.state === undefined) return undefined;
  return { state: replay.state, from: "journal", passesReplayed: replay.passes, differsAt: replay.firstDifference?.sequence };
}

async function fromHistory(options: RecoverOptions): Promise<RecoveredGroup> {
  const histories = new Map<string, Series>();
  for (const policy of options.policies) {
    const series = await options.history(policy);
    if (series?.values.some((value) => !Number.isNaN(value)) === true) histories.set(policy.name, series);
  }
  const state = warmUp(initialGroupState(options.group, options.policies), options.policies, histories);
  return { state, from: histories.size > 0 ? "history" : "nothing", passesReplayed: 0, differsAt: undefined };
}
