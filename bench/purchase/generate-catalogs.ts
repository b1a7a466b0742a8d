// Writes config/catalogs/*.json from the facts in FORETIDE_DATA: `node bench/purchase/generate-catalogs.ts`.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readCsv, readText } from "./data.ts";

const OUT = join(import.meta.dirname, "..", "..", "config", "catalogs");

interface PriceFile {
  readonly source: string;
  readonly types: Record<string, { vcpu: number; memoryGiB: number; arch: string; processor: string; prices: Record<string, { onDemand?: number; ri1yStdNoUpfront?: number; ri3yStdNoUpfront?: number; spotAvg?: number; spotAdvisor?: string }> }>;
}
const prices = JSON.parse(readText("cost", "ec2_prices_2025-05-28.json")) as PriceFile;
const platforms = new Map(readCsv("coeff", "ccf_aws-instances-latest-2026.csv").map((row) => [row["Instance Type"] ?? "", row]));
const watts = new Map(readCsv("coeff", "ccf_coefficients-aws-use.csv").map((row) => [row["Architecture"] ?? "", row]));

/** Processor names of the price table → architectures of the coefficients. */
const ARCHITECTURES: readonly (readonly [RegExp, string])[] = [
  [/Graviton2/u, "Graviton2"], [/Graviton3/u, "Graviton3"], [/Ice Lake|8375C/u, "Ice Lake"], [/Sapphire Rapids/u, "Sapphire Rapids"],
  [/7571/u, "EPYC 1st Gen"], [/7R32/u, "EPYC 2nd Gen"], [/7R13/u, "EPYC 3rd Gen"], [/9R14/u, "EPYC 4th Gen"],
  [/8175|8124M|Skylake/u, "Skylake"], [/Broadwell/u, "Broadwell"], [/Intel Xeon Family/u, "Cascade Lake"],
];

/** Burstable types share servers of another family of the same processor: their own largest size is not a server. */
const SERVER_FAMILY: Readonly<Record<string, string>> = { t3: "m5", t4g: "m6g" };

function familyVcpus(ofFamily: string): number {
  const family = SERVER_FAMILY[ofFamily] ?? ofFamily;
  let most = 0;
  for (const [type, row] of platforms) if (type.startsWith(`${family}.`)) most = Math.max(most, Number(row["vCPUs"]));
  return most;
}

const rounded = (value: number, digits = 4): number => Number(value.toFixed(digits));

const types = Object.fromEntries(Object.entries(prices.types).map(([type, facts]) => {
  const architecture = ARCHITECTURES.find(([pattern]) => pattern.test(facts.processor))?.[1] ?? "";
  const power = watts.get(architecture);
  if (power === undefined) throw new Error(`no power coefficients for ${type} (${facts.processor})`);
  const platform = platforms.get(type);
  const embodiedKg = platform === undefined ? null : Number(platform["Platform Embedded Emissions (mtCo2eq)"]) * 1000;
  return [type, {
    vcpu: facts.vcpu, memoryGib: facts.memoryGiB, architecture: facts.arch, processor: architecture,
    idleWattsPerVcpu: rounded(Number(power["Min Watts"])), fullWattsPerVcpu: rounded(Number(power["Max Watts"])),
    serverVcpu: platform === undefined ? null : familyVcpus(type.split(".")[0] ?? ""), serverEmbodiedKg: embodiedKg === null || Number.isNaN(embodiedKg) ? null : rounded(embodiedKg),
    prices: Object.fromEntries(Object.entries(facts.prices).map(([region, price]) =>
      [region, [price.onDemand ?? null, price.ri1yStdNoUpfront ?? null, price.ri3yStdNoUpfront ?? null, price.spotAvg ?? null, price.spotAdvisor ?? null]])),
  }];
}));

const regionMap = JSON.parse(readText("coeff", "region_map.json")) as { source: string; regions: Record<string, { emZone: string; wtRegion: string; pue: number | null; gridAvg_g_per_kWh: number | null; gridMarginal_g_per_kWh: number | null; year: number }> };
const regions = Object.fromEntries(Object.entries(regionMap.regions).map(([key, row]) =>
  [key, { year: row.year, electricityMapsZone: row.emZone, wattTimeRegion: row.wtRegion, pue: row.pue, averageGramsPerKwh: row.gridAvg_g_per_kWh, marginalGramsPerKwh: row.gridMarginal_g_per_kWh }]));

/** One line an entry: small, and a change shows as one line. */
function lines(head: Record<string, unknown>, name: string, entries: Record<string, unknown>): string {
  const top = Object.entries(head).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)},\n`).join("");
  return `{\n${top}  ${JSON.stringify(name)}: {\n${Object.entries(entries).map(([key, value]) => `    ${JSON.stringify(key)}: ${JSON.stringify(value)}`).join(",\n")}\n  }\n}\n`;
}

writeFileSync(join(OUT, "ec2.json"), lines({
  source: "prices: ec2instances.info by cristim/ec2-instances-info v0.0.0-20250528091325 (data MIT); watts and embodied carbon: cloud-carbon-footprint/ccf-coefficients (Apache-2.0)",
  asOf: "2025-05-28", currency: "USD per hour, Linux, shared tenancy",
  priceColumns: ["onDemand", "reserved1y", "reserved3y", "spotAverage", "interruptionBucketPerMonth"],
}, "types", types));
writeFileSync(join(OUT, "regions.json"), lines({ source: `${regionMap.source} (Green Software Foundation, as is)`, asOf: "2024-12-31" }, "regions", regions));
