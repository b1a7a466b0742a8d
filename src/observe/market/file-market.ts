import { readFile } from "node:fs/promises";
import { z } from "zod";
import { failure, success } from "../../model/result.ts";
import type { MarketFigure, MarketSource } from "./market-source.ts";

const rowShape = z.strictObject({
  kind: z.enum(["price", "interruptions", "placement-score"]).default("price"),
  capacityType: z.enum(["on-demand", "spot"]),
  region: z.string().min(1),
  zone: z.string().min(1).optional(),
  instanceType: z.string().min(1),
  value: z.number().nonnegative(),
  asOf: z.iso.datetime(),
});
const fileShape = z.array(rowShape);
const UNITS = { price: "USD/h", interruptions: "1/h", "placement-score": "1..10" } as const;

/** A JSON file of figures, e.g. negotiated prices: rows of kind, capacityType, region, zone, instanceType, value, asOf. */
export function fileMarket(path: string): MarketSource {
  return {
    type: "file",
    async read({ regions, instanceTypes }) {
      let json: unknown;
      try {
        json = JSON.parse(await readFile(path, "utf8"));
      } catch (error) {
        return failure(error instanceof SyntaxError ? "permanent" : "missing", `${path}: ${error instanceof Error ? error.message : String(error)}`);
      }
      const parsed = fileShape.safeParse(json);
      if (!parsed.success) return failure("permanent", `${path}: ${z.prettifyError(parsed.error)}`);
      return success(parsed.data
        .filter((row) => regions.includes(row.region) && instanceTypes.includes(row.instanceType))
        .map(({ asOf, zone, ...row }): MarketFigure => ({ ...row, ...(zone === undefined ? {} : { zone }), unit: UNITS[row.kind], source: "file", asOfSeconds: Date.parse(asOf) / 1000 })));
    },
  };
}
