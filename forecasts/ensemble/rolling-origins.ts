import { median } from "simple-statistics";
import type { Shape } from "../models/member.ts";
import { interpolateKnots, type KnotTable } from "../numeric/horizon-knots.ts";
import type { PreparedSeries } from "../preparation.ts";
import { Combination } from "./combination.ts";
import { HorizonTracker } from "./horizon-tracker.ts";
import { trackerShape } from "./tracker-shape.ts";
import { weightsFromErrors } from "./weights.ts";

/** Each member's forecasts from each origin (rows seen), in the series' values; some origins reach the first rows only. */
export interface RollingOrigins {
  readonly origins: readonly number[];
  /** Whether the origin is one of those that are spread evenly; the others stand densely before the end. */
  readonly spread: readonly boolean[];
  /** The scatter of each row ahead over the mean one's, as it was known at the origin. */
  readonly scatter: readonly Float64Array[];
  /** How restless the load was at the origin. */
  readonly unrest: Float64Array;
  readonly paths: readonly (readonly Float64Array[])[];
  /** The same of seasonal naive and of the newest value. */
  readonly baselines: readonly (readonly Float64Array[])[];
}

/** What a row counts however old it is, so that members are told apart where the newest rows are gaps. */
const OLD_WEIGHT = 0.001;

type Bucket = readonly [from: number, to: number];

/**
 * The trackers that a fit starts with, one a knot: the members' errors over the horizons around it, and the residuals of what
 * their weights make of them. A knot that the history is too short to score takes over the one before it.
 */
export function firstTrackers(rolling: RollingOrigins, series: PreparedSeries, knots: readonly number[], shape: Shape): HorizonTracker[] {
  const buckets = knots.map((_, index) => bucketOf(knots, index));
  const trackers = knots.map((knot) => new HorizonTracker(trackerShape(knot, rolling.paths.length, shape)));
  const scores = new OriginScores(rolling, series, trackers[0]!.shape.halfLifeRows);
  const members = rolling.paths.length;
  for (const [index, tracker] of trackers.entries()) {
    tracker.errors.set(scores.memberErrors(buckets[index]!, tracker.shape.memberHalfLifeRows) ?? trackers[index - 1]?.errors.subarray(0, members) ?? []);
  }
  const weights = trackers.map((tracker) => weightsFromErrors(tracker.errors.subarray(0, members), new Float64Array(members)));
  const ensemble = scores.combined(weights, interpolateKnots(knots, shape.horizon));
  for (const [index, tracker] of trackers.entries()) {
    scores.fillResiduals(tracker, buckets[index]!, ensemble);
    if (tracker.residuals.size === 0 && index > 0) inherit(tracker, trackers[index - 1]!);
    tracker.errors.set(scores.meanErrors(buckets[index]!, [ensemble, ...rolling.baselines]) ?? trackers[index - 1]?.errors.subarray(members) ?? [], members);
    // The origins of one fit lie too close together to demote anything: the gate judges matured forecasts only.
  }
  return trackers;
}

class OriginScores {
  private readonly rolling: RollingOrigins;
  private readonly series: PreparedSeries;
  private readonly halfLifeRows: number;
  private readonly combination: Combination;

  constructor(rolling: RollingOrigins, series: PreparedSeries, halfLifeRows: number) {
    this.rolling = rolling;
    this.series = series;
    this.halfLifeRows = halfLifeRows;
    this.combination = new Combination(rolling.paths.length);
  }

  /** A newer origin counts more. Undefined where no row of the bucket is known. */
  meanErrors([from, to]: Bucket, paths: readonly (readonly Float64Array[])[]): Float64Array | undefined {
    const { origins } = this.rolling;
    const sums = new Float64Array(paths.length);
    const last = origins.at(-1) ?? 0;
    let total = 0;
    for (const [i, origin] of origins.entries()) {
      if (!this.rolling.spread[i]!) continue;
      const weight = 0.5 ** ((last - origin) / this.halfLifeRows);
      for (let k = from; k <= Math.min(to, paths[0]![i]!.length); k++) {
        if (!this.isKnown(origin + k - 1)) continue;
        const value = this.series.values[origin + k - 1]!;
        for (let j = 0; j < paths.length; j++) sums[j] = sums[j]! + weight * Math.abs(value - paths[j]![i]![k - 1]!);
        total += weight;
      }
    }
    return total > 0 ? sums.map((sum) => sum / total) : undefined;
  }

