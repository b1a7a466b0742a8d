import type { PassResult } from "../../src/app/loop/group-runtime.ts";
import type { Policy } from "../../src/model/policy.ts";

/** What must hold whatever happens. */
export const INVARIANTS = ["never-below-minimum", "never-above-maximum", "no-scale-in-on-bad-data", "one-effect-per-decision", "journal-replays", "pause-holds", "one-write-per-key", "no-late-effect", "zero-only-when-idle"] as const;
export type Invariant = (typeof INVARIANTS)[number];

export interface Violation {
  readonly invariant: Invariant;
  readonly timeSeconds: number;
  readonly detail: string;
}

/** A write as the simulated cloud saw it. */
export interface SeenWrite {
  readonly timeSeconds: number;
  readonly idempotencyKey: string;
  /** With the era of the clock: after it was set back a second may come twice. */
  readonly decisionId: string;
  /** How long there has been no load at all. */
  readonly idleSeconds: number;
  readonly before: number;
  readonly after: number;
  readonly paused: "pause" | "pause-scale-in" | "kill-switch" | undefined;
  /** Signals that were not there when this was decided. */
  readonly badInputs: readonly string[];
}

/** Watches every write, from the cloud's side. Imports none of the code that it judges but types. */
export class Watcher {
  readonly violations: Violation[] = [];
  readonly checks: Record<Invariant, number> = Object.fromEntries(INVARIANTS.map((name) => [name, 0])) as Record<Invariant, number>;
  readonly #policy: Policy;
  readonly #effects = new Map<string, number>();
  readonly #keys = new Set<string>();

  constructor(policy: Policy) {
    this.#policy = policy;
  }

  /** A write that has reached the cloud and moved it. */
  wrote(write: SeenWrite): void {
    const { min, max } = this.#policy.replicas;
    const goesIn = write.after < write.before;
    this.#check("never-below-minimum", write.after >= min, { timeSeconds: write.timeSeconds, detail: `wrote ${String(write.after)}, the minimum is ${String(min)}` });
    this.#check("never-above-maximum", write.after <= max, { timeSeconds: write.timeSeconds, detail: `wrote ${String(write.after)}, the maximum is ${String(max)}` });
    if (goesIn) this.#check("no-scale-in-on-bad-data", write.badInputs.length === 0, { timeSeconds: write.timeSeconds, detail: `${String(write.before)} → ${String(write.after)} although ${write.badInputs.join(", ")}` });
    const effects = (this.#effects.get(write.decisionId) ?? 0) + 1;
    this.#effects.set(write.decisionId, effects);
    this.#check("one-effect-per-decision", effects === 1, { timeSeconds: write.timeSeconds, detail: `${write.decisionId} had ${String(effects)} effects` });
    if (write.after === 0) this.#check("zero-only-when-idle", write.idleSeconds >= (this.#policy.replicas.idleAfterSeconds ?? Infinity) - 60, { timeSeconds: write.timeSeconds, detail: `to zero after ${String(write.idleSeconds)} s without load` });
    const held = write.paused === undefined || (write.paused === "pause-scale-in" && !goesIn);
    this.#check("pause-holds", held, { timeSeconds: write.timeSeconds, detail: `${String(write.before)} → ${String(write.after)} during ${String(write.paused)}` });
  }

  /** Any write that is sent, whatever comes of it: orders and drains. */
  sent({ key, timeSeconds, lateSeconds }: { readonly key: string; readonly timeSeconds: number; readonly lateSeconds: number }): void {
    this.#check("one-write-per-key", !this.#keys.has(key), { timeSeconds, detail: `${key} was sent again` });
    this.#keys.add(key);
    this.#check("no-late-effect", lateSeconds < 0, { timeSeconds, detail: `${key} was sent ${String(lateSeconds)} s after its end` });
  }

  /** What was decided, which must hold even where nothing is written. */
  decided({ pass }: PassResult): void {
    for (const decision of pass.decisions) {
      const { min, max } = this.#policy.replicas;
      const seen = pass.snapshot.targets[decision.target];
      if (seen?.workload.kind !== "value") continue;
      const goesIn = decision.desiredReplicas < decision.currentReplicas;
      if (decision.desiredReplicas !== decision.currentReplicas) {
        this.#check("never-below-minimum", decision.desiredReplicas >= min, { timeSeconds: decision.timeSeconds, detail: `decided ${String(decision.desiredReplicas)}` });
        this.#check("never-above-maximum", decision.desiredReplicas <= max, { timeSeconds: decision.timeSeconds, detail: `decided ${String(decision.desiredReplicas)}` });
      }
      const tooMany = decision.currentReplicas > max;
      if (goesIn && !tooMany) this.#check("no-scale-in-on-bad-data", seen.demand.kind === "value" && seen.utilization.kind === "value", { timeSeconds: decision.timeSeconds, detail: `${decision.id} scales in on a missing signal` });
    }
  }

  replayed(identical: boolean, detail: string, timeSeconds: number): void {
    this.#check("journal-replays", identical, { timeSeconds, detail });
  }

  #check(invariant: Invariant, holds: boolean, { timeSeconds, detail }: { readonly timeSeconds: number; readonly detail: string }): void {
    this.checks[invariant] += 1;
    if (!holds) this.violations.push({ invariant, timeSeconds, detail });
  }
}

