/** How long a replica takes from its order to ready. `fixed`: always the same; `lognormal`: median and log-scale, seeded. */
export type StartTime =
  | { readonly kind: "fixed"; readonly seconds: number }
  | { readonly kind: "lognormal"; readonly medianSeconds: number; readonly sigma: number };

export interface ClusterSpec {
  readonly startTime: StartTime;
  /** Share of starts that never become ready; they are replaced, and cost their start time. */
  readonly failedStartShare: number;
  /** A replica taken out keeps serving for so long. */
  readonly drainSeconds: number;
  readonly minBillingSeconds: number;
  readonly seed: number;
  /** Spread of what a replica carries (log scale, mean 1): machines of one type are not equal. Absent: all are. */
  readonly capacitySigma?: number;
}

export const BENCHMARK_CLUSTER = (leadTimeSeconds: number): ClusterSpec => ({
  startTime: { kind: "fixed", seconds: leadTimeSeconds }, failedStartShare: 0, drainSeconds: 0, minBillingSeconds: 60, seed: 1,
});

export interface Replica {
  readonly orderedAtSeconds: number;
  readonly readyAtSeconds: number;
  readonly failsToStart: boolean;
  /** Set once it is drained or doomed by an interruption. */
  readonly goneAtSeconds: number | undefined;
  /** Doomed by an interruption: the cloud counts it until it is gone, or drained. */
  readonly isDoomed?: boolean;
  /** What it carries over what a replica carries on average; absent: 1. */
  readonly capacityShare?: number;
}

/** A simulated cluster at one time. Newest replicas stand last. A plain value: the functions below return a new one. */
export interface ClusterState {
  readonly timeSeconds: number;
  readonly desiredReplicas: number;
  readonly replicas: readonly Replica[];
  /** Replica-seconds billed so far, boot time and minimum billing included. */
  readonly billedSeconds: number;
  readonly randomState: number;
  /** No order is accepted until then (a capacity error), or any call at all (throttling). */
  readonly noCapacityUntilSeconds: number;
  readonly throttledUntilSeconds: number;
}

export type ClusterAnswer =
  | { readonly ok: true; readonly state: ClusterState }
  | { readonly ok: false; readonly error: "throttled" | "no-capacity"; readonly state: ClusterState };

export interface ClusterCounts {
  readonly desiredReplicas: number;
  readonly readyReplicas: number;
  readonly pendingReplicas: number;
}

/** A cluster with `count` ready replicas. */
export function startCluster(timeSeconds: number, count: number, seed: number): ClusterState {
  const replica: Replica = { orderedAtSeconds: -Infinity, readyAtSeconds: timeSeconds, failsToStart: false, goneAtSeconds: undefined };
  return {
    timeSeconds, desiredReplicas: count, replicas: Array.from({ length: count }, () => replica),
    billedSeconds: 0, randomState: seed | 0, noCapacityUntilSeconds: -Infinity, throttledUntilSeconds: -Infinity,
  };
}

/** The same replicas, each with a capacity of its own; as they were where the spec knows no spread. */
export function withSpread(state: ClusterState, { capacitySigma = 0 }: ClusterSpec): ClusterState {
  if (capacitySigma === 0) return state;
  let random = state.randomState;
  const replicas = state.replicas.map((replica): Replica => {
    const [capacityShare, next] = drawShare(random, capacitySigma);
    random = next;
    return { ...replica, capacityShare };
  });
  return { ...state, replicas, randomState: random };
}

/** Moves the time on: replicas become ready, failed starts are replaced, drained and doomed ones go. Bills what ran. */
export function advanceCluster(state: ClusterState, spec: ClusterSpec, toSeconds: number): ClusterState {
  let billed = state.billedSeconds;
  const kept: Replica[] = [];
  for (const replica of state.replicas) {
    const gone = Math.min(replica.goneAtSeconds ?? Infinity, replica.failsToStart ? replica.readyAtSeconds : Infinity);
    billed += Math.max(0, Math.min(gone, toSeconds) - state.timeSeconds);
    if (gone > toSeconds) kept.push(replica);
  }
  const moved = { ...state, timeSeconds: toSeconds, replicas: kept, billedSeconds: billed };
  const missing = moved.desiredReplicas - kept.filter(stays).length;
  return missing > 0 && toSeconds >= moved.noCapacityUntilSeconds ? order(moved, spec, missing) : moved;
}

/** Asks for an absolute count: orders what is missing, or takes out the newest first (pending ones first of all). */
export function setDesired(state: ClusterState, spec: ClusterSpec, count: number): ClusterAnswer {
  if (state.timeSeconds < state.throttledUntilSeconds) return { ok: false, error: "throttled", state };
  const staying = state.replicas.filter(stays).length;
  if (count > staying && state.timeSeconds < state.noCapacityUntilSeconds) {
    return { ok: false, error: "no-capacity", state: { ...state, desiredReplicas: count } };
  }
  const asked = { ...state, desiredReplicas: count };
  return { ok: true, state: count >= staying ? order(asked, spec, count - staying) : remove(asked, spec, staying - count) };
}

