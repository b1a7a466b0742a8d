/** A place to buy from, as the planner sees it. Prices are effective: risk, carbon and the worth of keeping included. */
export interface Pool {
  readonly id: string;
  readonly domain: number;
  readonly spot: boolean;
  /** Replicas that one instance carries. */
  readonly replicas: number;
  /** Instances that run or start and are not doomed, and the most that may be wanted. */
  readonly have: number;
  readonly most: number;
  /** US dollars per hour of one instance that is already there, of one more, and of each after that one; in rising order. */
  readonly keepPrice: number;
  readonly newPrice: number;
  readonly furtherPrice: number;
}

export interface MixTerms {
  readonly neededReplicas: number;
  /** Most spot replicas among those needed; a spare may be spot beyond it. */
  readonly spotReplicas: number;
  /** A domain may hold this share of all that is bought freely; beyond, each replica costs `crowdPrice` more per hour. */
  readonly crowdedShare: number;
  readonly crowdPrice: number;
  /** No domain of spot may hold more than what leaves so many replicas when it is lost. */
  readonly surviveReplicas: number;
  /** US dollars per hour of exposure for each replica that would be missing if the domain were lost. */
  readonly lossPrice: readonly number[];
  /** The region of each domain, and the same price for all domains of a region that are lost together; none where absent. */
  readonly regionOf?: readonly number[];
  readonly regionLossPrice?: readonly number[];
  /** The chance that more than so many replicas are needed at once; 1 below `neededReplicas` where absent. Never rises. */
  readonly needChance?: readonly number[];
  readonly maxSpare: number;
}

export interface Mix {
  readonly instances: readonly number[];
  readonly replicas: number;
  readonly spare: number;
  /** Effective, not billed. */
  readonly price: number;
  /** False where the pools cannot supply what is needed. */
  readonly complete: boolean;
}

/**
 * The mix of least effective price: for each total from the need to the need plus the spare, the cheapest next instance is
 * taken until the total is reached. For a given total every pool's price rises with its count (keep, new, further, crowded,
 * missed when its domain or its region is lost), so taking the cheapest next one is optimal where all instances carry the same
 * number of replicas (Fox 1966; convex prices over pools, domains and regions that nest); with differing sizes the last
 * instance may overshoot.
 */
export function planMix(pools: readonly Pool[], terms: MixTerms): Mix {
  let best = fill(pools, terms, 0);
  if (!best.complete) return best;
  for (const spare of spareCandidates(terms)) {
    const mix = fill(pools, terms, spare);
    if (mix.complete && mix.price < best.price - 1e-12) best = mix;
  }
  return best;
}

/** Every spare where few are asked for, then steps of a twentieth of the need. */
function spareCandidates(terms: MixTerms): readonly number[] {
  const candidates: number[] = [];
  const stride = Math.max(1, Math.ceil(terms.neededReplicas / 20));
  for (let spare = 1; spare <= terms.maxSpare; spare += spare < 4 ? 1 : stride) candidates.push(spare);
  return candidates;
}

/** What has been taken so far on the way to `total` replicas. */
interface Filling {
  readonly total: number;
  readonly instances: number[];
  readonly inDomain: number[];
  readonly inRegion: number[];
  spotLeft: number;
}

