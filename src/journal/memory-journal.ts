import type { Decision } from "../model/decision.ts";
import type { Intent, Outcome } from "../model/intent.ts";
import { failure, success, type Result } from "../model/result.ts";
import { encodeCursor, matches, queryStart } from "./decision-cursor.ts";
import type { DecisionPage, DecisionQuery, Journal, JournalledDecision, JournalPass, JournalRecord } from "./journal.ts";

export interface MemoryJournalOptions {
  /** The oldest records go once there are more than this; all are kept by default. */
  readonly maxRecords?: number;
}

type Unnumbered = JournalRecord extends infer R ? (R extends JournalRecord ? Omit<R, "sequence"> : never) : never;

/** A journal that lives as long as the process: for simulations and `drive`. Records are kept as they were given, uncopied. */
export function openMemoryJournal(options: MemoryJournalOptions = {}): Journal {
  return new MemoryJournal(options.maxRecords ?? Infinity);
}

class MemoryJournal implements Journal {
  readonly damage = [];
  readonly #maxRecords: number;
  readonly #open = new Map<string, Intent>();
  readonly #checkpoints = new Map<string, { readonly sequence: number; readonly state: unknown }>();
  #records: JournalRecord[] = [];
  #lastSequence = 0;
  #closed = false;

  constructor(maxRecords: number) {
    this.#maxRecords = maxRecords;
  }

  appendPass(pass: JournalPass): Promise<Result<number>> {
    const result = this.#append({ type: "pass", pass });
    if (result.ok) for (const intent of pass.intents) this.#open.set(intent.idempotencyKey, intent);
    return Promise.resolve(result);
  }

  appendOutcome(outcome: Outcome): Promise<Result<number>> {
    const result = this.#append({ type: "outcome", outcome });
    if (result.ok) this.#open.delete(outcome.idempotencyKey);
    return Promise.resolve(result);
  }

  appendCheckpoint(group: string, timeSeconds: number, state: unknown): Promise<Result<number>> {
    const result = this.#append({ type: "checkpoint", group, timeSeconds, state });
    if (result.ok) this.#checkpoints.set(group, { sequence: result.value, state });
    return Promise.resolve(result);
  }

  appendNote(timeSeconds: number, kind: string, detail: unknown): Promise<Result<number>> {
    return Promise.resolve(this.#append({ type: "note", timeSeconds, kind, detail }));
  }

  storeFit(): Promise<Result<void>> {
    return Promise.resolve(this.#closed ? CLOSED : success(undefined));
  }

  async *read(fromSequence: number): AsyncIterable<JournalRecord> {
    for (let sequence = Math.max(fromSequence, 1); sequence <= this.#lastSequence; sequence++) {
      const record = this.#records[sequence - this.#firstSequence()];
      if (record !== undefined) yield await Promise.resolve(record);
    }
  }

  decisions(query: DecisionQuery): Promise<Result<DecisionPage>> {
    const start = queryStart(query);
    if (!start.ok) return Promise.resolve(start);
    const found: { decision: Decision; outcome: Outcome | undefined }[] = [];
    const newest = new Map<string, Outcome>();
    for (let at = this.#records.length - 1; at >= 0; at--) {
      const record = this.#records[at];
      if (record?.type === "outcome" && !newest.has(record.outcome.idempotencyKey)) newest.set(record.outcome.idempotencyKey, record.outcome);
      if (record?.type !== "pass" || record.sequence > start.value.sequence) continue;
      const { decisions, intents } = record.pass;
      const end = record.sequence === start.value.sequence ? Math.min(start.value.ordinal, decisions.length) : decisions.length;
      for (let ordinal = end - 1; ordinal >= 0; ordinal--) {
        const decision = decisions[ordinal];
        if (decision === undefined || !matches(query, decision)) continue;
        const intent = intents.find((one) => one.decisionId === decision.id);
        found.push({ decision, outcome: intent && newest.get(intent.idempotencyKey) });
        if (found.length === query.limit) {
          return Promise.resolve(success({ decisions: found, nextCursor: encodeCursor({ sequence: record.sequence, ordinal }) }));
        }
      }
    }
    return Promise.resolve(success({ decisions: found, nextCursor: undefined }));
  }

  decision(id: string): Promise<Result<JournalledDecision>> {
    for (let at = this.#records.length - 1; at >= 0; at--) {
      const record = this.#records[at];
      const decision = record?.type === "pass" ? record.pass.decisions.find((one) => one.id === id) : undefined;
      if (record?.type !== "pass" || decision === undefined) continue;
      const { group, snapshot, policyDigests, forecasts, intents } = record.pass;
      const keys = new Set(intents.filter((intent) => intent.decisionId === id).map((intent) => intent.idempotencyKey));
      const outcomes = this.#records.slice(at).flatMap((one) => (one.type === "outcome" && keys.has(one.outcome.idempotencyKey) ? [one.outcome] : []));
      const policyDigest = policyDigests[decision.target];
      return Promise.resolve(success({ decision, sequence: record.sequence, group, snapshot, policyDigest, forecast: forecasts?.[decision.target], outcomes }));
    }
    return Promise.resolve(failure("missing", `no decision ${id} in the journal`));
  }

  openIntents(): Promise<Result<readonly Intent[]>> {
    return Promise.resolve(success([...this.#open.values()]));
  }

  latestCheckpoint(group: string): Promise<Result<{ readonly sequence: number; readonly state: unknown } | undefined>> {
    return Promise.resolve(success(this.#checkpoints.get(group)));
  }

  /** Memory is bounded by `maxRecords`: there are no bytes to free. */
  prune(): Promise<Result<number>> {
    return Promise.resolve(success(0));
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  #append(record: Unnumbered): Result<number> {
    if (this.#closed) return CLOSED;
    this.#lastSequence++;
    this.#records.push({ ...record, sequence: this.#lastSequence });
    // Cut in halves, so that a bound costs nothing a record.
    if (this.#records.length > this.#maxRecords * 2) this.#records = this.#records.slice(-this.#maxRecords);
    return success(this.#lastSequence);
  }

  #firstSequence(): number {
    return this.#lastSequence - this.#records.length + 1;
  }
}

const CLOSED = failure("permanent", "the journal is closed");
