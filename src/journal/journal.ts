import type { Decision } from "../model/decision.ts";
import type { Intent, Outcome } from "../model/intent.ts";
import type { Result } from "../model/result.ts";
import type { Forecast } from "../model/series.ts";
import type { ModelInstall, Snapshot } from "../model/snapshot.ts";

/** What one pass of one group appends, in one group commit, before any effect. */
export interface JournalPass {
  readonly group: string;
  readonly snapshot: Snapshot;
  readonly policyDigests: Readonly<Record<string, string>>;
  readonly decisions: readonly Decision[];
  readonly intents: readonly Intent[];
  /** The forecasts that the decisions used, by target; equal ones are stored once, by content hash. */
  readonly forecasts?: Readonly<Record<string, Forecast>>;
}

/** Sequences count up by one over all records of a journal, from 1. `damaged`: records that cannot be read any more, said in their place. */
export type JournalRecord =
  | { readonly type: "pass"; readonly sequence: number; readonly pass: JournalPass }
  | { readonly type: "outcome"; readonly sequence: number; readonly outcome: Outcome }
  | { readonly type: "checkpoint"; readonly sequence: number; readonly group: string; readonly timeSeconds: number; readonly state: unknown }
  | { readonly type: "note"; readonly sequence: number; readonly timeSeconds: number; readonly kind: string; readonly detail: unknown }
  | { readonly type: "damaged"; readonly sequence: number; readonly throughSequence: number; readonly detail: string };

export interface DecisionQuery {
  readonly target?: string;
  readonly kind?: string;
  /** From this time on (included) to that one (excluded). */
  readonly fromSeconds?: number;
  readonly toSeconds?: number;
  /** Opaque; from the page before. */
  readonly cursor?: string;
  /** 1 to 1,000. */
  readonly limit: number;
}

export interface DecisionPage {
  readonly decisions: readonly { readonly decision: Decision; readonly outcome: Outcome | undefined }[];
  readonly nextCursor: string | undefined;
}

/** All that the journal knows of one decision. */
export interface JournalledDecision {
  readonly decision: Decision;
  readonly sequence: number;
  readonly group: string;
  readonly snapshot: Snapshot;
  readonly policyDigest: string | undefined;
  readonly forecast: Forecast | undefined;
  /** Of the intents that this decision made, oldest first. */
  readonly outcomes: readonly Outcome[];
}

/** What had to be cut off when the journal was opened; the bytes are kept beside it. */
export interface JournalDamage {
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
  readonly detail: string;
}

/** Append-only record of inputs, decisions, intents and outcomes. A resolved append is synced to disk. */
export interface Journal {
  /** Resolves to the record's sequence. Appends made at once share one sync. A failed append has left nothing behind. */
  appendPass(pass: JournalPass): Promise<Result<number>>;
  appendOutcome(outcome: Outcome): Promise<Result<number>>;
  appendCheckpoint(group: string, timeSeconds: number, state: unknown): Promise<Result<number>>;
  appendNote(timeSeconds: number, kind: string, detail: unknown): Promise<Result<number>>;
  /** Stores a fit ahead of the pass that installs it, once by content hash; a pass stores fits that are not there yet. */
  storeFit(install: ModelInstall): Promise<Result<void>>;
  /** Records in order from a sequence; installs and forecasts are resolved. Sees what was synced when it reaches it. */
  read(fromSequence: number): AsyncIterable<JournalRecord>;
  /** Newest decisions first; each with its newest outcome. */
  decisions(query: DecisionQuery): Promise<Result<DecisionPage>>;
  decision(id: string): Promise<Result<JournalledDecision>>;
  /** Intents without an outcome: after a restart they are never sent again. */
  openIntents(): Promise<Result<readonly Intent[]>>;
  latestCheckpoint(group: string): Promise<Result<{ readonly sequence: number; readonly state: unknown } | undefined>>;
  /** Drops the oldest whole segments that end before a time, and more until the rest fits the bytes; resolves to the bytes freed. */
  prune(beforeSeconds: number, maxBytes: number): Promise<Result<number>>;
  /** Damage found at the start; empty in the ordinary case. */
  readonly damage: readonly JournalDamage[];
  close(): Promise<void>;
}
