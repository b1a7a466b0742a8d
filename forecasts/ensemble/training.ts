import { HourSpread } from "../intervals/hour-spread.ts";
import { LevelShift } from "../level-shift.ts";
import type { Shape, TrainingRows } from "../models/member.ts";
import { geometricKnots } from "../numeric/horizon-knots.ts";
import { RowWindow } from "../numeric/row-window.ts";
import { logUnit, rawUnit, toUnit } from "../numeric/unit.ts";
import type { PreparedSeries } from "../preparation.ts";
import { BASELINES, boundsOf, MEMBERS, openWindows, pushValue, SeatedMember, type Bounds, type Units, type Windows } from "./members.ts";
import { firstTrackers, type RollingOrigins } from "./rolling-origins.ts";
import type { SavedEnsemble } from "./running-ensemble.ts";

/** Rolling origins that weigh the members before the first live forecast matures. */
const VALIDATION_ORIGINS = 30;
/** Short origins for each of them, and the rows that they reach at least. */
const SHORT_ORIGINS = 4;
const SHORT_REACH = 4;
/** The newest origins' reaches grow by this ratio; each stands over so many times its reach. */
const NEWEST_REACH_RATIO = 4;
const NEWEST_SPAN = 12;
const MAX_VALIDATION_SHARE = 0.33;
/** Weights and residuals are kept at horizons that grow by this ratio. */
const KNOT_RATIO = 2;
/** … and at each of the first rows, where a load that alternates is not forecast alike at odd and even rows. */
const DENSE_KNOTS = 4;

/**
 * Trains the members in one pass: they learn from the rows before the validation, are scored from rolling origins within it
 * as they run on, and then learn from all rows.
 */
export class EnsembleTraining {
  private readonly prepared: PreparedSeries;
  private readonly shape: Shape;
  private readonly units: Units;
  private readonly windows: Windows;
  private readonly rows: { readonly raw: TrainingRows; readonly log: TrainingRows | undefined };
  private readonly members: readonly SeatedMember[];
  private readonly baselines: readonly SeatedMember[];
  private readonly levelShift: LevelShift;
  private readonly hourSpread: HourSpread;
  private readonly bounds: Bounds;
  private readonly range: readonly [least: number, most: number];
  private readonly floor: number | null;
  /** Rows before the validation. */
  private readonly split: number;

  constructor(prepared: PreparedSeries, shape: Shape, memberIds: readonly string[], allowNegative: boolean) {
    this.prepared = prepared;
    this.shape = shape;
    const { values, known } = prepared;
    this.range = rangeOf(values);
    this.floor = this.range[0] >= 0 && !allowNegative ? 0 : null;
    this.bounds = boundsOf(this.range, this.floor);
    this.units = { raw: rawUnit(values), log: this.range[0] >= 0 ? logUnit(values) : undefined };
    const capacity = Math.max(2, 2 * shape.day, shape.week) + Math.max(8, Math.round(shape.day / 96) + 1);
    this.windows = openWindows(this.units, new RowWindow(capacity));
    const { raw, log } = this.units;
    this.rows = {
      raw: { values: values.map((value) => toUnit(raw, value)), known },
      log: log && { values: values.map((value) => toUnit(log, value)), known },
    };
    this.levelShift = new LevelShift(shape.day, shape.week);
    this.hourSpread = new HourSpread(shape.day);
    this.split = validationStart(shape);
    this.members = this.seatMembers(memberIds);
    this.baselines = BASELINES.map((id) => new SeatedMember(id, shape));
  }

  run(model: string, note: string): SavedEnsemble {
    const rolling = this.rollForward();
    const trackers = firstTrackers(rolling, this.prepared, geometricKnots(this.shape.horizon, KNOT_RATIO, DENSE_KNOTS), this.shape);
    this.solve(this.shape.rows);
    const { startSeconds, stepSeconds } = this.prepared;
    const { shape, units, floor, range } = this;
    return {
      model, version: 1, startSeconds, stepSeconds, shape, units, floor,
      knots: trackers.map((tracker) => tracker.shape.horizon),
      note,
      range,
      levelShift: this.levelShift.save(),
      hourSpread: this.hourSpread.save(),
      window: this.windows.raw.save(),
      members: this.members.map((member) => ({ id: member.id, state: member.save() })),
      trackers: trackers.map((tracker) => tracker.save()),
    };
  }

  private seatMembers(memberIds: readonly string[]): SeatedMember[] {
    const seated = memberIds.filter((id) => {
      const { kind, unit } = MEMBERS[id]!;
      const rows = this.rows[unit];
      return rows !== undefined && kind.minimumRows(this.shape) <= this.split && (kind.suits?.(this.shape, rows, this.split) ?? true);
    });
    return (seated.length > 0 ? seated : ["seasonal-naive-day"]).map((id) => new SeatedMember(id, this.shape));
  }

