/** Levels whose coverage is controlled; a level between two of them is corrected by what lies between their corrections. */
export const CONTROLLED_LEVELS: readonly number[] = [0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99];

const GAIN = 0.005;
/** Where outcomes come late the same miss is answered many times before the answer shows. */
const LATE_GAIN = 0.004;

/**
 * Adaptive conformal inference (Gibbs and Candès 2021, eq. 2) for each controlled level at one horizon: after each matured
 * forecast the level that is asked of the residuals rises when the value lay above the path, and falls when it lay below.
 */
export class AdaptiveLevels {
  readonly shifts: Float64Array;
  private readonly gain: number;

  constructor(isLate = false, shifts: readonly number[] = CONTROLLED_LEVELS.map(() => 0)) {
    this.shifts = Float64Array.from(shifts);
    this.gain = isLate ? LATE_GAIN : GAIN;
  }

  /** `covered` is 1 where the value lay at or below the path of the controlled level `index`, else 0. */
  learn(index: number, covered: number): void {
    const level = CONTROLLED_LEVELS[index]!;
    const shifted = this.shifts[index]! + this.gain * (level - covered);
    this.shifts[index] = Math.max(-0.01 - level, Math.min(1.01 - level, shifted));
  }

  /** The level to ask of the residuals so that `level` is covered. */
  adjust(level: number): number {
    const last = CONTROLLED_LEVELS.length - 1;
    let upper = 0;
    while (upper <= last && CONTROLLED_LEVELS[upper]! < level) upper++;
    if (upper > last) return level + this.shifts[last]! * ((1 - level) / (1 - CONTROLLED_LEVELS[last]!));
    if (upper === 0) return level + this.shifts[0]! * (level / CONTROLLED_LEVELS[0]!);
    const from = CONTROLLED_LEVELS[upper - 1]!;
    const share = (level - from) / (CONTROLLED_LEVELS[upper]! - from);
    return level + (1 - share) * this.shifts[upper - 1]! + share * this.shifts[upper]!;
  }
}
