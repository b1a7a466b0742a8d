/**
 * The demo's visitors: requests per second of a shop whose day lasts ten minutes and whose week seventy.
 * It knows nothing of the forecaster and shares no code with it.
 */
export interface DemoRhythm {
  readonly daySeconds: number;
  readonly weekSeconds: number;
}

export const DEMO_RHYTHM: DemoRhythm = { daySeconds: 600, weekSeconds: 4200 };

/** Peaks of a shop's day: share of the day, width as a share of the day, height over the night's level. */
const DAY_PEAKS = [
  { at: 0.39, width: 0.09, height: 1.9 },
  { at: 0.54, width: 0.06, height: 1.2 },
  { at: 0.81, width: 0.07, height: 2.6 },
] as const;
const WEEKDAY_FACTORS = [1.0, 1.04, 1.02, 1.07, 1.22, 0.78, 0.63] as const;
const NIGHT_REQUESTS_PER_SECOND = 260;

export interface FlashCrowd {
  readonly startSeconds: number;
  readonly riseSeconds: number;
  readonly fadeSeconds: number;
  /** Extra share of the ordinary load at the crest. */
  readonly crest: number;
}

/** What one visitor's world looks like: when its week began, and its crowds. */
export interface DemoWorld {
  readonly seed: number;
  /** Epoch seconds of the midnight at which a week begins. */
  readonly weekStartSeconds: number;
  readonly crowds: readonly FlashCrowd[];
}

/** The mean load at a time, without noise: requests per second. */
export function meanLoad(epochSeconds: number, { weekStartSeconds, crowds }: Omit<DemoWorld, "seed">): number {
  const { daySeconds, weekSeconds } = DEMO_RHYTHM;
  const ofWeek = (((epochSeconds - weekStartSeconds) % weekSeconds) + weekSeconds) % weekSeconds;
  const ofDay = (ofWeek % daySeconds) / daySeconds;
  const day = Math.floor(ofWeek / daySeconds);
  let shape = 1;
  for (const peak of DAY_PEAKS) shape += peak.height * Math.exp(-0.5 * (circularDistance(ofDay, peak.at) / peak.width) ** 2);
  const ordinary = NIGHT_REQUESTS_PER_SECOND * shape * (WEEKDAY_FACTORS[day] ?? 1);
  return crowds.reduce((load, crowd) => load + ordinary * crowdShare(crowd, epochSeconds), ordinary);
}

function circularDistance(a: number, b: number): number {
  const distance = Math.abs(a - b);
  return Math.min(distance, 1 - distance);
}

function crowdShare(crowd: FlashCrowd, epochSeconds: number): number {
  const since = epochSeconds - crowd.startSeconds;
  if (since < 0) return 0;
  if (since < crowd.riseSeconds) return crowd.crest * (since / crowd.riseSeconds);
  return crowd.crest * Math.exp(-(since - crowd.riseSeconds) / crowd.fadeSeconds);
}

/** A seeded source of uniform numbers in [0, 1) (mulberry32, T. Ettinger, public domain). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

const NOISE_PERSISTENCE_PER_SECOND = 0.95;
const NOISE_SHARE = 0.035;

/** The mean load with slow, correlated noise: call it with times that go forward. */
export class NoisyLoad {
  readonly #random: () => number;
  readonly #world: DemoWorld;
  #noise = 0;
  #lastSeconds: number | undefined;

  constructor(world: DemoWorld) {
    this.#random = seededRandom(world.seed);
    this.#world = world;
  }

  /** Requests per second at a time, before the randomness of single arrivals. */
  at(epochSeconds: number): number {
    const elapsed = this.#lastSeconds === undefined ? 60 : Math.max(0, epochSeconds - this.#lastSeconds);
    const keep = NOISE_PERSISTENCE_PER_SECOND ** elapsed;
    this.#noise = keep * this.#noise + Math.sqrt(1 - keep * keep) * NOISE_SHARE * gaussian(this.#random);
    this.#lastSeconds = epochSeconds;
    return Math.max(0, meanLoad(epochSeconds, this.#world) * (1 + this.#noise));
  }

  /** How many requests arrive in a span with this rate (a Poisson count; normal for large means). */
  arrivals(requestsPerSecond: number, spanSeconds: number): number {
    const mean = requestsPerSecond * spanSeconds;
    if (mean > 60) return Math.max(0, Math.round(mean + Math.sqrt(mean) * gaussian(this.#random)));
    let count = 0;
    for (let left = Math.exp(-mean), product = this.#random(); product > left; count += 1) product *= this.#random();
    return count;
  }

  random(): number {
    return this.#random();
  }
}
