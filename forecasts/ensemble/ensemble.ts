import type { FitInput, FitResult, Forecaster } from "../forecaster.ts";
import type { Shape, TrainingRows } from "../models/member.ts";
import { geometricKnots, interpolateKnots } from "../numeric/horizon-knots.ts";
import { RowWindow } from "../numeric/row-window.ts";
import { logUnit, rawUnit, toUnit } from "../numeric/unit.ts";
import { prepareSeries, type PreparedSeries } from "../preparation.ts";
import { HorizonTracker } from "./horizon-tracker.ts";
import { boundsOf, MEMBERS, SeatedMember, type Bounds, type Units, type Windows } from "./members.ts";
import { RunningEnsemble, trackerShape, type SavedEnsemble } from "./running-ensemble.ts";
import { DEFAULT_WEIGHT_OPTIONS, weightsFromErrors } from "./weights.ts";

/** Rolling origins that weigh the members before the first live forecast matures. */
const VALIDATION_ORIGINS = 30;
const MAX_VALIDATION_SHARE = 0.33;
const KNOT_RATIO = 2;

/** An ensemble of the given members, weighed per horizon by rolling origins and then by their matured forecasts. */
export function createEnsemble(id: string, memberIds: readonly string[]): Forecaster {
  return {
    id,
    minimumRows: () => 2,
    fit: (input) => fitEnsemble(id, memberIds, input),
    resume: (fit) => new RunningEnsemble(fit as SavedEnsemble, digestOf(fit)),
  };
}

function fitEnsemble(id: string, memberIds: readonly string[], input: FitInput): FitResult {
  const prepared = prepareSeries(input);
  if (prepared === undefined || prepared.values.length < 2) return { ok: false, reason: "fewer than two values are known" };
  const { shape, note } = shapeOf(prepared.values.length, input);
  const training = new EnsembleTraining(prepared, shape, memberIds);
  return { ok: true, fit: training.run(id, note), note };
}

/** The seasons that the history holds at least twice (the day) and 2.2 times (the week). */
function shapeOf(rows: number, input: FitInput): { shape: Shape; note: string } {
  const [first = 1, second = 0] = [...input.seasons].sort((a, b) => a - b);
  const day = rows >= 2 * first + 2 ? first : 1;
  const week = day > 1 && second > 0 && rows >= 2.2 * second ? second : 0;
  const missing = day < first ? `${String(rows)} rows hold less than two seasons of ${String(first)}: no season is used` : "";
  return { shape: { rows, day, week, horizon: input.horizon }, note: missing };
}

class EnsembleTraining {
  private readonly prepared: PreparedSeries;
  private readonly shape: Shape;
  private readonly units: Units;
  private readonly windows: Windows;
  private readonly rows: { readonly raw: TrainingRows; readonly log: TrainingRows | undefined };
  private readonly members: SeatedMember[];
  private readonly bounds: Bounds;
  private readonly range: readonly [number, number];
  private readonly split: number;

  constructor(prepared: PreparedSeries, shape: Shape, memberIds: readonly string[]) {
    this.prepared = prepared;
    this.shape = shape;
    const { values, known } = prepared;
    this.range = values.reduce<[number, number]>(([least, most], v) => [Math.min(least, v), Math.max(most, v)], [Infinity, -Infinity]);
    this.bounds = boundsOf(...this.range);
    this.units = { raw: rawUnit(values), log: this.range[0] >= 0 ? logUnit(values) : undefined };
    const capacity = Math.max(2, 2 * shape.day, shape.week) + Math.max(8, Math.round(shape.day / 96) + 1);
    this.windows = { raw: new RowWindow(capacity), log: this.units.log && new RowWindow(capacity) };
    const { raw, log } = this.units;
    this.rows = {
      raw: { values: values.map((value) => toUnit(raw, value)), known },
      log: log && { values: values.map((value) => toUnit(log, value)), known },
    };
    this.split = validationStart(shape);
    this.members = this.seatMembers(memberIds);
  }

  run(model: string, note: string): SavedEnsemble {
    const origins = this.origins();
    const paths = this.members.map(() => origins.map(() => new Float64Array(this.shape.horizon)));
    const horizons = Array.from({ length: this.shape.horizon }, (_, k) => k + 1);
    let next = 0;
    for (let row = 0; row < this.shape.rows; row++) {
      this.push(row);
      const count = row + 1;
      if (count === this.split) this.solve(count);
      if (origins[next] === count) {
        for (const [j, member] of this.members.entries()) member.forecastAt(this.windows, this.units, horizons, this.bounds, paths[j]![next]!);
        next++;
      }
    }
    const trackers = this.scoreMembers(origins, paths);
    this.solve(this.shape.rows);
    return {
      model,
      version: 1,
      startSeconds: this.prepared.startSeconds,
      stepSeconds: this.prepared.stepSeconds,
      shape: this.shape,
      units: this.units,
      range: this.range,
      windows: { raw: this.windows.raw.save(), log: this.windows.log?.save() ?? null },
      members: this.members.map((member) => ({ id: member.id, state: member.save() })),
      knots: trackers.map((tracker) => tracker.shape.horizon),
      trackers: trackers.map((tracker) => tracker.save()),
      note,
    };
  }

