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
  /** Equally likely standard residuals of log(load), ascending. */
  readonly standard: Float64Array;
}

const SMALLEST_SCALE = 0.003;
const LARGEST_SCALE = 0.6;
const SCALES = 24;
const SMALLEST_HEADROOM = 1;
const RATIO = 1.01;
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
  const headroom = Array.from({ length: SCALES }, (_, i) => bestHeadroom(Math.exp(logScaleStart + i * logScaleStep), request, tail));
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

/** The expected cost has one valley for each scale in practice: the search goes up from no headroom, past small bumps. */
function bestHeadroom(scale: number, request: HeadroomRequest, tail: Float64Array): number {
  const loads = request.standard.map((residual) => Math.exp(scale * residual));
  const weight = (request.price * request.tail.requestsPerSecondPerReplica) / loads.length;
  let best = SMALLEST_HEADROOM;
  let bestCost = Infinity;
  for (let x = SMALLEST_HEADROOM; x - bestCost < 0; x *= RATIO) {
    let missed = 0;
    for (const load of loads) missed += load * shareAt(tail, load / x);
    const cost = x + weight * missed;
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
