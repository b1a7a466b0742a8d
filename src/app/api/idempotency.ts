import { createHash } from "node:crypto";
import { ProblemError } from "./problem.ts";

/** What a write answered, so that the same write asked again gets the same answer and happens once. */
export interface StoredAnswer {
  readonly status: number;
  readonly body: unknown;
}

interface Entry {
  readonly fingerprint: string;
  readonly expiresAtSeconds: number;
  answer: StoredAnswer | undefined;
}

const RETENTION_SECONDS = 24 * 3_600;
const MAX_KEYS = 10_000;

/**
 * Remembers the answers of writes by Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07) for a day, in memory, the
 * oldest leaving first above 10,000. An override's id is made from its key as well, so that one survives a restart.
 */
export class IdempotencyKeys {
  readonly #entries = new Map<string, Entry>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Runs the work once per key. The same key with another request is refused; a failure frees the key. */
  async once(key: string, request: { method: string; url: string; body: unknown }, work: () => Promise<StoredAnswer>): Promise<StoredAnswer> {
    this.#forgetOld();
    const fingerprint = createHash("sha256").update(JSON.stringify([request.method, request.url, request.body ?? null])).digest("base64url");
    const known = this.#entries.get(key);
    if (known !== undefined) return recall(known, fingerprint);
    const entry: Entry = { fingerprint, expiresAtSeconds: this.#now() + RETENTION_SECONDS, answer: undefined };
    this.#entries.set(key, entry);
    try {
      entry.answer = await work();
      return entry.answer;
    } catch (error) {
      this.#entries.delete(key);
      throw error;
    }
  }

  #forgetOld(): void {
    const now = this.#now();
    for (const [key, entry] of this.#entries) {
      if (entry.expiresAtSeconds > now && this.#entries.size < MAX_KEYS) return;
      if (entry.answer !== undefined) this.#entries.delete(key);
    }
  }
}

function recall(known: Entry, fingerprint: string): StoredAnswer {
  if (known.fingerprint !== fingerprint) throw new ProblemError("key-reused", "the key belongs to a request with another path or body; take a new one");
  if (known.answer === undefined) throw new ProblemError("key-in-use", "the first request with this key has not been answered yet; ask again", { headers: { "retry-after": "1" } });
  return known.answer;
}
