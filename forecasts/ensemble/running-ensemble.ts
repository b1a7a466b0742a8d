import type { Forecast } from "../forecast.ts";
import type { HorizonVerdict, OnlineForecaster } from "../forecaster.ts";
import { HourSpread, type SavedHourSpread } from "../intervals/hour-spread.ts";
import { LevelShift, type SavedLevelShift, type Shift } from "../level-shift.ts";
import type { Shape } from "../models/member.ts";
import { trustReason, type Trusted } from "../trust-gate.ts";
import { interpolateKnots, type KnotTable } from "../numeric/horizon-knots.ts";
import { RowWindow, type SavedWindow } from "../numeric/row-window.ts";
import { Combination } from "./combination.ts";
import { HorizonTracker, type SavedTracker } from "./horizon-tracker.ts";
import { BASELINES, boundsOf, moveLevel, openWindows, pushValue, SeatedMember, type Units, type Windows } from "./members.ts";
import { trackerShape } from "./tracker-shape.ts";
import { weightsFromErrors } from "./weights.ts";

/** The whole state of an ensemble, as plain JSON data. */
export interface SavedEnsemble {
  readonly model: string;
  readonly version: 1;
  readonly startSeconds: number;
  readonly stepSeconds: number;
  readonly shape: Shape;
  readonly units: Units;
  readonly range: readonly [least: number, most: number];
  /** No path goes below it; null where none is asked for. */
  readonly floor: number | null;
  readonly levelShift: SavedLevelShift;
  readonly hourSpread: SavedHourSpread;
  readonly window: SavedWindow;
  readonly members: readonly { readonly id: string; readonly state: unknown }[];
  readonly knots: readonly number[];
  readonly trackers: readonly SavedTracker[];
  readonly note: string;
}

/** For each of some horizons: the tracked ones around it, and the share of the farther one. */
interface Places {
  readonly near: Int32Array;
  readonly far: Int32Array;
  readonly share: Float64Array;
}

/** What an ensemble makes of the rows ahead before the trust gate, and how it has erred there lately. Arrays run over the horizons. */
export interface Explanation {
  readonly ids: readonly string[];
  readonly paths: readonly Float64Array[];
  readonly points: Float64Array;
  /** By level: how far the paths that it forecasts lie from its own mean ones. */
  readonly offsets: readonly Float64Array[];
  readonly errors: { readonly ensemble: Float64Array; readonly seasonalNaive: Float64Array; readonly now: Float64Array };
  readonly isTrusted: readonly boolean[];
  /** No path goes below it; −Infinity where none is asked for. */
  readonly floor: number;
}

/** An ensemble that follows its series: each row teaches the members, the weights and the intervals. */
export class RunningEnsemble implements OnlineForecaster {
  readonly id: string;
  private readonly saved: Omit<SavedEnsemble, "levelShift" | "hourSpread" | "window" | "members" | "trackers" | "range">;
  private readonly levelShift: LevelShift;
  private readonly hourSpread: HourSpread;
  private readonly windows: Windows;
  private readonly members: readonly SeatedMember[];
  private readonly baselines: readonly SeatedMember[];
  private trackers: readonly HorizonTracker[];
  private readonly weights: readonly Float64Array[];
  private readonly table: KnotTable;
  private readonly combination: Combination;
  private readonly digest: string;
  /** Rows from the epoch to the fit's first row: trackers count from there, so that they outlive a fit. */
  private readonly firstRow: number;
  private least: number;
  private most: number;

  constructor(saved: SavedEnsemble, digest: string) {
    const { levelShift, hourSpread, window, members, trackers, range, ...rest } = saved;
    this.saved = rest;
    this.id = saved.model;
    this.digest = digest;
    this.levelShift = new LevelShift(saved.shape.day, saved.shape.week, levelShift);
    this.hourSpread = new HourSpread(saved.shape.day, hourSpread);
    this.windows = openWindows(saved.units, RowWindow.restore(window));
    this.members = members.map(({ id, state }) => new SeatedMember(id, saved.shape, { state }));
    this.baselines = BASELINES.map((id) => new SeatedMember(id, saved.shape));
    this.trackers = saved.knots.map((knot, i) => new HorizonTracker(trackerShape(knot, members.length, saved.shape), trackers[i]));
    this.weights = this.trackers.map((tracker) => weightsFromErrors(tracker.errors.subarray(0, members.length), new Float64Array(members.length)));
    this.combination = new Combination(members.length);
    this.firstRow = Math.round(saved.startSeconds / saved.stepSeconds);
    this.table = interpolateKnots(saved.knots, saved.shape.horizon);
    [this.least, this.most] = range;
  }