  /** The members' errors; a newer row counts more. Undefined where no row of the bucket is known. */
  memberErrors([from, to]: Bucket, halfLifeRows: number): Float64Array | undefined {
    const { origins, paths } = this.rolling;
    const sums = new Float64Array(paths.length);
    const end = this.series.values.length;
    let total = 0;
    for (const [i, origin] of origins.entries()) {
      for (let k = from; k <= Math.min(to, paths[0]![i]!.length); k++) {
        const row = origin + k - 1;
        if (!this.isKnown(row)) continue;
        const weight = 0.5 ** ((end - row) / halfLifeRows) + OLD_WEIGHT;
        const value = this.series.values[row]!;
        for (let j = 0; j < paths.length; j++) sums[j] = sums[j]! + weight * Math.abs(value - paths[j]![i]![k - 1]!);
        total += weight;
      }
    }
    return total > 0 ? sums.map((sum) => sum / total) : undefined;
  }

  /** Adds the ensemble's residuals of a bucket, thinned evenly to what the tracker keeps. */
  fillResiduals(tracker: HorizonTracker, [from, to]: Bucket, ensemble: readonly Float64Array[]): void {
    const { origins, spread } = this.rolling;
    const total = ensemble.reduce((sum, path, i) => sum + (spread[i]! ? Math.max(0, Math.min(to, path.length) - from + 1) : 0), 0);
    const skip = Math.max(1, Math.ceil(total / tracker.shape.residualCapacity));
    let seen = 0;
    const residuals: number[] = [];
    for (const [i, origin] of origins.entries()) {
      if (!spread[i]!) continue;
      const unrest = tracker.shape.isLate ? this.rolling.unrest[i]! : 1;
      for (let k = from; k <= Math.min(to, ensemble[i]!.length); k++) {
        const row = origin + k - 1;
        if (seen++ % skip === 0 && this.isKnown(row)) residuals.push((this.series.values[row]! - ensemble[i]![k - 1]!) / (unrest * this.rolling.scatter[i]![k - 1]!));
      }
    }
    // The bias of a few days seldom lasts: it is left out until matured forecasts show one.
    const middle = residuals.length > 0 ? median(residuals) : 0;
    for (const residual of residuals) tracker.residuals.add(residual - middle);
    tracker.doubt = 1 / Math.max(1, (this.series.values.length - (origins[0] ?? 0)) / tracker.shape.horizon);
  }

  /** The ensemble's forecasts from each origin. */
  combined(weights: readonly Float64Array[], table: KnotTable): Float64Array[] {
    return this.rolling.origins.map((_, origin) => {
      const paths = this.rolling.paths.map((ofMember) => ofMember[origin]!);
      return paths[0]!.map((__, place) => {
        const lower = table.lower[place]!;
        const mixed = { near: weights[lower]!, far: weights[Math.min(lower + 1, weights.length - 1)]!, share: table.share[place]! };
        return this.combination.at(place, paths, mixed);
      });
    });
  }

  private isKnown(row: number): boolean {
    return row < this.series.values.length && this.series.known[row] === 1;
  }
}

/** The horizons nearest to a knot on the log scale. */
function bucketOf(knots: readonly number[], index: number): Bucket {
  const knot = knots[index]!;
  const from = index === 0 ? 1 : Math.floor(Math.sqrt(knots[index - 1]! * knot)) + 1;
  const to = index === knots.length - 1 ? knot : Math.floor(Math.sqrt(knot * knots[index + 1]!));
  return [Math.min(from, knot), Math.max(to, knot)];
}

/** Residuals of a shorter horizon, widened as those of a random walk: by the square root of the horizons' ratio. */
function inherit(tracker: HorizonTracker, shorter: HorizonTracker): void {
  const widening = Math.sqrt(tracker.shape.horizon / shorter.shape.horizon);
  for (const residual of shorter.residuals.values()) tracker.residuals.add(residual * widening);
}
