import type { SignalSpec } from "../../../model/policy.ts";
import { Distribution } from "./distribution.ts";
import type { MetricSignal } from "./metric-signal.ts";
import type { SeriesTrack } from "./series-track.ts";

/** A signal's value over a window, and how much of the window stands behind it. */
export interface Extracted {
  /** Undefined: nothing was observed that makes a value (no request to take a mean of, one point of a counter). */
  readonly value: number | undefined;
  /** Share of the window that the series covered, 0..1. */
  readonly coverage: number;
  /** Series that took part. */
  readonly series: number;
}

/** What a window of one series adds up to. */
interface Increase {
  readonly total: number;
  readonly other: number;
  readonly coveredSeconds: number;
  readonly knownSeconds: number;
  readonly observedSeconds: number;
}

/** A span of time, the end included. */
export interface Span {
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

/** Extract and aggregate a signal over a span; a gauge is taken at its end. `bounds`: the table's interned bucket bounds. */
export function extractWindow(signal: MetricSignal, span: Span, bounds: readonly Float64Array[]): Extracted {
  const { extract, aggregate } = signal.spec;
  if (extract === "gauge") return gauge(signal, span.toSeconds);
  const windowSeconds = span.toSeconds - span.fromSeconds;
  // Series of one distribution are merged before a mean, a quantile or a share is taken, unless the extreme of the series is asked for.
  const merged = extract !== "rate" && (aggregate === "sum" || aggregate === "mean");
  const values: number[] = [];
  const rates: Increase[] = [];
  const whole = { total: 0, other: 0, distribution: new Distribution() };
  let [covered, series, longest] = [0, 0, 0];
  for (const track of signal.tracks.values()) {
    if (track.dormant) continue;
    const distribution = merged ? whole.distribution : new Distribution();
    const increase = increaseOf(track, span, extract === "quantile" ? distribution : undefined);
    if (increase.coveredSeconds <= 0) continue;
    series++;
    covered += Math.min(increase.coveredSeconds / windowSeconds, 1);
    longest = Math.max(longest, increase.observedSeconds);
    whole.total += increase.total;
    whole.other += increase.other;
    if (extract === "rate") rates.push(increase);
    else if (!merged) values.push(ratio(signal.spec, { ...increase, distribution }, bounds) ?? Number.NaN);
  }
  // Where every series has begun within the window, the rate is that of the part since the first of them.
  for (const increase of rates) values.push(increase.total / Math.min(increase.knownSeconds, longest));
  const coverage = series === 0 ? 0 : covered / series;
  const value = merged ? ratio(signal.spec, whole, bounds) : aggregated(values.filter((item) => !Number.isNaN(item)), aggregate);
  const scaled = value === undefined || extract === "share-above" ? value : value * signal.scale;
  return { value: scaled, coverage, series };
}

function increaseOf(track: SeriesTrack, { fromSeconds, toSeconds }: Span, distribution: Distribution | undefined): Increase {
  const { weights, coveredSeconds, unknownSeconds, observedSeconds } = track.weigh(fromSeconds, toSeconds);
  const { totals, others, shapes, first, length, exponential } = track.ring;
  let [total, other] = [0, 0];
  for (let k = 0; k < length; k++) {
    const weight = weights[k] as number;
    if (weight === 0) continue;
    total += weight * (totals[first + k] as number);
    other += weight * (others[first + k] as number);
    const shape = shapes[k];
    if (distribution !== undefined && shape !== undefined) distribution.add(shape, exponential, weight);
  }
  return { total, other, coveredSeconds, knownSeconds: toSeconds - fromSeconds - unknownSeconds, observedSeconds };
}

/** Mean, share above or quantile of what was observed; undefined where nothing was. */
function ratio(spec: SignalSpec, sums: { readonly total: number; readonly other: number; readonly distribution: Distribution }, bounds: readonly Float64Array[]): number | undefined {
  const { total, other, distribution } = sums;
  if (spec.extract === "quantile") return distribution.quantile(spec.quantile ?? 0.5, bounds);
  if (!(total > 1e-9) || Number.isNaN(other)) return undefined;
  return spec.extract === "share-above" ? Math.min(Math.max(other / total, 0), 1) : other / total;
}

function gauge(signal: MetricSignal, timeSeconds: number): Extracted {
  const values: number[] = [];
  for (const track of signal.tracks.values()) {
    const value = track.valueAt(timeSeconds);
    if (value !== undefined) values.push(value);
  }
  const value = aggregated(values, signal.spec.aggregate);
  return { value: value === undefined ? undefined : value * signal.scale, coverage: value === undefined ? 0 : 1, series: values.length };
}

function aggregated(values: readonly number[], aggregate: SignalSpec["aggregate"]): number | undefined {
  if (values.length === 0) return undefined;
  if (aggregate === "max") return values.reduce((a, b) => Math.max(a, b));
  if (aggregate === "min") return values.reduce((a, b) => Math.min(a, b));
  const sum = values.reduce((a, b) => a + b, 0);
  return aggregate === "sum" ? sum : sum / values.length;
}
