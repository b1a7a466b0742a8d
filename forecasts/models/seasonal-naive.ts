import type { RowWindow } from "../numeric/row-window.ts";
import type { Member, MemberKind, Shape } from "./member.ts";

/** Repeats the last season: ŷ(t+k) = y(t+k−m⌈k/m⌉) (Hyndman and Athanasopoulos, Forecasting: Principles and Practice, §5.2). */
export const SEASONAL_NAIVE_DAY: MemberKind = seasonalNaive("seasonal-naive-day", (shape) => shape.day);
export const SEASONAL_NAIVE_WEEK: MemberKind = seasonalNaive("seasonal-naive-week", (shape) => shape.week);

/** Holds the newest value: what a reactive autoscaler believes. */
export const LAST_VALUE: MemberKind = seasonalNaive("last-value", () => 1);

function seasonalNaive(id: string, seasonOf: (shape: Shape) => number): MemberKind {
  const create = (shape: Shape): Member => new SeasonalNaive(seasonOf(shape));
  return {
    id,
    minimumRows: (shape) => (seasonOf(shape) > 0 ? seasonOf(shape) : Infinity),
    create,
    restore: create,
  };
}

class SeasonalNaive implements Member {
  private readonly season: number;

  constructor(season: number) {
    this.season = season;
  }

  observe(): void {
    // The window holds all that is needed.
  }

  solve(): void {
    // No parameters.
  }

  forecastAt(window: RowWindow, horizons: readonly number[], out: Float64Array): void {
    for (let i = 0; i < horizons.length; i++) out[i] = window.ago(this.season - ((horizons[i]! - 1) % this.season));
  }

  moveLevel(): void {
    // The window holds all that is needed.
  }

  save(): unknown {
    return null;
  }
}