function fill(pools: readonly Pool[], terms: MixTerms, spare: number): Mix {
  const total = terms.neededReplicas + spare;
  const zeros = (length: number): number[] => new Array<number>(length).fill(0);
  const filling: Filling = { total, instances: zeros(pools.length), inDomain: zeros(terms.lossPrice.length), inRegion: zeros(terms.regionLossPrice?.length ?? 0), spotLeft: terms.spotReplicas + spare };
  const { instances } = filling;
  let replicas = 0;
  let price = 0;
  while (replicas < total) {
    let chosen = -1;
    let best: Step = { units: 0, unitPrice: Infinity };
    let cheapest = Infinity;
    for (let at = 0; at < pools.length; at += 1) {
      const pool = pools[at] as Pool;
      const step = nextOf(pool, instances[at] as number, { filling, terms });
      if (step === undefined || step.unitPrice / pool.replicas >= cheapest) continue;
      chosen = at;
      best = step;
      cheapest = step.unitPrice / pool.replicas;
    }
    if (chosen < 0) return { instances, replicas, spare, price, complete: false };
    const pool = pools[chosen] as Pool;
    const take = Math.min(best.units, Math.ceil((total - replicas) / pool.replicas));
    const taken = take * pool.replicas;
    instances[chosen] = (instances[chosen] as number) + take;
    replicas += taken;
    price += take * best.unitPrice;
    if (!pool.spot) continue;
    const region = terms.regionOf?.[pool.domain];
    filling.spotLeft -= taken;
    filling.inDomain[pool.domain] = (filling.inDomain[pool.domain] as number) + taken;
    if (region !== undefined) filling.inRegion[region] = (filling.inRegion[region] ?? 0) + taken;
  }
  return { instances, replicas, spare, price, complete: true };
}

/** So many further instances of a pool at the same price each. */
interface Step {
  readonly units: number;
  readonly unitPrice: number;
}

function nextOf(pool: Pool, count: number, { filling, terms }: { readonly filling: Filling; readonly terms: MixTerms }): Step | undefined {
  if (count >= pool.most) return undefined;
  const kept = count < pool.have;
  const first = count === pool.have;
  let units = kept ? Math.min(pool.have, pool.most) - count : first ? 1 : pool.most - count;
  let unitPrice = kept ? pool.keepPrice : first ? pool.newPrice : pool.furtherPrice;
  if (!pool.spot) return { units, unitPrice };
  const { total, spotLeft } = filling;
  const { replicas } = pool;
  const held = filling.inDomain[pool.domain] as number;
  const allowed = Math.min(spotLeft, total - terms.surviveReplicas - held);
  if (replicas > allowed) return undefined;
  units = Math.min(units, Math.floor(allowed / replicas));
  const crowdedAbove = Math.ceil(terms.crowdedShare * total);
  const crowded = Math.min(replicas, Math.max(0, held + replicas - crowdedAbove));
  unitPrice += terms.crowdPrice * crowded;
  if (crowded < replicas) units = Math.min(units, Math.max(1, Math.floor((crowdedAbove - held) / replicas)));
  const exposed = (price: number, left: number): void => {
    if (price <= 0) return;
    unitPrice += price * missed(terms, left, replicas);
    units = Math.min(units, unitsAlike(terms, left, replicas));
  };
  exposed(terms.lossPrice[pool.domain] as number, total - held);
  const region = terms.regionOf?.[pool.domain];
  if (region !== undefined) exposed(terms.regionLossPrice?.[region] ?? 0, total - (filling.inRegion[region] ?? 0));
  return { units, unitPrice };
}

/** Replicas of one more instance that are expected to be missed when it is lost with its fellows, of whose loss `left` would remain so far. */
function missed(terms: MixTerms, left: number, replicas: number): number {
  let sum = 0;
  for (let k = left - 1; k >= left - replicas; k -= 1) sum += chanceOf(terms, k);
  return sum;
}

function chanceOf({ needChance, neededReplicas }: MixTerms, k: number): number {
  return k >= neededReplicas ? 0 : (needChance?.[k] ?? 1);
}

/** Instances that can be added as long as their replicas are as likely to be missed: at least the one that straddles a change. */
function unitsAlike(terms: MixTerms, left: number, replicas: number): number {
  const { neededReplicas, needChance } = terms;
  if (left > neededReplicas) return Math.max(1, Math.floor((left - neededReplicas) / replicas));
  if (needChance === undefined) return Infinity;
  const chance = chanceOf(terms, left - 1);
  let k = left - 2;
  while (k >= 0 && chanceOf(terms, k) === chance) k -= 1;
  return k < 0 ? Infinity : Math.max(1, Math.floor((left - 1 - k) / replicas));
}
