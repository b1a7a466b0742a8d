/** How a member's unit relates to the series' values: value = center + scale·u, or value = exp(center + scale·u) − offset. */
export interface Unit {
  readonly kind: "raw" | "log";
  readonly center: number;
  readonly scale: number;
  /** Added before the logarithm, so that zeros stay finite. */
  readonly offset: number;
}

const SMALLEST_LOG_ARGUMENT = 1e-12;

export function rawUnit(values: Float64Array): Unit {
  return { kind: "raw", ...locate(values), offset: 0 };
}

/** The log unit of a series without negative values: the offset is 5 % of its mean where the series comes near zero. */
export function logUnit(values: Float64Array): Unit {
  let least = Infinity;
  let sum = 0;
  for (const value of values) {
    least = Math.min(least, value);
    sum += value;
  }
  const mean = sum / values.length;
  const offset = least > 0.02 * mean ? 0 : 0.05 * mean || 1;
  return { kind: "log", ...locate(values.map((value) => Math.log(Math.max(value + offset, SMALLEST_LOG_ARGUMENT)))), offset };
}

export function toUnit(unit: Unit, value: number): number {
  const plain = unit.kind === "log" ? Math.log(Math.max(value + unit.offset, SMALLEST_LOG_ARGUMENT)) : value;
  return (plain - unit.center) / unit.scale;
}

export function fromUnit(unit: Unit, u: number): number {
  const plain = unit.center + unit.scale * u;
  return unit.kind === "log" ? Math.exp(plain) - unit.offset : plain;
}

/** Mean and standard deviation of a series; the spread of a constant is its level, or 1. */
export function locate(values: Float64Array): { readonly center: number; readonly scale: number } {
  let sum = 0;
  for (const value of values) sum += value;
  const center = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - center) ** 2;
  const scale = Math.sqrt(squares / values.length);
  if (scale > 1e-9 * Math.abs(center)) return { center, scale };
  return { center, scale: Math.abs(center) || 1 };
}
