import type { HistoryPoint, HistoryStore, SignalKey } from "../../history/history-store.ts";
import type { MetricSource } from "../../observe/metrics/sources/metric-source.ts";
import type { Policy, SignalSpec } from "../../model/policy.ts";

export interface DemandStep {
  readonly policy: Policy;
  /** NaN where the step was not observed. */
  readonly value: number;
  readonly endSeconds: number;
  /** Share of the step that was seen. */
  readonly coverage: number;
}

type SignalSteps = Pick<MetricSource, "takeSteps">;

/** Cuts the signals of policies into grid steps, keeps them in the history, and hands on each step of demand once, gaps included. */
export class HistoryFeed {
  readonly #reader: SignalSteps;
  readonly #store: HistoryStore;
  readonly #onDemand: (step: DemandStep) => void;
  readonly #nextStepSeconds = new Map<string, number>();
  /** Appends that the store did not take, for the log: counted by the caller. */
  readonly #onFailure: (key: SignalKey, message: string) => void;

  constructor(parts: { readonly reader: SignalSteps; readonly store: HistoryStore; onDemand(step: DemandStep): void; onFailure(key: SignalKey, message: string): void }) {
    this.#reader = parts.reader;
    this.#store = parts.store;
    this.#onDemand = (step) => { parts.onDemand(step); };
    this.#onFailure = (key, message) => { parts.onFailure(key, message); };
  }

  /** Forgets the targets that are not named: what comes back later begins anew, without a gap from then to now. */
  retain(targets: readonly string[]): void {
    const kept = new Set(targets);
    for (const target of this.#nextStepSeconds.keys()) if (!kept.has(target)) this.#nextStepSeconds.delete(target);
  }

  /** Takes what has been completed by now. Resolves when it is stored. */
  async take(policy: Policy, nowSeconds: number): Promise<void> {
    const { stepSeconds } = policy.forecast;
    const signals: readonly (readonly [string, SignalSpec | undefined])[] = [
      ...(Object.entries(policy.signals) as [string, SignalSpec | undefined][]),
      ...(policy.extraSignals ?? []).map(({ name, spec }) => [name, spec] as const),
    ];
    await Promise.all(signals.map(async ([signal, spec]) => {
      if (spec === undefined) return;
      const points = this.#reader.takeSteps(spec, stepSeconds, nowSeconds);
      if (signal === "demand") this.#handOn(policy, points);
      if (points.length === 0) return;
      const key: SignalKey = { target: policy.name, signal, stepSeconds };
      const stored = await this.#store.append(key, points);
      if (!stored.ok) this.#onFailure(key, stored.message);
    }));
  }

  #handOn(policy: Policy, points: readonly HistoryPoint[]): void {
    const { stepSeconds } = policy.forecast;
    for (const point of points) {
      const expected = this.#nextStepSeconds.get(policy.name) ?? point.timeSeconds;
      for (let gap = expected; gap < point.timeSeconds; gap += stepSeconds) this.#onDemand({ policy, value: NaN, endSeconds: gap + stepSeconds, coverage: 0 });
      this.#onDemand({ policy, value: point.mean, endSeconds: point.timeSeconds + stepSeconds, coverage: point.coverage });
      this.#nextStepSeconds.set(policy.name, point.timeSeconds + stepSeconds);
    }
  }
}
