import type { WeightedResiduals } from "../../forecasts/models/lead-scale.ts";
import { missShare } from "./queue-tail.ts";
import type { QueueTail } from "./queue-tail.ts";

/**
 * How much capacity to have for a load known only as a distribution: capacity over median load, by the scale of log(load).
 * Plain data; linear between the scales.
 */
export interface HeadroomTable {
  /** What it was made for, so that its holder can tell when to make a new one. */
  readonly tail: QueueTail;
  readonly price: number;
  readonly logScaleStart: number;
  readonly logScaleStep: number;
  readonly headroom: readonly number[];
}

export interface HeadroomRequest {
  readonly tail: QueueTail;
  /** Replica-seconds that one missed request is worth. */
  readonly price: number;
  /** Standard residuals of log(load), with the share of each. */
  readonly standard: WeightedResiduals;
}

const SMALLEST_SCALE = 0.003;
const LARGEST_SCALE = 0.8;
const SCALES = 24;
const SMALLEST_HEADROOM = 1;
const LARGEST_HEADROOM = 8;
const RATIO = 1.006;
const SEARCH_PAST = 1.3;
/** Under this use a request misses with a probability of less than one in a million. */
const NEGLIGIBLE_USE = 0.5;
const USE_STEP = 1 / 256;
const LARGEST_USE = 1.25;

/**
 * The newsvendor with a queue: for each scale s the headroom x that minimises x + price·mu·E[L·missShare(L/x)] with
 * L = exp(s·Z), where one replica carries mu requests per second at full use. Source: Arrow, Harris and Marschak (1951),
 * with the shortage cost replaced by the queue's tail.
 */
export function headroomTable(request: HeadroomRequest): HeadroomTable {
  const logScaleStart = Math.log(SMALLEST_SCALE);
  const logScaleStep = (Math.log(LARGEST_SCALE) - logScaleStart) / (SCALES - 1);
  const tail = missTable(request.tail);
  const headroom: number[] = [];
  for (let i = 0; i < SCALES; i += 1) {
    const from = Math.max(SMALLEST_HEADROOM, (headroom[i - 1] ?? SMALLEST_HEADROOM) * 0.97);
    headroom.push(bestHeadroom(Math.exp(logScaleStart + i * logScaleStep), from, request, tail));
  }
  return { tail: request.tail, price: request.price, logScaleStart, logScaleStep, headroom };
}

/** Capacity over median load at a scale of log(load); scales outside the table's take its ends. */
export function headroomAt(table: HeadroomTable, scale: number): number {
  const place = Math.max(0, Math.min(SCALES - 1, (Math.log(scale) - table.logScaleStart) / table.logScaleStep));
  const index = Math.min(SCALES - 2, Math.floor(place));
  const low = table.headroom[index] ?? SMALLEST_HEADROOM;
  const high = table.headroom[index + 1] ?? low;
  return low + (place - index) * (high - low);
}

function missTable(tail: QueueTail): Float64Array {
  return Float64Array.from({ length: LARGEST_USE / USE_STEP + 1 }, (_, i) => missShare(tail, i * USE_STEP));
}

/** The expected cost may have small bumps: the search goes on for a quarter past the best headroom so far. */
function bestHeadroom(scale: number, from: number, request: HeadroomRequest, tail: Float64Array): number {
  const { values, weights } = request.standard;
  const loads = values.map((residual) => Math.exp(scale * residual));
  const price = request.price * request.tail.requestsPerSecondPerReplica;
  let best = from;
  let bestCost = Infinity;
  for (let x = from; x < best * SEARCH_PAST && x < LARGEST_HEADROOM; x *= RATIO) {
    let missed = 0;
    for (let k = loads.length - 1; k >= 0; k -= 1) {
      const use = (loads[k] ?? 0) / x;
      if (use < NEGLIGIBLE_USE) break;
      missed += (weights[k] ?? 0) * (loads[k] ?? 0) * shareAt(tail, use);
    }
    const cost = x + price * missed;
    if (cost < bestCost) {
      bestCost = cost;
      best = x;
    }
  }
  return best;
}

function shareAt(tail: Float64Array, use: number): number {
  const place = Math.min(use / USE_STEP, tail.length - 1.001);
  const index = Math.floor(place);
  const low = tail[index] ?? 1;
  return low + (place - index) * ((tail[index + 1] ?? 1) - low);
}
