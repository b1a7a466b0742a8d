/** The golden section's fractional part: steps of a whole number and it visit the slots of every season evenly (Weyl 1916). */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * About `wanted` rows of [from, to), spread evenly and over the slots of any season: a whole stride would meet a job that runs every
 * quarter of an hour always or never.
 */
export function spreadRows(from: number, to: number, wanted: number): Int32Array {
  const rows = Math.max(0, to - from);
  const ideal = rows / wanted;
  const stride = ideal < 1 + GOLDEN / 2 ? 1 : Math.max(1, Math.round(ideal - GOLDEN)) + GOLDEN;
  return Int32Array.from({ length: Math.ceil(rows / stride) }, (_, i) => from + Math.floor(i * stride));
}
