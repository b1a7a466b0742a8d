import { EXPLICIT, EXPONENTIAL } from "../series/point-batch.ts";
import type { SeriesTable } from "../series/series-table.ts";

/** An explicit shape with every bound times `scale`; undefined where the table knows too many sets of bounds. */
export function scaledExplicit(shape: Float64Array, scale: number, table: SeriesTable): Float64Array | undefined {
  const bounds = table.bounds[shape[EXPLICIT.bounds] as number] ?? new Float64Array(0);
  const view = new DataView(new ArrayBuffer(bounds.length * 8));
  bounds.forEach((bound, i) => { view.setFloat64(i * 8, bound * scale, true); });
  const id = table.internBounds({ view, start: 0, end: view.byteLength });
  return id < 0 ? undefined : shape.with(EXPLICIT.bounds, id);
}

/**
 * An exponential shape with every value times `scale`: bucket i of base b comes to lie across two, by the share of its logarithm
 * in each (log_b of `scale` is how far it moves), as counts are taken to lie evenly in the logarithm.
 */
export function scaledExponential(shape: Float64Array, scale: number): Float64Array {
  const moved = Math.log2(scale) * 2 ** (shape[EXPONENTIAL.scale] as number);
  const [whole, over] = [Math.floor(moved), moved - Math.floor(moved)];
  const [positives, negatives] = [shape[EXPONENTIAL.positiveLength] as number, shape[EXPONENTIAL.negativeLength] as number];
  const at = EXPONENTIAL.counts;
  const counts = [spread(shape.subarray(at, at + positives), over), spread(shape.subarray(at + positives, at + positives + negatives), over)] as const;
  const scaled = new Float64Array(at + counts[0].length + counts[1].length);
  scaled.set(shape.subarray(0, at));
  scaled[EXPONENTIAL.zeroThreshold] = (shape[EXPONENTIAL.zeroThreshold] as number) * scale;
  scaled[EXPONENTIAL.positiveOffset] = (shape[EXPONENTIAL.positiveOffset] as number) + whole;
  scaled[EXPONENTIAL.positiveLength] = counts[0].length;
  scaled[EXPONENTIAL.negativeOffset] = (shape[EXPONENTIAL.negativeOffset] as number) + whole;
  scaled[EXPONENTIAL.negativeLength] = counts[1].length;
  scaled.set(counts[0], at);
  scaled.set(counts[1], at + counts[0].length);
  return scaled;
}

/** Counts of which the share `over` goes on to the next bucket. */
function spread(counts: Float64Array, over: number): Float64Array {
  if (counts.length === 0) return counts;
  return Float64Array.from({ length: counts.length + 1 }, (_, i) => (1 - over) * (counts[i] ?? 0) + over * (counts[i - 1] ?? 0));
}
