import { success } from "../../model/result.ts";
import { CATALOG_AS_OF_SECONDS, regionPrices } from "./catalog.ts";
import type { MarketFigure, MarketQuery, MarketSource } from "./market-source.ts";

/** The tables in `config/catalogs`: always there, as old as they say. */
export function embeddedMarket(): MarketSource {
  return { type: "embedded", read: (query) => Promise.resolve(success(embeddedFigures(query))) };
}

export function embeddedFigures({ regions, instanceTypes }: Pick<MarketQuery, "regions" | "instanceTypes">): readonly MarketFigure[] {
  const figures: MarketFigure[] = [];
  for (const region of regions) {
    for (const instanceType of instanceTypes) {
      const prices = regionPrices(instanceType, region);
      if (prices === undefined) continue;
      const common = { region, instanceType, source: "embedded", asOfSeconds: CATALOG_AS_OF_SECONDS };
      if (prices.onDemand !== null) figures.push({ ...common, kind: "price", capacityType: "on-demand", value: prices.onDemand, unit: "USD/h" });
      if (prices.spot !== null) figures.push({ ...common, kind: "price", capacityType: "spot", value: prices.spot, unit: "USD/h" });
      if (prices.interruptionsPerHour !== null) figures.push({ ...common, kind: "interruptions", capacityType: "spot", value: prices.interruptionsPerHour, unit: "1/h" });
    }
  }
  return figures;
}