/**
 * `count` ready replicas, the oldest first, will go at `goneAtSeconds`: an interruption notice. Until then the cloud counts them
 * as its own, and starts no other in their place: an Auto Scaling group replaces what is gone, a ReplicaSet what is evicted. Who
 * wants the replacement earlier orders it (a higher count), or drains the machine.
 */
export function interrupt(state: ClusterState, count: number, goneAtSeconds: number): ClusterState {
  let left = count;
  const replicas = state.replicas.map((replica) =>
    left > 0 && isReady(replica, state.timeSeconds) && replica.goneAtSeconds === undefined ? ((left -= 1), { ...replica, goneAtSeconds, isDoomed: true }) : replica);
  return { ...state, replicas };
}

/** What counts towards the desired replicas: all but what is being drained. */
function stays(replica: Replica): boolean {
  return replica.goneAtSeconds === undefined || replica.isDoomed === true;
}

function isReady(replica: Replica, nowSeconds: number): boolean {
  return replica.readyAtSeconds <= nowSeconds && !replica.failsToStart;
}

/** What a reader of the cloud sees. */
export function readCluster(state: ClusterState): ClusterCounts {
  let ready = 0;
  let pending = 0;
  for (const replica of state.replicas) {
    if (isReady(replica, state.timeSeconds)) ready += 1;
    else if (replica.goneAtSeconds === undefined) pending += 1;
  }
  return { desiredReplicas: state.desiredReplicas, readyReplicas: ready, pendingReplicas: pending };
}

/** What each ready replica carries over the average, where replicas are uneven. */
export function readyShares(state: ClusterState): readonly number[] {
  return state.replicas.filter((replica) => isReady(replica, state.timeSeconds)).map((replica) => replica.capacityShare ?? 1);
}

function order(state: ClusterState, spec: ClusterSpec, count: number): ClusterState {
  let random = state.randomState;
  const replicas = [...state.replicas];
  for (let i = 0; i < count; i += 1) {
    const [startDraw, first] = nextRandom(random);
    const [angle, second] = nextRandom(first);
    const [failDraw, third] = nextRandom(second);
    random = third;
    const normal = normalOf(startDraw, angle);
    const start = spec.startTime.kind === "fixed" ? spec.startTime.seconds : spec.startTime.medianSeconds * Math.exp(spec.startTime.sigma * normal);
    const replica: Replica = { orderedAtSeconds: state.timeSeconds, readyAtSeconds: state.timeSeconds + start, failsToStart: failDraw < spec.failedStartShare, goneAtSeconds: undefined };
    const sigma = spec.capacitySigma ?? 0;
    if (sigma > 0) {
      const [capacityShare, next] = drawShare(random, sigma);
      random = next;
      replicas.push({ ...replica, capacityShare });
    } else replicas.push(replica);
  }
  return { ...state, replicas, randomState: random };
}

function remove(state: ClusterState, spec: ClusterSpec, count: number): ClusterState {
  const replicas = [...state.replicas];
  let left = count;
  let billed = state.billedSeconds;
  for (let i = replicas.length - 1; i >= 0 && left > 0; i -= 1) {
    const replica = replicas[i];
    if (replica === undefined || !stays(replica)) continue;
    left -= 1;
    billed += Math.max(0, spec.minBillingSeconds - (state.timeSeconds - replica.orderedAtSeconds));
    const isPending = replica.readyAtSeconds > state.timeSeconds;
    if (isPending || spec.drainSeconds === 0) replicas.splice(i, 1);
    else replicas[i] = { ...replica, goneAtSeconds: Math.min(replica.goneAtSeconds ?? Infinity, state.timeSeconds + spec.drainSeconds), isDoomed: false };
  }
  return { ...state, replicas, billedSeconds: billed };
}

/** A lognormal share of mean 1, and the next state. */
function drawShare(state: number, sigma: number): readonly [number, number] {
  const [draw, first] = nextRandom(state);
  const [turn, second] = nextRandom(first);
  return [Math.exp(sigma * normalOf(draw, turn) - sigma ** 2 / 2), second];
}

/** A standard normal of two draws in [0, 1): Box and Muller (1958). */
function normalOf(draw: number, turn: number): number {
  return Math.sqrt(-2 * Math.log(1 - draw)) * Math.cos(2 * Math.PI * turn);
}

/** Mulberry32: a draw in [0, 1) and the next state. */
function nextRandom(state: number): readonly [number, number] {
  const next = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(next ^ (next >>> 15), 1 | next);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return [((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296, next];
}
