import type { Decision } from "../model/decision.ts";
import type { Intent, Outcome } from "../model/intent.ts";
import type { Result } from "../model/result.ts";
import type { ModelInstall, Snapshot } from "../model/snapshot.ts";

/** What one pass of one group appends, in one group commit, before any effect. */
export interface JournalPass {
  readonly group: string;
  readonly snapshot: Snapshot;
  readonly policyDigests: Readonly<Record<string, string>>;
  readonly decisions: readonly Decision[];
  readonly intents: readonly Intent[];
}

export type JournalRecord =
  | { readonly type: "pass"; readonly sequence: number; readonly pass: JournalPass }
  | { readonly type: "outcome"; readonly sequence: number; readonly outcome: Outcome }
  | { readonly type: "checkpoint"; readonly sequence: number; readonly group: string; readonly timeSeconds: number; readonly state: unknown }
  | { readonly type: "note"; readonly sequence: number; readonly timeSeconds: number; readonly kind: string; readonly detail: unknown };

export interface DecisionQuery {
  readonly target?: string;
  readonly kind?: string;
  readonly fromSeconds?: number;
  readonly toSeconds?: number;
  /** Opaque; from the page before. */
  readonly cursor?: string;
  readonly limit: number;
}

export interface DecisionPage {
  readonly decisions: readonly { readonly decision: Decision; readonly outcome: Outcome | undefined }[];
  readonly nextCursor: string | undefined;
}

/** Append-only record of inputs, decisions, intents and outcomes. A resolved append is synced to disk. */
export interface Journal {
  appendPass(pass: JournalPass): Promise<Result<number>>;
  appendOutcome(outcome: Outcome): Promise<Result<number>>;
  appendCheckpoint(group: string, timeSeconds: number, state: unknown): Promise<Result<number>>;
  appendNote(timeSeconds: number, kind: string, detail: unknown): Promise<Result<number>>;
  /** Fits are stored once by content hash; a pass refers to them. */
  storeFit(install: ModelInstall): Promise<Result<void>>;
  /** Records in order from a sequence; installs are resolved to their fits. */
  read(fromSequence: number): AsyncIterable<JournalRecord>;
  /** Newest decisions first. */
  decisions(query: DecisionQuery): Promise<Result<DecisionPage>>;
  decision(id: string): Promise<Result<{ readonly decision: Decision; readonly snapshot: Snapshot; readonly outcomes: readonly Outcome[] }>>;
  /** Intents without an outcome: after a restart they are never sent again. */
  openIntents(): Promise<Result<readonly Intent[]>>;
  latestCheckpoint(group: string): Promise<Result<{ readonly sequence: number; readonly state: unknown } | undefined>>;
  prune(beforeSeconds: number, maxBytes: number): Promise<Result<number>>;
  close(): Promise<void>;
}
