import type { HistoryPoint } from "../../../history/history-store.ts";
import { extractWindow, type Span } from "./extract.ts";
import type { MetricSignal } from "./metric-signal.ts";

/** Parts of a step whose values give its minimum and maximum. */
const MAX_PARTS = 12;
/** A step is closed so many intervals after its end, whoever is still missing. */
const WAIT_INTERVALS = 2;

/** Cuts a signal into grid steps, each given once, as soon as it is complete. */
export class StepCutter {
  readonly #stepSeconds: number;
  /** Start of the next step to give. */
  #nextSeconds = 0;

  constructor(stepSeconds: number) {
    this.#stepSeconds = stepSeconds;
  }

  /** Steps completed by `nowSeconds`, oldest first; at most as far back as the samples are kept. */
  take(signal: MetricSignal, nowSeconds: number, bounds: readonly Float64Array[]): readonly HistoryPoint[] {
    const step = this.#stepSeconds;
    const oldest = Math.floor((nowSeconds - signal.retentionSeconds) / step) * step;
    if (this.#nextSeconds === 0) this.#nextSeconds = Math.floor(nowSeconds / step) * step - step;
    this.#nextSeconds = Math.max(this.#nextSeconds, oldest);
    const points: HistoryPoint[] = [];
    while (this.#nextSeconds + step <= nowSeconds && isComplete(signal, this.#nextSeconds + step, nowSeconds)) {
      const point = cutStep(signal, { fromSeconds: this.#nextSeconds, toSeconds: this.#nextSeconds + step }, bounds);
      if (point !== undefined) points.push(point);
      this.#nextSeconds += step;
    }
    return points;
  }
}

/** Whether every series that still reports has passed `endSeconds`, or has had two intervals to do so. */
function isComplete(signal: MetricSignal, endSeconds: number, nowSeconds: number): boolean {
  for (const track of signal.tracks.values()) {
    if (track.dormant || track.endedSeconds > 0) continue;
    const wait = WAIT_INTERVALS * (track.intervalSeconds > 0 ? track.intervalSeconds : signal.spec.staleAfterSeconds);
    const last = track.ring.newestSeconds;
    if (last < endSeconds && nowSeconds < endSeconds + wait && nowSeconds - last < wait + signal.spec.staleAfterSeconds) return false;
  }
  return true;
}

function cutStep(signal: MetricSignal, { fromSeconds: startSeconds, toSeconds: endSeconds }: Span, bounds: readonly Float64Array[]): HistoryPoint | undefined {
  const stepSeconds = endSeconds - startSeconds;
  let count = 0;
  let interval = 0;
  for (const track of signal.tracks.values()) {
    const samples = track.samplesBetween(startSeconds, endSeconds);
    count += samples;
    if (samples > 0) interval = Math.max(interval, track.intervalSeconds);
  }
  const parts = signal.spec.extract === "quantile" ? 1 : Math.max(1, Math.min(MAX_PARTS, Math.floor(stepSeconds / Math.max(interval, 1e-3))));
  const values: number[] = [];
  let covered = 0;
  for (let part = 0; part < parts; part++) {
    const from = startSeconds + (part * stepSeconds) / parts;
    const piece = extractWindow(signal, { fromSeconds: from, toSeconds: from + stepSeconds / parts }, bounds);
    if (piece.value !== undefined) values.push(piece.value);
    covered += piece.coverage;
  }
  const whole = extractWindow(signal, { fromSeconds: startSeconds, toSeconds: endSeconds }, bounds);
  const isGauge = signal.spec.extract === "gauge";
  const mean = isGauge ? (values.length > 0 ? values.reduce((a, b) => a + b, 0) / values.length : undefined) : whole.value;
  if (mean === undefined) return undefined;
  return { timeSeconds: startSeconds, mean, min: Math.min(mean, ...values), max: Math.max(mean, ...values), count, coverage: isGauge ? covered / parts : whole.coverage };
}
