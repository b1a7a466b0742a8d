import type { Offering } from "../model/offering.ts";

/** What one target's allocation of one offering cost and emitted over a span. */
export interface CostRow {
  readonly target: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly offering: Pick<Offering, "id" | "region" | "zone" | "instanceType" | "capacityType">;
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly instanceHours: number;
  readonly pricePerHourUsd: number;
  readonly listPricePerHourUsd: number;
  /** Undefined where the grid is not known. */
  readonly carbonGrams: number | undefined;
}

/** Dollars, grams and instance-hours by the value of a tag; rows without the tag under "". Grams are undefined where any row's are. */
export function showback(rows: readonly CostRow[], tag: string): ReadonlyMap<string, { readonly costUsd: number; readonly carbonGrams: number | undefined; readonly instanceHours: number }> {
  const sums = new Map<string, { costUsd: number; carbonGrams: number | undefined; instanceHours: number }>();
  for (const row of rows) {
    const key = row.tags[tag] ?? "";
    const sum = sums.get(key) ?? { costUsd: 0, carbonGrams: 0, instanceHours: 0 };
    sum.costUsd += row.instanceHours * row.pricePerHourUsd;
    sum.carbonGrams = sum.carbonGrams === undefined || row.carbonGrams === undefined ? undefined : sum.carbonGrams + row.carbonGrams;
    sum.instanceHours += row.instanceHours;
    sums.set(key, sum);
  }
  return sums;
}

/** Columns of the FinOps Open Cost and Usage Specification 1.0 that a purchase knows; `x_` columns are its own. */
const COLUMNS = [
  "BilledCost", "EffectiveCost", "ListCost", "BillingCurrency", "ChargeCategory", "ChargePeriodStart", "ChargePeriodEnd", "ConsumedQuantity", "ConsumedUnit", "PricingCategory",
  "PricingQuantity", "PricingUnit", "ListUnitPrice", "ProviderName", "RegionId", "AvailabilityZone", "ResourceType", "ServiceCategory", "ServiceName", "SkuId", "Tags", "x_Target", "x_CarbonGrams",
] as const;

const PRICING_CATEGORY: Readonly<Record<Offering["capacityType"], string>> = { "on-demand": "Standard", spot: "Dynamic", committed: "Committed" };

/** The rows as CSV in FOCUS columns (estimates by list and market prices, not a provider's invoice). */
export function focusCsv(rows: readonly CostRow[], providerName = "AWS"): string {
  const lines = rows.map((row): string => {
    const cost = row.instanceHours * row.pricePerHourUsd;
    const cells: Readonly<Record<(typeof COLUMNS)[number], string | number>> = {
      BilledCost: money(cost), EffectiveCost: money(cost), ListCost: money(row.instanceHours * row.listPricePerHourUsd), BillingCurrency: "USD", ChargeCategory: "Usage",
      ChargePeriodStart: iso(row.fromSeconds), ChargePeriodEnd: iso(row.toSeconds), ConsumedQuantity: row.instanceHours, ConsumedUnit: "Hours", PricingCategory: PRICING_CATEGORY[row.offering.capacityType],
      PricingQuantity: row.instanceHours, PricingUnit: "Hours", ListUnitPrice: row.listPricePerHourUsd, ProviderName: providerName, RegionId: row.offering.region, AvailabilityZone: row.offering.zone,
      ResourceType: row.offering.instanceType, ServiceCategory: "Compute", ServiceName: "Virtual Machines", SkuId: row.offering.id, Tags: JSON.stringify(row.tags), x_Target: row.target, x_CarbonGrams: row.carbonGrams ?? "",
    };
    return COLUMNS.map((column) => quoted(String(cells[column]))).join(",");
  });
  return `${[COLUMNS.join(","), ...lines].join("\r\n")}\r\n`;
}

/** RFC 4180; a leading =, +, - or @ is disarmed for spreadsheets unless it is a number. */
function quoted(cell: string): string {
  const safe = /^[=+\-@]/u.test(cell) && !Number.isFinite(Number(cell)) ? `'${cell}` : cell;
  return /[",\r\n]/u.test(safe) ? `"${safe.replaceAll("\"", "\"\"")}"` : safe;
}

function money(value: number): string {
  return value.toFixed(6);
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
