/** Watts per GiB of memory: 0.392 W (Cloud Carbon Footprint, memory coefficient 0.000392 kWh per GB-hour); all of it is charged. */
const WATTS_PER_GIB = 0.392;
/** Servers are written off over four years (Cloud Carbon Footprint). */
const LIFE_HOURS = 4 * 8760;
/** Power usage effectiveness where a region states none. */
export const DEFAULT_PUE = 1.2;

export interface MachineFacts {
  readonly vcpu: number;
  readonly memoryGib: number;
  readonly idleWattsPerVcpu: number;
  readonly fullWattsPerVcpu: number;
  readonly serverVcpu: number | null;
  readonly serverEmbodiedKg: number | null;
}

/** Watts drawn from the grid by one machine at a CPU utilisation of 0..1, the data centre's overhead (`pue`) included. */
export function gridWatts(machine: MachineFacts, utilization: number, pue: number): number {
  const cpu = machine.vcpu * (machine.idleWattsPerVcpu + (machine.fullWattsPerVcpu - machine.idleWattsPerVcpu) * utilization);
  return (cpu + WATTS_PER_GIB * machine.memoryGib) * pue;
}

/** Grams per hour of the making of the server that fall to one machine by its share of the vCPUs; undefined where not known. */
export function embodiedGramsPerHour(machine: MachineFacts): number | undefined {
  if (machine.serverEmbodiedKg === null || machine.serverVcpu === null || machine.serverVcpu === 0) return undefined;
  return ((machine.serverEmbodiedKg * 1000) / LIFE_HOURS) * (machine.vcpu / machine.serverVcpu);
}

/**
 * Software Carbon Intensity (ISO/IEC 21031:2024): SCI = (E·I + M) / R, in grams per functional unit.
 * `energyKwh`, `gramsPerKwh` (location-based, no offsets), `embodiedGrams` over the same time as `units`; undefined without units.
 */
export function sci(energyKwh: number, gramsPerKwh: number, embodiedGrams: number, units: number): number | undefined {
  return units > 0 ? (energyKwh * gramsPerKwh + embodiedGrams) / units : undefined;
}
