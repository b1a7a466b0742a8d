/** The modelled service: `workers` a replica, M/M/k with random splitting, a fluid backlog between steps. Times in seconds. */
export interface ServiceModel {
  readonly workers: number;
  readonly serviceSeconds: number;
  /** Queueing delay that a request may have before it misses the objective. */
  readonly objectiveSeconds: number;
  /** Longest wait before a client gives up: the backlog never exceeds what is served in this time. */
  readonly timeoutSeconds: number;
}

export const BENCHMARK_SERVICE: ServiceModel = { workers: 8, serviceSeconds: 0.08, objectiveSeconds: 0.25, timeoutSeconds: 10 };

/** Requests per second that one replica serves at full use. */
export function serviceRate(model: ServiceModel): number {
  return model.workers / model.serviceSeconds;
}

/** Probability that an arrival waits in M/M/k, for `offered` = arrival rate × service time in [0, workers). Erlang-B recursion. */
export function erlangC(workers: number, offered: number): number {
  let blocking = 1;
  for (let j = 1; j <= workers; j += 1) blocking = (offered * blocking) / (j + offered * blocking);
  const use = offered / workers;
  return blocking / (1 - use * (1 - blocking));
}

const MAX_USE = 0.999;

/** P(wait > objective) of one replica at a use of `use` (1 = saturated; clipped just below). */
export function missProbability(model: ServiceModel, use: number): number {
  const rho = Math.min(use, MAX_USE);
  if (rho <= 0) return 0;
  return erlangC(model.workers, model.workers * rho) * Math.exp(-serviceRate(model) * (1 - rho) * model.objectiveSeconds);
}

/** What one step of the queue did; requests. Conservation: arrived + backlog before = served + dropped + backlog. */
export interface ServiceStep {
  readonly backlog: number;
  readonly served: number;
  readonly dropped: number;
  readonly missed: number;
  readonly arrived: number;
}

export interface ServiceLoad {
  readonly backlog: number;
  readonly arrivalsPerSecond: number;
  readonly readyReplicas: number;
  readonly stepSeconds: number;
  /** What each ready replica carries over the average; absent: all are equal. Requests are split evenly, so a slow replica is busier. */
  readonly capacityShares?: readonly number[];
}

/** One step of the fluid queue with a constant arrival rate: section 1, items 3 and 4 of the scaling benchmark's specification. */
export function serveStep(model: ServiceModel, load: ServiceLoad): ServiceStep {
  const shares = load.capacityShares;
  const capacity = (shares === undefined ? load.readyReplicas : shares.reduce((sum, share) => sum + share, 0)) * serviceRate(model);
  const arrived = load.arrivalsPerSecond * load.stepSeconds;
  const limit = capacity * model.timeoutSeconds;
  const start = Math.min(load.backlog, limit);
  const end = start + (load.arrivalsPerSecond - capacity) * load.stepSeconds;
  const backlog = Math.min(Math.max(end, 0), limit);
  const overflow = Math.max(end - limit, 0);
  const dropped = load.backlog - start + overflow;
  const served = arrived + start - backlog - overflow;
  const above = capacity > 0 ? shareAbove(start, end, Math.min(capacity * model.objectiveSeconds, limit)) : 1;
  const tail = capacity > 0 ? tailOf(model, load, capacity) : 1;
  const missed = Math.max(arrived * (above + (1 - above) * tail), Math.min(dropped, arrived));
  return { backlog, served, dropped, missed, arrived };
}

/** P(wait > objective) over all arrivals: of each replica's own use where they are uneven. */
function tailOf(model: ServiceModel, { arrivalsPerSecond, capacityShares }: ServiceLoad, capacity: number): number {
  if (capacityShares === undefined) return missProbability(model, arrivalsPerSecond / capacity);
  const each = arrivalsPerSecond / (capacityShares.length * serviceRate(model));
  return capacityShares.reduce((sum, share) => sum + missProbability(model, each / share), 0) / capacityShares.length;
}

/** Share of a step during which a line from `start` to `end` lies above `level`. */
function shareAbove(start: number, end: number, level: number): number {
  if (start > level && end > level) return 1;
  if (start <= level && end <= level) return 0;
  const crossing = (level - start) / (end - start);
  return end > start ? 1 - crossing : crossing;
}
