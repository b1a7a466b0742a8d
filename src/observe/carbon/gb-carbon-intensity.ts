import { z } from "zod";
import { failure, success } from "../../model/result.ts";
import type { CarbonDeps, CarbonSource } from "./carbon-source.ts";
import { getJson } from "./get-json.ts";

export const config = z.strictObject({
  baseUrl: z.url().default("https://api.carbonintensity.org.uk").describe("Where the service answers."),
});

const shape = z.object({
  data: z.array(z.object({ from: z.string(), intensity: z.object({ forecast: z.number().nullable(), actual: z.number().nullable() }) })),
});

/** The GB Carbon Intensity API (NESO, CC BY 4.0): average intensity of Great Britain by half hours, 48 hours ahead. */
export function create(options: z.infer<typeof config>, deps: CarbonDeps): CarbonSource<"average"> {
  return {
    type: "gb-carbon-intensity", signal: "average",
    async read({ nowSeconds }) {
      const halfHour = Math.floor(nowSeconds / 1800) * 1800;
      const from = `${new Date(halfHour * 1000).toISOString().slice(0, 16)}Z`;
      const answer = await getJson(deps, `${options.baseUrl}/intensity/${from}/fw48h`);
      if (!answer.ok) return answer;
      const parsed = shape.safeParse(answer.value);
      if (!parsed.success) return failure("permanent", `gb-carbon-intensity: ${z.prettifyError(parsed.error)}`);
      const points = parsed.data.data.flatMap(({ from: start, intensity }) => {
        const gramsPerKwh = intensity.actual ?? intensity.forecast;
        return gramsPerKwh === null ? [] : [{ timeSeconds: Date.parse(start) / 1000, gramsPerKwh, estimated: intensity.actual === null }];
      });
      const at = points.findLastIndex(({ timeSeconds }) => timeSeconds <= nowSeconds);
      const now = points[at];
      if (now === undefined) return failure("missing", "gb-carbon-intensity: no value in force now");
      return success({ signal: "average", zone: "GB", ...now, source: "gb-carbon-intensity", emissions: "direct", forecast: points.slice(at + 1).map(({ timeSeconds, gramsPerKwh }) => ({ timeSeconds, gramsPerKwh })) });
    },
  };
}
