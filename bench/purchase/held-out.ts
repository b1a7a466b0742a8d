import { FIRST_HALF, SECOND_HALF, scoreDemand } from "./demand-drive.ts";
import type { DemandScore, DemandSetting, Part } from "./demand-drive.ts";
import { driveSpot } from "./spot-drive.ts";
import { clairvoyantCost } from "./spot-oracle.ts";
import type { SpotTrace } from "./spot-trace.ts";
import type { SpotWorldOptions } from "./spot-world.ts";

/** What stands where a policy says nothing. */
const DEFAULT_FACTOR = 36;
/** What a spare is weighed with, from few spares to many. */
const FACTORS = [18, 24, 30, 36, 50, 75] as const;
const DEMAND_FACTORS = [DEFAULT_FACTOR, 500, 1500, 6000, 50_000] as const;

export function partOf(trace: SpotTrace, { from, to }: Part): SpotTrace {
  const ticks = trace.capacity[0]?.length ?? 0;
  return { ...trace, capacity: trace.capacity.map((zone) => zone.slice(Math.floor(from * ticks), Math.floor(to * ticks))) };
}

export interface HalfScore {
  readonly saving: number;
  readonly timeAtNeed: number;
  readonly capacityWeighted: number;
}

export function scoreHalf(trace: SpotTrace, options: SpotWorldOptions, shortfallFactor?: number): HalfScore {
  const score = driveSpot(trace, options, shortfallFactor);
  const clairvoyant = clairvoyantCost(trace, options.replicas, options.startSeconds, options.spotPrice);
  return { saving: (1 - score.cost) / (1 - clairvoyant), timeAtNeed: score.timeAtNeed, capacityWeighted: score.capacityWeighted };
}

/** The factor that saves most on the first half of a trace among those that keep the row's times there (the highest where none does), and what it then does on the second half. */
export function heldOutSpot(trace: SpotTrace, options: SpotWorldOptions, least: { readonly time: number; readonly weighted: number }): { readonly factor: number; readonly chosenOn: HalfScore; readonly scoredOn: HalfScore } {
  const [first, second] = [partOf(trace, FIRST_HALF), partOf(trace, SECOND_HALF)];
  const tried = FACTORS.map((factor) => ({ factor, chosenOn: scoreHalf(first, options, factor) }));
  const kept = tried.filter(({ chosenOn }) => chosenOn.timeAtNeed >= least.time && chosenOn.capacityWeighted >= least.weighted);
  const best = kept.toSorted((a, b) => b.chosenOn.saving - a.chosenOn.saving)[0] ?? tried.at(-1);
  if (best === undefined) throw new Error("nothing was tried");
  return { ...best, scoredOn: scoreHalf(second, options, best.factor) };
}

/** The same for a load over a spot trace: the cheapest factor that is no worse than on demand on the first half, else the highest. */
export function heldOutDemand(load: string, trace: SpotTrace, setting: DemandSetting): { readonly factor: number; readonly scoredOn: DemandScore; readonly byDefault: DemandScore } {
  const tried = DEMAND_FACTORS.map((factor) => ({ factor, score: scoreDemand(load, trace, { ...setting, shortfallFactor: factor, part: FIRST_HALF }) }));
  const factor = (tried.filter(({ score }) => noWorse(score)).toSorted((a, b) => a.score.billShare - b.score.billShare)[0] ?? tried.at(-1))?.factor ?? DEFAULT_FACTOR;
  const scoreOn = (shortfallFactor: number): DemandScore => scoreDemand(load, trace, { ...setting, shortfallFactor, part: SECOND_HALF });
  const byDefault = scoreOn(DEFAULT_FACTOR);
  return { factor, scoredOn: factor === DEFAULT_FACTOR ? byDefault : scoreOn(factor), byDefault };
}

/** Within 0.005 points of time. */
export function noWorse({ spot, onDemand }: DemandScore): boolean {
  return spot.shortShare <= onDemand.shortShare + 5e-5;
}
