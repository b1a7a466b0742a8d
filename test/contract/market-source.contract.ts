import { describe, expect, it } from "vitest";
import type { MarketQuery, MarketSource } from "../../src/observe/market/market-source.ts";

export interface MarketCounterpart {
  readonly source: MarketSource;
  readonly query: MarketQuery;
  /** A price that the counterpart holds: of spot where nothing else is said. */
  readonly spot: { readonly capacityType?: "on-demand" | "spot"; readonly region: string; readonly zone?: string; readonly instanceType: string; readonly value: number };
}

/** What every source of prices and risks must do. */
export function marketSourceContract(type: string, start: () => Promise<MarketCounterpart>): void {
  describe(`the market source ${type}`, () => {
    it("gives figures with unit, source and age, of what was asked alone", async () => {
      const { source, query } = await start();
      expect(source.type).toBe(type);
      const read = await source.read(query);
      if (!read.ok) throw new Error(read.message);
      expect(read.value.length).toBeGreaterThan(0);
      for (const figure of read.value) {
        expect(query.regions).toContain(figure.region);
        expect(query.instanceTypes).toContain(figure.instanceType);
        expect(figure.unit).toBe({ price: "USD/h", interruptions: "1/h", "placement-score": "1..10" }[figure.kind]);
        expect(figure.value).toBeGreaterThan(0);
        expect(figure.source).not.toBe("");
        expect(figure.asOfSeconds).toBeLessThanOrEqual(query.nowSeconds);
      }
    });

    it("gives the price in force", async () => {
      const { source, query, spot } = await start();
      const read = await source.read(query);
      if (!read.ok) throw new Error(read.message);
      const found = read.value.find((figure) => figure.kind === "price" && figure.capacityType === (spot.capacityType ?? "spot") && figure.region === spot.region && figure.zone === spot.zone && figure.instanceType === spot.instanceType);
      expect(found?.value).toBeCloseTo(spot.value, 9);
    });

    it("leaves out what it does not know: never a zero", async () => {
      const { source, query } = await start();
      const read = await source.read({ ...query, instanceTypes: ["x99.nothing"] });
      expect(read).toMatchObject({ ok: true, value: [] });
    });
  });
}
