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
  /** A domain may hold so many replicas freely; beyond, each costs `crowdPrice` more per hour. */
  readonly crowdedAbove: number;
  readonly crowdPrice: number;
  /** No domain of spot may hold more than what leaves so many replicas when it is lost. */
  readonly surviveReplicas: number;
  /** US dollars per hour of exposure for each replica that would be missing if the domain were lost. */
  readonly lossPrice: readonly number[];
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
 * taken until the total is reached. For a given total every pool's price rises with its count (keep, new, further,
 * crowded, uncovered), so taking the cheapest next one is optimal where all instances carry the same number of replicas
 * (Fox 1966, separable convex allocation); with differing sizes the last instance may overshoot.
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

function fill(pools: readonly Pool[], terms: MixTerms, spare: number): Mix {
  const total = terms.neededReplicas + spare;
  const instances: number[] = new Array<number>(pools.length).fill(0);
  const inDomain: number[] = new Array<number>(terms.lossPrice.length).fill(0);
  let replicas = 0;
  let spotLeft = terms.spotReplicas + spare;
  let price = 0;
  while (replicas < total) {
    let chosen = -1;
    let cheapest = Infinity;
    let chosenUnits = 0;
    let chosenPrice = 0;
    for (let at = 0; at < pools.length; at += 1) {
      const pool = pools[at] as Pool;
      const count = instances[at] as number;
      if (count >= pool.most) continue;
      const kept = count < pool.have;
      const first = count === pool.have;
      let units = kept ? Math.min(pool.have, pool.most) - count : first ? 1 : pool.most - count;
      let unitPrice = kept ? pool.keepPrice : first ? pool.newPrice : pool.furtherPrice;
      if (pool.spot) {
        const held = inDomain[pool.domain] as number;
        const allowed = Math.min(spotLeft, total - terms.surviveReplicas - held);
        if (pool.replicas > allowed) continue;
        units = Math.min(units, Math.floor(allowed / pool.replicas));
        // Two kinks: where the domain is crowded, and where its loss would leave the need uncovered.
        const crowded = overKink(pool.replicas, held, terms.crowdedAbove);
        const uncovered = overKink(pool.replicas, held, spare);
        unitPrice += terms.crowdPrice * crowded + (terms.lossPrice[pool.domain] as number) * uncovered;
        if (crowded < pool.replicas) units = Math.min(units, roomBelow(pool.replicas, held, terms.crowdedAbove));
        if (uncovered < pool.replicas) units = Math.min(units, roomBelow(pool.replicas, held, spare));
      }
      const rate = unitPrice / pool.replicas;
      if (rate < cheapest) {
        chosen = at;
        cheapest = rate;
        chosenUnits = units;
        chosenPrice = unitPrice;
      }
    }
    if (chosen < 0) return { instances, replicas, spare, price, complete: false };
    const pool = pools[chosen] as Pool;
    const take = Math.min(chosenUnits, Math.ceil((total - replicas) / pool.replicas));
    instances[chosen] = (instances[chosen] as number) + take;
    replicas += take * pool.replicas;
    price += take * chosenPrice;
    if (pool.spot) {
      spotLeft -= take * pool.replicas;
      inDomain[pool.domain] = (inDomain[pool.domain] as number) + take * pool.replicas;
    }
  }
  return { instances, replicas, spare, price, complete: true };
}

/** Replicas of one more instance that lie above a kink. */
function overKink(replicas: number, held: number, kink: number): number {
  return Math.min(replicas, Math.max(0, held + replicas - kink));
}

/** Instances that can be added at the same price: up to the kink, or the one that straddles it. */
function roomBelow(replicas: number, held: number, kink: number): number {
  return Math.max(1, Math.floor((kink - held) / replicas));
}
