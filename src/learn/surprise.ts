/** A load that left the band that was forecast for it: until when the bands are widened, and by how much at first. Plain data. */
export interface Surprise {
  readonly sinceSeconds: number;
  readonly untilSeconds: number;
  /** Factor on the scale of log(load) when it began; it goes back to 1 in a straight line. */
  readonly factor: number;
  /** How far the load was from what was expected, in scales. */
  readonly deviations: number;
}

/** So many scales from the median a load is no chance: with heavy tails about one row in a thousand. */
const SURPRISING = 5;
const LARGEST_FACTOR = 3;

export interface SurpriseSample {
  readonly load: number;
  /** What was said of this row a lead time ago: median and scale of log(load). */
  readonly expected: number;
  readonly scale: number;
  readonly timeSeconds: number;
  readonly leadTimeSeconds: number;
}

/** Sees a row beside its forecast. Only a rise widens the bands: a fall that nobody foresaw is held by a rule of its own. */
export function watchSurprise(before: Surprise | undefined, sample: SurpriseSample): Surprise | undefined {
  const { load, expected, scale, timeSeconds, leadTimeSeconds } = sample;
  const running = before !== undefined && timeSeconds < before.untilSeconds ? before : undefined;
  const deviations = Math.log(load / expected) / scale;
  if (!(deviations > SURPRISING) || !Number.isFinite(deviations)) return running;
  const factor = Math.min(LARGEST_FACTOR, deviations / SURPRISING);
  if (running !== undefined && widening(running, timeSeconds) > factor) return running;
  return { sinceSeconds: timeSeconds, untilSeconds: timeSeconds + leadTimeSeconds, factor, deviations };
}

/** The factor on the bands now; 1 where nothing surprises. */
export function widening(surprise: Surprise | undefined, nowSeconds: number): number {
  if (surprise === undefined || nowSeconds >= surprise.untilSeconds) return 1;
  const left = (surprise.untilSeconds - nowSeconds) / (surprise.untilSeconds - surprise.sinceSeconds);
  return 1 + (surprise.factor - 1) * left;
}
