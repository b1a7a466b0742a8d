import type { Offering } from "../model/offering.ts";

/**
 * Power of one replica where nothing is known of its machine: 2 vCPU and 8 GiB of a Skylake at 60 % use
 * (Cloud Carbon Footprint coefficients, Apache-2.0), before PUE.
 */
export const NOMINAL_WATTS_PER_REPLICA = 8.6;

/**
 * gCO2e per hour of one instance: power × intensity, and its share of the making of the server. Undefined where the grid's
 * intensity is not known: absent is never zero. `fallbackGramsPerKwh` stands in for an offering without its own intensity.
 */
export function instanceGramsPerHour(offering: Offering, fallbackGramsPerKwh: number | undefined): number | undefined {
  const intensity = offering.intensityGramsPerKwh ?? fallbackGramsPerKwh;
  if (intensity === undefined || !Number.isFinite(intensity)) return undefined;
  const watts = offering.powerWatts ?? NOMINAL_WATTS_PER_REPLICA * offering.replicas;
  return (watts / 1000) * intensity + (offering.embodiedGramsPerHour ?? 0);
}
