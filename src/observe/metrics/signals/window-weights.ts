import { EXPLICIT } from "../series/point-batch.ts";
import { MAX_SAMPLES, type SampleRing } from "./sample-ring.ts";

/** A series that has been silent for less than this many of its intervals is between two exports, not gone. */
const TAIL_INTERVALS = 1.5;

/** How a window is made of samples: the increase over it is Σ weights[k] × sample k, for totals, sums and buckets alike. */
export interface WindowWeights {
  /** One per sample of the ring, oldest first. Overwritten by the next call. */
  readonly weights: Float64Array;
  /** Seconds of the window that samples cover. */
  readonly coveredSeconds: number;
  /** Seconds at the window's start of which nothing is known: the series was there before it was observed. */
  readonly unknownSeconds: number;
  /** Seconds from the first sample's span to the window's end, gaps included. */
  readonly observedSeconds: number;
}

export interface Window {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  /** Observed export interval; 0 where it is not known. */
  readonly intervalSeconds: number;
  /** The sender said that the series ended: nothing follows its last sample. */
  readonly ended: boolean;
}

const weights = new Float64Array(MAX_SAMPLES + 1);

/**
 * Weigh the samples of a counter or histogram over a window. Within the span between two samples the increase is taken as
 * even. A reset (a newer start, or a fall) begins again from zero; a start that is not stated at a reset makes the sample a
 * baseline only (OpenTelemetry data model, "resets and gaps" and "unknown start time"). The last span is continued to the
 * window's end where the next export is not yet due.
 */
export function weighCumulative(ring: SampleRing, window: Window): WindowWeights {
  const { times, starts, totals, first, length } = ring;
  weights.fill(0, 0, length);
  const sum = new Coverage(window);
  for (let k = 0; k < length; k++) {
    const at = first + k;
    const time = times[at] as number;
    const start = starts[at] as number;
    if (k === 0) {
      // A total since long before the window tells nothing about the window.
      const fresh = !ring.trimmed && start > 0 && start < time && start >= window.fromSeconds - (window.toSeconds - window.fromSeconds);
      if (fresh) weights[0] = sum.add(start, time, { last: k === length - 1, begins: true });
      continue;
    }
    const before = times[at - 1] as number;
    const restarted = start > (starts[at - 1] as number) && (starts[at - 1] as number) > 0;
    if (!restarted && (totals[at] as number) >= (totals[at - 1] as number) && sameLayout(ring, k)) {
      const weight = sum.add(before, time, { last: k === length - 1, begins: false });
      weights[k] = (weights[k] as number) + weight;
      weights[k - 1] = (weights[k - 1] as number) - weight;
    } else if (start < time || !restarted) weights[k] = sum.add(restarted && start > before ? start : before, time, { last: k === length - 1, begins: false });
  }
  return sum.result();
}

/** Weigh the samples of delta temporality: each tells the increase since its start. A gap between two adds nothing and is not covered. */
export function weighDelta(ring: SampleRing, window: Window): WindowWeights {
  const { times, starts, first, length } = ring;
  const sum = new Coverage(window);
  for (let k = 0; k < length; k++) {
    const at = first + k;
    const [time, start] = [times[at] as number, starts[at] as number];
    const before = k > 0 ? (times[at - 1] as number) : 0;
    const from = start > 0 && start < time ? Math.max(start, before) : before;
    weights[k] = from > 0 ? sum.add(from, time, { last: k === length - 1, begins: true }) : 0;
  }
  return sum.result();
}

/** Adds up what spans cover of a window. */
class Coverage {
  readonly #window: Window;
  #covered = 0;
  #firstKnown = Number.POSITIVE_INFINITY;
  #firstSpan = Number.POSITIVE_INFINITY;

  constructor(window: Window) {
    this.#window = window;
  }

  /** The share of the span's increase that falls into the window; the last span may be continued past its end. */
  add(from: number, to: number, { last, begins }: { readonly last: boolean; readonly begins: boolean }): number {
    const { fromSeconds, toSeconds, intervalSeconds, ended } = this.#window;
    const continues = last && !ended && toSeconds > to && toSeconds - to <= TAIL_INTERVALS * intervalSeconds;
    const overlap = Math.min(continues ? toSeconds : to, toSeconds) - Math.max(from, fromSeconds);
    this.#firstKnown = Math.min(this.#firstKnown, begins ? fromSeconds : from);
    this.#firstSpan = Math.min(this.#firstSpan, Math.max(from, fromSeconds));
    if (overlap <= 0 || to <= from) return 0;
    this.#covered += overlap;
    return overlap / (to - from);
  }

  result(): WindowWeights {
    const { fromSeconds, toSeconds } = this.#window;
    const unknown = Math.min(Math.max(this.#firstKnown - fromSeconds, 0), toSeconds - fromSeconds);
    return { weights, coveredSeconds: this.#covered, unknownSeconds: unknown, observedSeconds: Math.max(toSeconds - this.#firstSpan, 0) };
  }
}

/** Explicit shapes can be subtracted where their bounds are the same; exponential ones always (scales are brought together). */
function sameLayout(ring: SampleRing, k: number): boolean {
  const [shape, before] = [ring.shapes[k], ring.shapes[k - 1]];
  return ring.exponential || shape === undefined || before === undefined || shape[EXPLICIT.bounds] === before[EXPLICIT.bounds];
}
