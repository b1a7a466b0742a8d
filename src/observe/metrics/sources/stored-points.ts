import type { HistoryPoint } from "../../../history/history-store.ts";
import type { Observation } from "../../../model/observation.ts";
import type { SignalSpec } from "../../../model/policy.ts";
import { failure, success, type Result } from "../../../model/result.ts";
import { MetricStore } from "../metric-store.ts";
import { SignalReader } from "../signals/signal-reader.ts";

/** A point that a source has fetched: the value of a gauge, or the total of a counter. */
export interface FetchedPoint {
  readonly metric: string;
  readonly unit: string;
  readonly counter: boolean;
  readonly timeSeconds: number;
  readonly value: number;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Keeps fetched points as if they had been sent, so that every source has the one meaning of a signal. */
export class StoredPoints {
  readonly #store = new MetricStore();
  readonly #reader = new SignalReader(this.#store.table);

  retain(specs: readonly SignalSpec[]): void {
    this.#reader.retain(specs);
  }

  read(spec: SignalSpec, nowSeconds: number): Observation {
    return this.#reader.read(spec, nowSeconds);
  }

  takeSteps(spec: SignalSpec, stepSeconds: number, nowSeconds: number): readonly HistoryPoint[] {
    return this.#reader.takeSteps(spec, stepSeconds, nowSeconds);
  }

  /** Take points, oldest first. Those that break a rule (not a number, too old, two writers) make a failure that says which. */
  add(points: readonly FetchedPoint[], nowSeconds: number): Result<void> {
    const metrics = points.map((point) => {
      const dataPoints = [{ timeUnixNano: `${String(Math.round(point.timeSeconds * 1000))}000000`, asDouble: point.value, attributes: Object.entries(point.attributes).map(([key, value]) => ({ key, value: { stringValue: value } })) }];
      return { name: point.metric, unit: point.unit, ...(point.counter ? { sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints } } : { gauge: { dataPoints } }) };
    });
    const done = this.#store.ingestObject({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }, nowSeconds);
    if (!done.ok) return done;
    if (done.value.rejected.size === 0) return success(undefined);
    return failure("permanent", `points were refused: ${[...done.value.rejected].map(([reason, count]) => `${String(count)} ${reason}`).join(", ")}`);
  }
}
