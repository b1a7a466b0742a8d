import { ARX_RIDGE } from "../models/arx-ridge.ts";
import { CALENDAR_BURSTS } from "../models/calendar-bursts.ts";
import { DOUBLE_SEASONAL_SMOOTHING } from "../models/double-seasonal-smoothing.ts";
import type { Shift } from "../level-shift.ts";
import type { Member, MemberKind, Shape, TrainingRows } from "../models/member.ts";
import { PROFILE_CORRECTION } from "../models/profile-correction.ts";
import { LAST_VALUE, SEASONAL_NAIVE_DAY, SEASONAL_NAIVE_WEEK } from "../models/seasonal-naive.ts";
import type { RowWindow } from "../numeric/row-window.ts";
import { fromUnit, toUnit, type Unit } from "../numeric/unit.ts";

/** A kind of member in one unit; the id of one on the log scale ends in "-log". */
export interface MemberChoice {
  readonly kind: MemberKind;
  readonly unit: "raw" | "log";
}

export const MEMBERS: Readonly<Record<string, MemberChoice>> = Object.fromEntries(
  [
    ...[SEASONAL_NAIVE_DAY, SEASONAL_NAIVE_WEEK, CALENDAR_BURSTS].map((kind): MemberChoice => ({ kind, unit: "raw" })),
    ...[PROFILE_CORRECTION, DOUBLE_SEASONAL_SMOOTHING, ARX_RIDGE].flatMap((kind): MemberChoice[] => [
      { kind, unit: "raw" },
      { kind, unit: "log" },
    ]),
  ].map((choice) => [choice.unit === "log" ? `${choice.kind.id}-log` : choice.kind.id, choice]),
);

/** The trust gate's rivals: never weighed, always scored. */
export const BASELINES = ["seasonal-naive-day", "last-value"] as const;

/** A member at work, its forecasts turned into the raw unit and kept within bounds. */
export class SeatedMember {
  readonly id: string;
  readonly unitKind: "raw" | "log";
  private readonly member: Member;

  constructor(id: string, shape: Shape, saved?: { readonly state: unknown }) {
    const choice = id === LAST_VALUE.id ? { kind: LAST_VALUE, unit: "raw" as const } : MEMBERS[id];
    if (choice === undefined) throw new Error(`no member is called "${id}"`);
    this.id = id;
    this.unitKind = choice.unit;
    this.member = saved === undefined ? choice.kind.create(shape) : choice.kind.restore(shape, saved.state);
  }

  observe(windows: Windows): void {
    this.member.observe(this.windowOf(windows));
  }

  solve(rows: TrainingRows, end: number): void {
    this.member.solve(rows, end);
  }

  /** Forecasts in the series' values, within [low, high]. */
  forecastAt(windows: Windows, units: Units, horizons: readonly number[], bounds: Bounds, out: Float64Array): void {
    this.member.forecastAt(this.windowOf(windows), horizons, out);
    const unit = this.unitKind === "log" ? units.log! : units.raw;
    for (let i = 0; i < horizons.length; i++) {
      const value = fromUnit(unit, out[i]!);
      out[i] = Math.max(bounds.low, Math.min(bounds.high, value));
    }
  }

  moveLevel(windows: Windows, slope: number, offset: number): void {
    this.member.moveLevel(this.windowOf(windows), slope, offset);
  }

  save(): unknown {
    return this.member.save();
  }

  private windowOf(windows: Windows): RowWindow {
    return this.unitKind === "log" ? windows.log! : windows.raw;
  }
}

/**
 * Moves the windows and the members to a new level. The shift is in the unit of the log window where there is one (a factor on the
 * values and their offset), else of the raw one.
 */
export function moveLevel({ size, rows }: Shift, windows: Windows, units: Units, members: readonly SeatedMember[]): void {
  const { raw, log } = units;
  const factor = log === undefined ? 1 : Math.exp(size * log.scale);
  const constant = log === undefined ? size : (factor * (raw.center + log.offset) - log.offset - raw.center) / raw.scale;
  windows.raw.transformBefore(rows, (u) => factor * u + constant);
  if (log !== undefined) windows.log?.copyFrom(windows.raw, (u) => toUnit(log, fromUnit(raw, u)));
  for (const member of members) {
    if (member.unitKind === "raw") member.moveLevel(windows, factor, constant);
    else member.moveLevel(windows, 1, size);
  }
}

/** The log twin is there for series without negative values only. */
export interface Windows {
  readonly raw: RowWindow;
  readonly log: RowWindow | undefined;
}

/** The windows over what a saved raw window holds: its log twin follows from it, and needs no room of its own in a state. */
export function openWindows(units: Units, raw: RowWindow): Windows {
  if (units.log === undefined) return { raw, log: undefined };
  const { raw: plain, log } = units;
  return { raw, log: raw.map((u) => toUnit(log, fromUnit(plain, u))) };
}

/** Adds the newest value; the log twin gets what the raw window can tell of it. */
export function pushValue({ raw, log }: Windows, units: Units, value: number): void {
  const u = Math.fround(toUnit(units.raw, value));
  raw.push(u);
  if (log !== undefined && units.log !== undefined) log.push(toUnit(units.log, fromUnit(units.raw, u)));
}

export interface Units {
  readonly raw: Unit;
  readonly log: Unit | undefined;
}

/** Where a member's forecasts are kept: the range of the values seen, with room above and below. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** A quarter of the range below and 0.35 of it above what was seen, and never under the floor. */
export function boundsOf([least, most]: readonly [least: number, most: number], floor: number | null): Bounds {
  const range = most - least;
  return { low: Math.max(floor ?? -Infinity, least - 0.25 * range), high: most + 0.35 * range };
}
