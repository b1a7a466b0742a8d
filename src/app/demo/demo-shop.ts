import { NoisyLoad, type DemoWorld } from "./load-generator.ts";

/** What one replica of the demo's shop can do. */
export const SHOP_WORKERS_PER_REPLICA = 8;
export const SHOP_SERVICE_SECONDS = 0.08;
/** Requests that waited this long are gone: the visitor's patience. */
const PATIENCE_SECONDS = 10;

/** What happened to the requests of one span. */
export interface ShopSpan {
  readonly arrived: number;
  readonly dropped: number;
  /** Busy share of the ready replicas' workers, 0..1. */
  readonly utilization: number;
  /** Duration of one served request, sampled; seconds. */
  sampleLatency(): number;
}

/** A shop behind a load balancer: one queue, `replicas × workers` servers, so that latency follows the capacity. */
export class DemoShop {
  readonly load: NoisyLoad;
  #backlog = 0;

  constructor(world: DemoWorld) {
    this.load = new NoisyLoad(world);
  }

  /** Serves one span with the replicas that are ready. */
  serve(epochSeconds: number, spanSeconds: number, readyReplicas: number): ShopSpan {
    const arrived = this.load.arrivals(this.load.at(epochSeconds), spanSeconds);
    const perSecond = (readyReplicas * SHOP_WORKERS_PER_REPLICA) / SHOP_SERVICE_SECONDS;
    const could = perSecond * spanSeconds;
    const wanted = this.#backlog + arrived;
    const served = Math.min(wanted, could);
    const room = perSecond * PATIENCE_SECONDS;
    const left = wanted - served;
    const dropped = Math.round(Math.max(0, left - room));
    this.#backlog = left - dropped;
    const utilization = could > 0 ? served / could : arrived > 0 ? 1 : 0;
    const backlogWaitSeconds = perSecond > 0 ? this.#backlog / perSecond : PATIENCE_SECONDS;
    const random = (): number => this.load.random();
    return { arrived, dropped, utilization, sampleLatency: () => sampleLatency(random, { utilization, replicas: readyReplicas, backlogWaitSeconds }) };
  }
}

/** Service time (exponential) plus the wait of an M/M/k queue (probability of waiting by Sakasegawa's form) plus the backlog's. */
function sampleLatency(random: () => number, { utilization, replicas, backlogWaitSeconds }: { readonly utilization: number; readonly replicas: number; readonly backlogWaitSeconds: number }): number {
  const exponential = (): number => -Math.log(1 - random());
  const servers = SHOP_WORKERS_PER_REPLICA;
  const busy = Math.min(utilization, 0.995);
  const waitProbability = busy ** (Math.sqrt(2 * (servers + 1)) - 1);
  const drainPerSecond = (servers / SHOP_SERVICE_SECONDS) * (1 - busy);
  const wait = random() < waitProbability && replicas > 0 ? exponential() / drainPerSecond : 0;
  return SHOP_SERVICE_SECONDS * 0.25 * (3 + exponential()) + wait + backlogWaitSeconds;
}
