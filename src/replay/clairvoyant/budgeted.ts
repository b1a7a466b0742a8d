import { missProbability, serviceRate } from "../../twin/service.ts";
import type { ServiceModel } from "../../twin/service.ts";
import type { ReplayWorld } from "../simulate.ts";

/** The cheapest plan that misses at most a budget, known in advance: its proven lower bound, and a plan that reaches it. */
export interface BudgetedOptimum {
  /** Lagrangian dual: no plan that keeps the budget bills less. Replica-hours. */
  readonly boundHours: number;
  /** Billed by the plan; what it misses follows from replaying it. */
  readonly planHours: number;
  /** Ready replicas by scored step. */
  readonly ready: Uint16Array;
  /** Replica-seconds that one missed request is worth at the optimum. */
  readonly price: number;
}

const SEARCHES = 20;
/** A plan that spends all but this share of the budget is good enough. */
const CLOSE = 5e-4;

/**
 * min billed + price·missed separates by replica level: each level is a two-state (off, on) shortest path with the cost of a step
 * on, the cost of a start (its boot is billed) and the requests that the level saves. The convex minorant of a step's misses over
 * the levels makes the savings fall with the level, so that the levels nest and the dual is tight. It imports nothing of the
 * planner. Source: Everett (1963) for the bound; the scaling benchmark's specification, section 1.
 */
export function budgetedOptimum(world: ReplayWorld, leadTimeSeconds: number, budget: number): BudgetedOptimum {
  const problem = savingsOf(world, leadTimeSeconds);
  let low = Math.log(1e-2);
  let high = Math.log(1e2);
  // Budgets far under 0.1 % need dearer misses.
  if (budget < 1e-4) high = Math.log(1e5);
  let best: BudgetedOptimum | undefined;
  let bound = 0;
  for (let search = 0; search < SEARCHES; search += 1) {
    const price = Math.exp((low + high) / 2);
    const solved = solve(problem, price);
    bound = Math.max(bound, solved.billedSeconds + price * (solved.missed - budget * problem.requests));
    if (solved.missed <= budget * problem.requests) {
      best = { boundHours: 0, planHours: solved.billedSeconds / 3600, ready: solved.ready, price };
      high = Math.log(price);
      if (solved.missed >= (1 - CLOSE) * budget * problem.requests) break;
    } else low = Math.log(price);
  }
  if (best === undefined) throw new Error("no price keeps the budget: the load is greater than all replicas");
  return { ...best, boundHours: bound / 3600 };
}

interface Problem {
  readonly steps: number;
  readonly levels: number;
  readonly stepSeconds: number;
  readonly startSeconds: number;
  /** Requests that a level saves in a step, level-major; the first level is at least always on. */
  readonly savings: Float32Array;
  /** Requests missed with no replica at all. */
  readonly requests: number;
}

function savingsOf(world: ReplayWorld, leadTimeSeconds: number): Problem {
  const { load, scoreFrom, stepSeconds, service, maxReplicas } = world;
  const steps = load.length - scoreFrom;
  const highest = load.subarray(scoreFrom).reduce((most, rate) => Math.max(most, rate), 0);
  const levels = Math.min(maxReplicas, Math.ceil((highest / serviceRate(service)) * 1.9) + 2);
  const savings = new Float32Array(levels * steps);
  const shares = new Float64Array(levels + 1);
  const hull = new Float64Array(levels + 1);
  let requests = 0;
  for (let t = 0; t < steps; t += 1) {
    const rate = load[scoreFrom + t] ?? 0;
    const arrived = rate * stepSeconds;
    requests += arrived;
    shares[0] = 1;
    for (let level = 1; level <= levels; level += 1) shares[level] = stepMissShare(service, rate / (level * serviceRate(service)), stepSeconds);
    convexMinorant(shares, hull);
    for (let level = 1; level <= levels; level += 1) savings[(level - 1) * steps + t] = arrived * ((hull[level - 1] ?? 0) - (hull[level] ?? 0));
  }
  return { steps, levels, stepSeconds, startSeconds: leadTimeSeconds, savings, requests };
}