  private seatMembers(memberIds: readonly string[]): SeatedMember[] {
    const seated = memberIds.filter((id) => {
      const { kind, unit } = MEMBERS[id]!;
      return kind.minimumRows(this.shape) <= this.split && (unit === "raw" || this.units.log !== undefined);
    });
    return (seated.length > 0 ? seated : ["seasonal-naive-day"]).map((id) => new SeatedMember(id, this.shape));
  }

  private origins(): number[] {
    const { rows, horizon } = this.shape;
    const last = rows - horizon;
    const origins: number[] = [];
    if (last < this.split) return origins;
    const stride = Math.max(1, Math.floor((last - this.split) / (VALIDATION_ORIGINS - 1)));
    for (let origin = last; origin >= this.split; origin -= stride) origins.unshift(origin);
    return origins;
  }

  private push(row: number): void {
    this.windows.raw.push(this.rows.raw.values[row]!);
    if (this.windows.log !== undefined) this.windows.log.push(this.rows.log!.values[row]!);
    for (const member of this.members) member.observe(this.windows);
  }

  private solve(end: number): void {
    for (const member of this.members) member.solve(member.unitKind === "log" ? this.rows.log! : this.rows.raw, end);
  }

  /** One tracker a knot: the members' errors over the horizons around it, and the residuals of what their weights make of them. */
  private scoreMembers(origins: readonly number[], paths: readonly (readonly Float64Array[])[]): HorizonTracker[] {
    const { horizon } = this.shape;
    const knots = geometricKnots(horizon, KNOT_RATIO);
    const { values, known } = this.prepared;
    const buckets = knots.map((knot, i) => bucketOf(knots, i, knot));
    const errors = buckets.map(([from, to]) =>
      Float64Array.from(paths, (byOrigin) => {
        let sum = 0;
        let count = 0;
        for (const [i, origin] of origins.entries()) {
          for (let k = from; k <= to; k++) {
            if (known[origin + k - 1] === 0) continue;
            sum += Math.abs(values[origin + k - 1]! - byOrigin[i]![k - 1]!);
            count++;
          }
        }
        return count > 0 ? sum / count : 0;
      }),
    );
    const weights = errors.map((row) => weightsFromErrors(row, DEFAULT_WEIGHT_OPTIONS, new Float64Array(paths.length)));
    const table = interpolateKnots(knots, horizon);
    return knots.map((knot, index) => {
      const tracker = new HorizonTracker(trackerShape(knot, paths.length, this.shape));
      tracker.errors.set(errors[index]!);
      const [from, to] = buckets[index]!;
      const total = origins.length * (to - from + 1);
      const skip = Math.max(1, Math.ceil(total / tracker.shape.residualCapacity));
      let seen = 0;
      for (const [i, origin] of origins.entries()) {
        for (let k = from; k <= to; k++) {
          if (seen++ % skip !== 0 || known[origin + k - 1] === 0) continue;
          const near = table.lower[k - 1]!;
          const share = table.share[k - 1]!;
          const low = weights[near]!;
          const high = weights[Math.min(near + 1, knots.length - 1)]!;
          let point = 0;
          for (let j = 0; j < paths.length; j++) point += (low[j]! + share * (high[j]! - low[j]!)) * paths[j]![i]![k - 1]!;
          tracker.residuals.add(values[origin + k - 1]! - point);
        }
      }
      return tracker;
    });
  }
}

/** Where the validation begins: its rows hold the horizon and half of it again, or a long season, but at most a third of all. */
function validationStart({ rows, day, week, horizon }: Shape): number {
  const wanted = Math.max(horizon + Math.round(horizon / 2), Math.min(week > 0 ? week : 3 * day, rows));
  return rows - Math.min(Math.floor(rows * MAX_VALIDATION_SHARE), wanted);
}

/** The horizons nearest to a knot on the log scale. */
function bucketOf(knots: readonly number[], index: number, knot: number): readonly [from: number, to: number] {
  const from = index === 0 ? 1 : Math.floor(Math.sqrt(knots[index - 1]! * knot)) + 1;
  const to = index === knots.length - 1 ? knot : Math.floor(Math.sqrt(knot * knots[index + 1]!));
  return [Math.min(from, knot), Math.max(to, knot)];
}

function digestOf(fit: unknown): string {
  return fit === null ? "" : "";
}
