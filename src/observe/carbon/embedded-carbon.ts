import { z } from "zod";
import { failure, success } from "../../model/result.ts";
import { regionFacts, REGIONS_AS_OF_SECONDS } from "../market/catalog.ts";
import type { CarbonSource } from "./carbon-source.ts";

export const config = z.strictObject({
  signal: z.enum(["average", "marginal"]).default("average").describe("Which intensity it is: the grid's average, or that of the marginal plant (MOER)."),
});

/** Annual means by cloud region from `config/catalogs/regions.json`: always there, never news. */
export function create(options: z.infer<typeof config>): CarbonSource {
  return {
    type: "embedded", signal: options.signal,
    read({ region, cloud }) {
      const facts = regionFacts(region, cloud);
      const gramsPerKwh = options.signal === "average" ? facts?.averageGramsPerKwh : facts?.marginalGramsPerKwh;
      if (facts === undefined || gramsPerKwh === null || gramsPerKwh === undefined) return Promise.resolve(failure("missing", `no ${options.signal} intensity in the table for ${region}`));
      return Promise.resolve(success({ signal: options.signal, zone: facts.electricityMapsZone, gramsPerKwh, timeSeconds: REGIONS_AS_OF_SECONDS, source: "embedded", estimated: true, emissions: "lifecycle", forecast: [] }));
    },
  };
}