/** Share of a step's requests that miss when it begins without a backlog; a function of the use alone. */
function stepMissShare(service: ServiceModel, use: number, stepSeconds: number): number {
  const tail = missProbability(service, use);
  if (use <= 1) return tail;
  const delayAtEnd = (use - 1) * stepSeconds;
  const above = Math.max(0, 1 - service.objectiveSeconds / delayAtEnd);
  const dropped = Math.max(0, delayAtEnd - service.timeoutSeconds) / (use * stepSeconds);
  return Math.max(above + (1 - above) * tail, dropped);
}

/** The greatest convex sequence below `values`. */
function convexMinorant(values: Float64Array, hull: Float64Array): void {
  const corners: number[] = [];
  for (let i = 0; i < values.length; i += 1) {
    while (corners.length >= 2) {
      const b = corners[corners.length - 1] ?? 0;
      const a = corners[corners.length - 2] ?? 0;
      if (((values[b] ?? 0) - (values[a] ?? 0)) * (i - a) >= ((values[i] ?? 0) - (values[a] ?? 0)) * (b - a)) corners.pop();
      else break;
    }
    corners.push(i);
  }
  for (let c = 0; c + 1 < corners.length; c += 1) {
    const a = corners[c] ?? 0;
    const b = corners[c + 1] ?? a;
    const slope = ((values[b] ?? 0) - (values[a] ?? 0)) / (b - a);
    for (let i = a; i <= b; i += 1) hull[i] = (values[a] ?? 0) + slope * (i - a);
  }
}

function solve(problem: Problem, price: number): { readonly billedSeconds: number; readonly missed: number; readonly ready: Uint16Array } {
  const { steps, levels, savings, requests } = problem;
  const ready = new Uint16Array(steps);
  const cameFromOther = new Uint8Array(steps);
  let billedSeconds = 0;
  let missed = requests;
  for (let level = 0; level < levels; level += 1) {
    const view = savings.subarray(level * steps, (level + 1) * steps);
    const path = level === 0 ? alwaysOn(problem) : shortestPath(problem, view, price, cameFromOther);
    for (let t = 0; t < steps; t += 1) {
      if (!path.isOn(t)) continue;
      ready[t] = (ready[t] ?? 0) + 1;
      missed -= view[t] ?? 0;
    }
    billedSeconds += path.billedSeconds;
  }
  return { billedSeconds, missed, ready };
}

interface LevelPath {
  readonly billedSeconds: number;
  isOn(step: number): boolean;
}

/** The benchmark never goes below one replica. */
function alwaysOn({ steps, stepSeconds }: Problem): LevelPath {
  return { billedSeconds: steps * stepSeconds, isOn: () => true };
}

/** Viterbi over off and on; both are free to begin in. */
function shortestPath({ steps, stepSeconds, startSeconds }: Problem, savings: Float32Array, price: number, cameFromOther: Uint8Array): LevelPath {
  let off = 0;
  let on = 0;
  for (let t = 0; t < steps; t += 1) {
    const started = off + startSeconds;
    let flags = 0;
    let nextOff = off;
    if (t > 0 && on < off) {
      nextOff = on;
      flags |= 1;
    }
    let nextOn = on;
    if (t > 0 && started < on) {
      nextOn = started;
      flags |= 2;
    }
    off = nextOff;
    on = nextOn + stepSeconds - price * (savings[t] ?? 0);
    cameFromOther[t] = flags;
  }
  const states = new Uint8Array(steps);
  let state = on < off ? 1 : 0;
  let billedSeconds = 0;
  for (let t = steps - 1; t >= 0; t -= 1) {
    states[t] = state;
    if (state === 1) billedSeconds += stepSeconds;
    const switched = ((cameFromOther[t] ?? 0) & (state === 1 ? 2 : 1)) !== 0;
    if (switched && state === 1) billedSeconds += startSeconds;
    if (switched) state = 1 - state;
  }
  return { billedSeconds, isOn: (step) => states[step] === 1 };
}
