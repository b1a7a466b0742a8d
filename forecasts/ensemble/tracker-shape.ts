import type { Shape } from "../models/member.ts";
import type { TrackerShape } from "./horizon-tracker.ts";

/** Rows over which a matured error counts half, in days. */
const ERROR_HALF_LIFE_DAYS = 3;
/** … and for the members' weights: which one is right changes within hours, and a forecast of many rows is scored late. */
const MEMBER_HALF_LIFE_ROWS = 24;
const MEMBER_HALF_LIFE_HORIZONS = 0.5;
/** Residuals kept a horizon. */
const RESIDUAL_CAPACITY = 256;
/** … and at a late one, a little less than a week's. */
const LATE_RESIDUAL_CAPACITY = 224;
/** Horizons from this share of a day on learn of their misses late (decision 0141). */
const LATE_SHARE = 0.2;
/** Horizons beyond this share of a day are tracked once in so many rows. */
const TRACKED_PER_DAY = 40;

/** How a horizon is tracked by an ensemble of so many members. */
export function trackerShape(horizon: number, members: number, shape: Shape): TrackerShape {
  const isLate = horizon >= LATE_SHARE * shape.day;
  const wanted = Math.max(1, Math.min(Math.floor(horizon / 6), Math.floor(shape.day / TRACKED_PER_DAY)));
  return {
    horizon,
    stride: coprimeBelow(wanted, shape.day),
    members,
    halfLifeRows: ERROR_HALF_LIFE_DAYS * Math.max(shape.day, 24),
    memberHalfLifeRows: MEMBER_HALF_LIFE_ROWS + MEMBER_HALF_LIFE_HORIZONS * horizon,
    residualCapacity: isLate ? LATE_RESIDUAL_CAPACITY : RESIDUAL_CAPACITY,
    isLate,
  };
}

/** The largest stride up to `wanted` that visits every time of the day: jobs at fixed minutes would hide from another one. */
function coprimeBelow(wanted: number, day: number): number {
  let stride = wanted;
  while (greatestCommonDivisor(stride, day) > 1) stride--;
  return stride;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