  /** Shows the members all rows; they are solved at the split and forecast the whole horizon from each origin after it. */
  private rollForward(): RollingOrigins {
    const { rows, horizon } = this.shape;
    const origins = validationOrigins(this.split, this.shape);
    const horizons = Array.from({ length: horizon }, (_, k) => k + 1);
    const rivals = [...this.members, ...this.baselines];
    const paths = rivals.map(() => origins.map(({ reach }) => new Float64Array(reach)));
    const scatter = origins.map(({ reach }) => new Float64Array(reach));
    const unrest = new Float64Array(origins.length);
    let next = 0;
    for (let row = 0; row < rows; row++) {
      this.push(row);
      const count = row + 1;
      if (count === this.split) this.solve(count);
      const origin = origins[next];
      if (origin?.rows !== count) continue;
      const ahead = horizons.slice(0, origin.reach);
      for (const [j, member] of rivals.entries()) member.forecastAt(this.windows, this.units, ahead, this.bounds, paths[j]![next]!);
      for (let k = 0; k < origin.reach; k++) scatter[next]![k] = this.hourSpread.ratio(count + k);
      unrest[next] = this.hourSpread.unrest();
      next++;
    }
    const members = this.members.length;
    return { origins: origins.map(({ rows: seen }) => seen), scatter, unrest, spread: origins.map(({ isSpread }) => isSpread), paths: paths.slice(0, members), baselines: paths.slice(members) };
  }

  private push(row: number): void {
    pushValue(this.windows, this.units, this.prepared.values[row]!);
    for (const member of this.members) member.observe(this.windows);
    this.hourSpread.observe(this.windows.raw);
    // A fit has the rows before a shift and those after it, and learns from both: only a running model is reset.
    this.levelShift.observe(this.windows.log ?? this.windows.raw);
  }

  private solve(end: number): void {
    for (const member of this.members) member.solve(member.unitKind === "log" ? this.rows.log! : this.rows.raw, end);
  }
}

function rangeOf(values: Float64Array): readonly [number, number] {
  let least = Infinity;
  let most = -Infinity;
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return [least, most];
}

/** Where the validation begins: its rows hold the horizon and half of it again, or a long season, but at most a third of all. */
function validationStart({ rows, day, week, horizon }: Shape): number {
  const wanted = Math.max(horizon + Math.round(horizon / 2), Math.min(week > 0 ? week : 3 * day, rows));
  return rows - Math.min(Math.floor(rows * MAX_VALIDATION_SHARE), wanted);
}

/** Rows seen at an origin, and the horizon that is forecast from there. */
interface Origin {
  readonly rows: number;
  readonly reach: number;
  /** One of those that are spread evenly, which the residuals and the gate's errors are taken from. */
  readonly isSpread: boolean;
}

function validationOrigins(split: number, shape: Shape): Origin[] {
  const origins = new Map<number, Origin>();
  for (const origin of spreadOrigins(split, shape)) origins.set(origin.rows, origin);
  for (const { rows, reach } of newestOrigins(split, shape)) {
    const before = origins.get(rows);
    if (before === undefined || before.reach < reach) origins.set(rows, { rows, reach, isSpread: before?.isSpread ?? false });
  }
  return [...origins.values()].sort((a, b) => a.rows - b.rows);
}

/**
 * Evenly spread, the last one a horizon before the end; where the history is too short for that, as many as fit, scored in part.
 * Between two of them stand others that reach the first rows only, where few origins tell little and a forecast costs nothing.
 */
function spreadOrigins(split: number, { rows, horizon, day }: Shape): Origin[] {
  const last = Math.max(rows - horizon, split + Math.floor((rows - split) / 2));
  const stride = Math.max(1, Math.floor((last - split) / (VALIDATION_ORIGINS - 1)));
  const shortReach = Math.min(horizon, Math.max(SHORT_REACH, Math.round(day / 24)));
  const shortStride = Math.max(1, Math.floor(stride / SHORT_ORIGINS));
  const origins: Origin[] = [];
  for (let back = 0; last - back >= split; back++) {
    const isFull = back % stride === 0;
    if (last - back < rows && (isFull || back % shortStride === 0)) origins.push({ rows: last - back, reach: isFull ? horizon : shortReach, isSpread: true });
  }
  return origins;
}

/** Dense before the end, where they tell which member is right at present: the fewer rows they reach the denser. */
function newestOrigins(split: number, { rows, horizon }: Shape): Pick<Origin, "rows" | "reach">[] {
  const origins: Pick<Origin, "rows" | "reach">[] = [];
  for (let reach = SHORT_REACH; ; reach *= NEWEST_REACH_RATIO) {
    const span = Math.min(horizon, rows - split - 1, NEWEST_SPAN * reach);
    const stride = Math.max(1, Math.floor(reach / 5));
    for (let back = 1; back <= span; back += stride) origins.push({ rows: rows - back, reach: Math.min(back, reach, horizon) });
    if (reach >= horizon) return origins;
  }
}
