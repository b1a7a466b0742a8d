import ec2 from "../../../config/catalogs/ec2.json" with { type: "json" };
import regionTable from "../../../config/catalogs/regions.json" with { type: "json" };
import type { MachineFacts } from "../../account/carbon.ts";

export interface InstanceFacts extends MachineFacts {
  readonly architecture: string;
}

/** US dollars per hour of one region; null where the table has none. `interruptionsPerHour` from the Spot Advisor's monthly bucket. */
export interface RegionPrices {
  readonly onDemand: number | null;
  readonly reserved1y: number | null;
  readonly reserved3y: number | null;
  readonly spot: number | null;
  readonly interruptionsPerHour: number | null;
}

export interface RegionFacts {
  readonly electricityMapsZone: string;
  readonly wattTimeRegion: string;
  readonly pue: number | null;
  readonly averageGramsPerKwh: number | null;
  readonly marginalGramsPerKwh: number | null;
}

export const CATALOG_AS_OF_SECONDS = Date.parse(ec2.asOf) / 1000;
export const REGIONS_AS_OF_SECONDS = Date.parse(regionTable.asOf) / 1000;

type PriceRow = readonly (number | string | null)[];
const TYPES = ec2.types as unknown as Readonly<Record<string, InstanceFacts & { readonly prices: Readonly<Record<string, PriceRow>> }>>;
const REGIONS = regionTable.regions as Readonly<Record<string, RegionFacts>>;

/** Middle of each bucket: the share of machines interrupted in a month of 730 hours, as a rate. */
const BUCKETS: Readonly<Record<string, number>> = { "<5%": 0.025, "5-10%": 0.075, "10-15%": 0.125, "15-20%": 0.175, ">20%": 0.25 };
const HOURS_PER_MONTH = 730;

export function instanceFacts(instanceType: string): InstanceFacts | undefined {
  return TYPES[instanceType];
}

export function knownInstanceTypes(): readonly string[] {
  return Object.keys(TYPES);
}

export function regionPrices(instanceType: string, region: string): RegionPrices | undefined {
  const row = TYPES[instanceType]?.prices[region];
  if (row === undefined) return undefined;
  const bucket = BUCKETS[String(row[4])];
  return {
    onDemand: price(row[0]), reserved1y: price(row[1]), reserved3y: price(row[2]), spot: price(row[3]),
    interruptionsPerHour: bucket === undefined ? null : -Math.log(1 - bucket) / HOURS_PER_MONTH,
  };
}

/** Facts of a cloud's region, `aws` where no cloud is named. */
export function regionFacts(region: string, cloud = "aws"): RegionFacts | undefined {
  return REGIONS[`${cloud}:${region}`];
}

function price(cell: number | string | null | undefined): number | null {
  return typeof cell === "number" ? cell : null;
}