  observe(value: number): void {
    const known = Number.isFinite(value);
    const row = this.firstRow + this.windows.raw.count;
    const scatter = this.hourSpread.ratio(this.windows.raw.count);
    for (const tracker of this.trackers) tracker.mature(row, known ? value : NaN, scatter);
    this.weigh();
    if (known) {
      this.least = Math.min(this.least, value);
      this.most = Math.max(this.most, value);
    }
    this.push(known ? value : this.expectedValue());
    this.issue(row);
  }

  forecast(horizons: readonly number[], levels: readonly number[]): Forecast {
    const ascending = [...levels].sort((a, b) => a - b);
    const places = this.placesOf(horizons);
    const points = this.points(horizons, places).given;
    const quantiles = this.quantiles(horizons, places, ascending, points);
    const { startSeconds, stepSeconds } = this.saved;
    return {
      originSeconds: startSeconds + (this.windows.raw.count - 1) * stepSeconds,
      horizonsSeconds: horizons.map((k) => k * stepSeconds),
      mean: points,
      levels: ascending,
      quantiles,
      model: { id: this.id, digest: this.digest, weights: this.shares(), relativeError: this.relativeError(), note: this.note() },
    };
  }

  save(): SavedEnsemble {
    const { model, version, startSeconds, stepSeconds, shape, units, floor, knots, note } = this.saved;
    return {
      model, version, startSeconds, stepSeconds, shape, units, floor, knots, note,
      range: [this.least, this.most],
      levelShift: this.levelShift.save(),
      hourSpread: this.hourSpread.save(),
      window: this.windows.raw.save(),
      members: this.members.map((member) => ({ id: member.id, state: member.save() })),
      trackers: this.trackers.map((tracker) => tracker.save()),
    };
  }

  /** Keeps what an earlier fit's model has learned of its errors; call it when this one has seen the same rows. */
  adopt(earlier: unknown): void {
    const { knots, trackers, members } = plainEnsemble(earlier);
    const columns = this.members.map(({ id }) => members.findIndex((member) => member.id === id));
    this.trackers = this.trackers.map((tracker) => {
      const index = knots.indexOf(tracker.shape.horizon);
      return index < 0 ? tracker : tracker.succeed(trackers[index]!, columns, members.length);
    });
    this.weigh();
  }

  verdicts(): readonly HorizonVerdict[] {
    return this.trackers.map((tracker) => {
      const horizonRows = tracker.shape.horizon;
      return { horizonRows, trusted: tracker.trusted, reason: trustReason(tracker.trusted, tracker.rivalErrors(), horizonRows) };
    });
  }

  /** What stands behind a forecast of the given horizons, at ascending levels. */
  explain(horizons: readonly number[], levels: readonly number[]): Explanation {
    const members = this.members.length;
    const places = this.placesOf(horizons);
    const { near, far, share } = places;
    const { given, rivals } = this.points(horizons, places);
    const errorsOf = (column: number): Float64Array =>
      Float64Array.from(horizons, (_, i) => {
        const low = this.trackers[near[i]!]!.errors[column]!;
        return low + share[i]! * (this.trackers[far[i]!]!.errors[column]! - low);
      });
    return {
      ids: this.members.map(({ id }) => id),
      paths: rivals.slice(0, members),
      points: rivals[members]!,
      offsets: this.quantiles(horizons, places, levels, given).map((path) => path.map((value, i) => value - given[i]!)),
      errors: { ensemble: errorsOf(members), seasonalNaive: errorsOf(members + 1), now: errorsOf(members + 2) },
      isTrusted: horizons.map((_, i) => this.trackers[near[i]!]!.trusted === "ensemble"),
      floor: this.saved.floor ?? -Infinity,
    };
  }

  private weigh(): void {
    for (const [index, tracker] of this.trackers.entries()) weightsFromErrors(tracker.errors.subarray(0, this.members.length), this.weights[index]!);
  }

  private push(value: number): void {
    pushValue(this.windows, this.saved.units, value);
    for (const member of this.members) member.observe(this.windows);
    this.hourSpread.observe(this.windows.raw);
    const shift = this.levelShift.observe(this.windows.log ?? this.windows.raw);
    if (shift === undefined) return;
    moveLevel(shift, this.windows, this.saved.units, this.members);
    this.widenRange(shift);
  }

  /** The bounds make room for the whole rhythm at the new level. */
  private widenRange({ size }: Shift): void {
    const { raw, log } = this.saved.units;
    const moved = (value: number): number => (log === undefined ? value + size * raw.scale : Math.exp(size * log.scale) * (value + log.offset) - log.offset);
    this.least = Math.min(this.least, Math.max(moved(this.least), this.saved.floor ?? -Infinity));
    this.most = Math.max(this.most, moved(this.most));
  }

  /** What stands in for a gap: the forecast for its row. */
  private expectedValue(): number {
    return this.points([1]).given[0]!;
  }

