/** How much a fit is wanted: a target without a model first, then what a person has just changed, then the refits in turn. */
export const FIT_RANKS = ["no-model", "asked", "refit"] as const;
export type FitRank = (typeof FIT_RANKS)[number];

interface Entry {
  readonly target: string;
  rank: FitRank;
  work: () => Promise<void>;
}

/**
 * The next time after `afterSeconds` at which a target is refitted: once in every interval, at a phase of its own (a hash of
 * its name), so that a fleet's fits are spread evenly and each target keeps its minute.
 */
export function nextFitSeconds(target: string, refitSeconds: number, afterSeconds: number): number {
  const phase = (hashOf(target) / 2 ** 32) * refitSeconds;
  return (Math.floor((afterSeconds - phase) / refitSeconds) + 1) * refitSeconds + phase;
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  // Short names differ in their last letters alone: one more round spreads those over all bits.
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/**
 * Lets a few fits be under way at a time, from the reading of their history to their installation: what waits is a name, not
 * a history in memory. One entry a target: asking again renews what is to be done, and may raise its rank.
 */
export class FitSchedule {
  readonly #slots: number;
  readonly #waiting = new Map<string, Entry>();
  #running = 0;
  #closed = false;

  constructor(slots: number) {
    this.#slots = slots;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Nothing more is begun: what fails from here on fails because the daemon stops. */
  get closed(): boolean {
    return this.#closed;
  }

  close(): void {
    this.#closed = true;
    this.#waiting.clear();
  }

  ask(target: string, rank: FitRank, work: () => Promise<void>): void {
    if (this.#closed) return;
    const known = this.#waiting.get(target);
    if (known === undefined) this.#waiting.set(target, { target, rank, work });
    else {
      // A target that was taken out and put in again meanwhile is another: it is the new one that is to be fitted.
      known.work = work;
      if (FIT_RANKS.indexOf(rank) < FIT_RANKS.indexOf(known.rank)) known.rank = rank;
    }
    this.#startNext();
  }

  #startNext(): void {
    while (this.#running < this.#slots && this.#waiting.size > 0) {
      const entry = this.#mostWanted();
      if (entry === undefined) return;
      this.#waiting.delete(entry.target);
      this.#running += 1;
      void entry.work().finally(() => {
        this.#running -= 1;
        this.#startNext();
      });
    }
  }

  #mostWanted(): Entry | undefined {
    for (const rank of FIT_RANKS) for (const entry of this.#waiting.values()) if (entry.rank === rank) return entry;
    return undefined;
  }
}
