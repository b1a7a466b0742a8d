import type { Intent, Outcome } from "../model/intent.ts";
import type { Result } from "../model/result.ts";
import type { Journal, JournalPass } from "../journal/journal.ts";
import { passGate, type GateContext } from "./gate.ts";
import type { GateMemory } from "./gate-memory.ts";

/** What became of a pass: its place in the journal, and an outcome for each intent. */
export interface PassReport {
  /** Where this is a failure, nothing was sent. */
  readonly journalled: Result<number>;
  readonly outcomes: readonly Outcome[];
  /** Outcomes that the journal did not take: to it these intents are open, as after a kill. */
  readonly unjournalled: readonly Outcome[];
}

interface Sent {
  readonly outcome: Outcome;
  readonly stored: boolean;
}

/**
 * Carries out a pass in the only order that is safe: the pass with its intents is synced to the journal, then each intent goes
 * through the gate, then its outcome is journalled. A journal that does not take the pass means that nothing is sent.
 * Targets go side by side: a cloud that hangs for one holds up no other. The intents of one target go in their order.
 */
export async function carryOut(
  pass: JournalPass,
  journal: Pick<Journal, "appendPass" | "appendOutcome">,
  contextOf: (target: string) => GateContext,
): Promise<PassReport> {
  const journalled = await journal.appendPass(pass);
  if (!journalled.ok) {
    const detail = `the journal did not take the intent, so it was not sent: ${journalled.message}`;
    const outcomes = pass.intents.map((intent) => outcomeFor(intent, pass.snapshot.timeSeconds, { kind: "rejected", code: "journal", detail }));
    return { journalled, outcomes, unjournalled: [] };
  }
  const sendInOrder = async (intents: readonly Intent[]): Promise<readonly Sent[]> => {
    const sent: Sent[] = [];
    for (const intent of intents) {
      const outcome = await passGate(intent, contextOf(intent.target));
      sent.push({ outcome, stored: (await journal.appendOutcome(outcome)).ok });
    }
    return sent;
  };
  const sent = (await Promise.all([...Map.groupBy(pass.intents, ({ target }) => target).values()].map(sendInOrder))).flat();
  return {
    journalled,
    outcomes: sent.map(({ outcome }) => outcome),
    unjournalled: sent.filter(({ stored }) => !stored).map(({ outcome }) => outcome),
  };
}

/**
 * After a restart: closes each intent that the journal holds without an outcome as `unknown`, and lets the gate know its key,
 * so that it is never sent again. The next step reads the target and decides anew. Returns the outcomes for that step.
 */
export async function settleOpenIntents(
  journal: Pick<Journal, "openIntents" | "appendOutcome">,
  memory: GateMemory,
  nowSeconds: number,
): Promise<Result<readonly Outcome[]>> {
  const open = await journal.openIntents();
  if (!open.ok) return open;
  const outcomes: Outcome[] = [];
  for (const intent of open.value) {
    memory.admit(intent, nowSeconds);
    const detail = "the process ended between this intent and its outcome: it may or may not have arrived, and is not sent again";
    const outcome = outcomeFor(intent, nowSeconds, { kind: "unknown", code: "restart", detail });
    const stored = await journal.appendOutcome(outcome);
    if (!stored.ok) return stored;
    outcomes.push(outcome);
  }
  return { ok: true, value: outcomes };
}

function outcomeFor(intent: Intent, timeSeconds: number, rest: Pick<Outcome, "kind" | "code" | "detail">): Outcome {
  return { idempotencyKey: intent.idempotencyKey, target: intent.target, timeSeconds, ...rest };
}