  private issue(row: number): void {
    const due = this.trackers.filter((tracker) => tracker.isDue(row));
    if (due.length === 0) return;
    const { given, rivals } = this.points(due.map((tracker) => tracker.shape.horizon));
    const unrest = this.hourSpread.unrest();
    due.forEach((tracker, i) => {
      const scatter = this.hourSpread.ratio(this.windows.raw.count - 1 + tracker.shape.horizon);
      tracker.issue(row, { point: given[i]!, rivals: Float64Array.from(rivals, (path) => path[i]!), scatter, unrest });
    });
  }

  /** The paths of all rivals, and what the trust gate gives out of them. */
  private points(horizons: readonly number[], places = this.placesOf(horizons)): { readonly given: Float64Array; readonly rivals: readonly Float64Array[] } {
    const members = this.paths(this.members, horizons);
    const ensemble = this.combine(places, members);
    const [seasonalNaive, now] = this.paths(this.baselines, horizons) as [Float64Array, Float64Array];
    const rivals = [...members, ensemble, seasonalNaive, now];
    if (this.trackers.every(({ trusted }) => trusted === "ensemble")) return { given: ensemble, rivals };
    const trusted: Record<Trusted, Float64Array> = { ensemble, "seasonal-naive": seasonalNaive, now };
    // The knots around a horizon trust the same rival.
    return { given: ensemble.map((_, i) => trusted[this.trackers[places.near[i]!]!.trusted][i]!), rivals };
  }

  private paths(members: readonly SeatedMember[], horizons: readonly number[]): Float64Array[] {
    const bounds = boundsOf([this.least, this.most], this.saved.floor);
    return members.map((member) => {
      const path = new Float64Array(horizons.length);
      member.forecastAt(this.windows, this.saved.units, horizons, bounds, path);
      return path;
    });
  }

  private combine({ near, far, share }: Places, paths: readonly Float64Array[]): Float64Array {
    const points = new Float64Array(near.length);
    for (let i = 0; i < points.length; i++) {
      points[i] = this.combination.at(i, paths, { near: this.weights[near[i]!]!, far: this.weights[far[i]!]!, share: share[i]! });
    }
    return points;
  }

  /** The paths of ascending levels around the points. */
  private quantiles(horizons: readonly number[], { near, far, share }: Places, levels: readonly number[], points: Float64Array): Float64Array[] {
    const out = levels.map(() => new Float64Array(horizons.length));
    const unrest = this.hourSpread.unrest();
    const offsets = this.trackers.map((tracker) => Float64Array.from(levels, (level) => tracker.offset(level, unrest)));
    for (let i = 0; i < horizons.length; i++) {
      const low = offsets[near[i]!]!;
      const high = offsets[far[i]!]!;
      const scatter = this.hourSpread.ratio(this.windows.raw.count - 1 + horizons[i]!);
      let least = this.saved.floor ?? -Infinity;
      for (let q = 0; q < levels.length; q++) {
        least = Math.max(least, points[i]! + scatter * (low[q]! + share[i]! * (high[q]! - low[q]!)));
        out[q]![i] = least;
      }
    }
    return out;
  }

  /** The knots around each horizon. Where they trust different rivals, whose residuals do not mix, the nearer one stands for both. */
  private placesOf(horizons: readonly number[]): Places {
    const count = horizons.length;
    const places: Places = { near: new Int32Array(count), far: new Int32Array(count), share: new Float64Array(count) };
    for (let i = 0; i < count; i++) {
      const place = Math.min(horizons[i]!, this.table.lower.length) - 1;
      let near = this.table.lower[place]!;
      let far = Math.min(near + 1, this.trackers.length - 1);
      let share = this.table.share[place]!;
      if (this.trackers[near]!.trusted !== this.trackers[far]!.trusted) {
        if (share < 0.5) far = near;
        else near = far;
        share = 0;
      }
      places.near[i] = near;
      places.far[i] = far;
      places.share[i] = share;
    }
    return places;
  }

  private shares(): Record<string, number> {
    return Object.fromEntries(this.members.map((member, j) => [member.id, this.weights[0]![j]!]));
  }

  private relativeError(): number {
    const { ensemble, seasonalNaive } = this.trackers[0]!.rivalErrors();
    return seasonalNaive > 0 ? ensemble / seasonalNaive : NaN;
  }

  /** The fit's note, and each horizon at which the trust gate has demoted the ensemble. */
  private note(): string {
    const reasons = this.trackers.map((tracker) => trustReason(tracker.trusted, tracker.rivalErrors(), tracker.shape.horizon));
    return [this.saved.note, ...reasons].filter((text) => text !== "").join("; ");
  }
}

/** The ensemble within what a forecaster around one has saved: a history may have grown into, or out of, what that needs. */
function plainEnsemble(saved: unknown): SavedEnsemble {
  return typeof saved === "object" && saved !== null && "inner" in saved ? plainEnsemble(saved.inner) : (saved as SavedEnsemble);
}
