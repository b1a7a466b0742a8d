import { z } from "zod";
import { failure, success } from "../../model/result.ts";
import type { CarbonDeps, CarbonSource } from "./carbon-source.ts";
import { getJson } from "./get-json.ts";

/** The SDK hides its own source: whoever runs it says which signal that is. */
export const config = z.strictObject({
  baseUrl: z.url().describe("Where the service answers."),
  signal: z.enum(["average", "marginal"]).describe("Which intensity it is: the grid's average, or that of the marginal plant (MOER)."),
});

const emissionsShape = z.array(z.object({ location: z.string(), time: z.string(), rating: z.number() })).min(1);
const forecastsShape = z.array(z.object({ forecastData: z.array(z.object({ timestamp: z.string(), value: z.number() })) }));

/** The Green Software Foundation's Carbon Aware SDK Web API, self-hosted; g/kWh. */
export function create(options: z.infer<typeof config>, deps: CarbonDeps): CarbonSource {
  return {
    type: "carbon-aware-sdk", signal: options.signal,
    async read({ region, zone, nowSeconds, horizonSeconds }) {
      const location = encodeURIComponent(zone ?? region);
      const iso = (seconds: number): string => encodeURIComponent(new Date(seconds * 1000).toISOString());
      const answer = await getJson(deps, `${options.baseUrl}/emissions/bylocation?location=${location}&time=${iso(nowSeconds - 3600)}&toTime=${iso(nowSeconds)}`);
      if (!answer.ok) return answer;
      const parsed = emissionsShape.safeParse(answer.value);
      if (!parsed.success) return failure("permanent", `carbon-aware-sdk: ${z.prettifyError(parsed.error)}`);
      const now = parsed.data.reduce((best, row) => (Date.parse(row.time) > Date.parse(best.time) ? row : best));
      const ahead = horizonSeconds > 0 ? await getJson(deps, `${options.baseUrl}/emissions/forecasts/current?location=${location}`) : undefined;
      const forecast = ahead?.ok === true ? forecastsShape.safeParse(ahead.value) : undefined;
      return success({
        signal: options.signal, zone: now.location, gramsPerKwh: now.rating, timeSeconds: Date.parse(now.time) / 1000,
        source: "carbon-aware-sdk", estimated: false, emissions: "lifecycle",
        forecast: (forecast?.data?.[0]?.forecastData ?? []).map(({ timestamp, value }) => ({ timeSeconds: Date.parse(timestamp) / 1000, gramsPerKwh: value })),
      });
    },
  };
}
