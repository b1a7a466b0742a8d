import type { Intent, Outcome } from "../model/intent.ts";
import type { Effects } from "./sealed-file.ts";

interface Place {
  /** The first sequence of the segment. */
  readonly segment: number;
  readonly record: number;
}

/** What is known of intents, outcomes and checkpoints over all segments without reading them. */
export class EffectLog {
  readonly #open = new Map<string, { readonly intent: Intent; readonly segment: number }>();
  /** In which segments an intent's outcomes are. */
  readonly #outcomes = new Map<string, readonly number[]>();
  readonly #checkpoints = new Map<string, Place>();

  take(segment: number, effects: Effects): void {
    for (const intent of effects.intents) this.takeIntent(segment, intent);
    for (const outcome of effects.outcomes) this.takeOutcome(segment, outcome);
    for (const [group, record] of effects.checkpoints) this.takeCheckpoint(group, { segment, record });
  }

  takeIntent(segment: number, intent: Intent): void {
    if (!this.#outcomes.has(intent.idempotencyKey)) this.#open.set(intent.idempotencyKey, { intent, segment });
  }

  takeOutcome(segment: number, outcome: Outcome): void {
    const key = outcome.idempotencyKey;
    this.#open.delete(key);
    const known = this.#outcomes.get(key) ?? [];
    if (known.at(-1) !== segment) this.#outcomes.set(key, [...known, segment]);
  }

  takeCheckpoint(group: string, place: Place): void {
    this.#checkpoints.set(group, place);
  }

  /** Forgets what only a dropped segment told. */
  drop(segment: number): void {
    for (const [key, { segment: own }] of this.#open) if (own === segment) this.#open.delete(key);
    for (const [key, segments] of this.#outcomes) {
      const left = segments.filter((own) => own !== segment);
      if (left.length === 0) this.#outcomes.delete(key);
      else if (left.length < segments.length) this.#outcomes.set(key, left);
    }
    for (const [group, place] of this.#checkpoints) if (place.segment === segment) this.#checkpoints.delete(group);
  }

  openIntents(): Intent[] {
    return [...this.#open.values()].map(({ intent }) => intent);
  }

  segmentsOfOutcomes(key: string): readonly number[] {
    return this.#outcomes.get(key) ?? [];
  }

  checkpoint(group: string): Place | undefined {
    return this.#checkpoints.get(group);
  }
}
