import { decodeFloats, encodeFloats } from "../numeric/encoding.ts";
import { FLEET_LEVELS } from "./fleet-features.ts";
import type { FleetRows } from "./fleet-rows.ts";

/** Rows ahead at which the two are compared. */
const HORIZONS = [1, 4, 12, 24, 48];
/** Places of the levels at which they are: .1, .5 and .9. */
const JUDGED = [0, 4, 8];
/** The correction's share before anything has matured; .5 to .75 were alike on held-back series (decision 0131). */
const FIRST_SHARE = 0.6;
/** A ratio of losses counts by this power, once so many forecasts (`FULL_EVIDENCE`) have matured. */
const POWER = 4;
const FULL_EVIDENCE = 48;
const HALF_LIFE_ROWS = 72;
const WIDTH = 2 * JUDGED.length;

export interface SavedTrial {
  /** Per horizon: matured forecasts, and the mean pinball losses of the ensemble and of the ensemble with the whole correction. */
  readonly scores: readonly (readonly [matured: number, own: number, corrected: number])[];
  /** Per horizon: the paths issued and not matured, by the row they are for. */
  readonly pending: readonly string[];
}

/** Compares an ensemble with its correction as their forecasts mature, and says how far to follow the correction. */
export class FleetTrial {
  private readonly scores: [matured: number, own: number, corrected: number][];
  private readonly pending: readonly Float32Array[];

  constructor(saved?: SavedTrial) {
    this.scores = HORIZONS.map((_, i) => [...(saved?.scores[i] ?? [0, 0, 0])]);
    this.pending = HORIZONS.map((horizon, i) => (saved === undefined ? new Float32Array(horizon * WIDTH).fill(NaN) : decodeFloats(saved.pending[i]!)));
  }

  /** How much of the correction to take at a horizon in rows. */
  share(horizon: number): number {
    const index = HORIZONS.findIndex((tracked) => tracked >= horizon);
    const [matured, own, corrected] = this.scores[index < 0 ? HORIZONS.length - 1 : index]!;
    const evidence = Math.min(1, matured / FULL_EVIDENCE);
    const odds = (FIRST_SHARE / (1 - FIRST_SHARE)) * (own > 0 && corrected > 0 ? (own / corrected) ** (POWER * evidence) : 1);
    return odds / (1 + odds);
  }

  /** Notes what was forecast when `count` rows were seen. */
  issue(count: number, rows: FleetRows, corrections: readonly Float64Array[]): void {
    for (const [i, horizon] of HORIZONS.entries()) {
      const place = horizon - 1;
      const at = ((count + place) % horizon) * WIDTH;
      for (const [j, level] of JUDGED.entries()) {
        const own = rows.points[place]! + rows.offsets[place]![level]!;
        this.pending[i]![at + j] = rows.units[place] === 0 ? NaN : own;
        this.pending[i]![at + JUDGED.length + j] = own + corrections[place]![level]!;
      }
    }
  }

  /** Scores what was forecast for the row of index `row`; a value that is not known (NaN) scores nothing. */
  mature(row: number, value: number): void {
    if (Number.isNaN(value)) return;
    for (const [i, horizon] of HORIZONS.entries()) {
      const issued = this.pending[i]!.subarray((row % horizon) * WIDTH, ((row % horizon) + 1) * WIDTH);
      if (Number.isNaN(issued[0]!)) continue;
      const score = this.scores[i]!;
      score[0]++;
      const rate = Math.max(1 - 0.5 ** (1 / HALF_LIFE_ROWS), 1 / score[0]);
      score[1] += rate * (loss(value, issued.subarray(0, JUDGED.length)) - score[1]);
      score[2] += rate * (loss(value, issued.subarray(JUDGED.length)) - score[2]);
    }
  }

  /** An earlier one's scores and open forecasts, whose rows have indices less by `shift`: a day's forecasts outlive a daily refit. */
  static succeed(earlier: SavedTrial, shift: number): FleetTrial {
    const moved = earlier.pending.map((text, i) => {
      const before = decodeFloats(text);
      const horizon = HORIZONS[i]!;
      const after = new Float32Array(before.length);
      for (let slot = 0; slot < horizon; slot++) {
        const to = (((slot + shift) % horizon) + horizon) % horizon;
        after.set(before.subarray(slot * WIDTH, (slot + 1) * WIDTH), to * WIDTH);
      }
      return encodeFloats(after);
    });
    return new FleetTrial({ scores: earlier.scores, pending: moved });
  }

  save(): SavedTrial {
    return { scores: this.scores.map(([matured, own, corrected]) => [matured, own, corrected] as const), pending: this.pending.map(encodeFloats) };
  }
}

function loss(value: number, paths: Float32Array): number {
  let sum = 0;
  for (const [j, place] of JUDGED.entries()) {
    const level = FLEET_LEVELS[place]!;
    const difference = value - paths[j]!;
    sum += Math.max(level * difference, (level - 1) * difference);
  }
  return sum;
}
