import { z } from "zod";
import { failure, success } from "../../model/result.ts";
import { secret } from "../../policy/scalars.ts";
import { regionFacts } from "../market/catalog.ts";
import type { CarbonDeps, CarbonSource } from "./carbon-source.ts";
import { getJson } from "./get-json.ts";

export const config = z.strictObject({
  token: secret().describe("The API token: give it as ${env:NAME} or ${file:PATH}."),
  baseUrl: z.url().default("https://api.electricitymaps.com/v3").describe("Where the service answers."),
  emissions: z.enum(["lifecycle", "direct"]).default("lifecycle").describe("Life-cycle factors of the plants, or their direct emissions alone."),
});

const latestShape = z.object({ zone: z.string(), carbonIntensity: z.number(), datetime: z.string(), isEstimated: z.boolean().nullish() });
const forecastShape = z.object({ forecast: z.array(z.object({ datetime: z.string(), carbonIntensity: z.number().nullable() })) });

/** Electricity Maps v3: consumption-based average intensity. The forecast is a paid call: where it is refused, there is none. */
export function create(options: z.infer<typeof config>, deps: CarbonDeps): CarbonSource<"average"> {
  const get = (path: string): ReturnType<typeof getJson> => getJson(deps, `${options.baseUrl}${path}&emissionFactorType=${options.emissions}`, { "auth-token": options.token?.reveal() ?? "" });
  return {
    type: "electricity-maps", signal: "average",
    async read({ region, cloud, zone, horizonSeconds }) {
      const mapsZone = zone ?? regionFacts(region, cloud)?.electricityMapsZone;
      if (mapsZone === undefined) return failure("missing", `no Electricity Maps zone is known for ${region}`);
      const answer = await get(`/carbon-intensity/latest?zone=${encodeURIComponent(mapsZone)}`);
      if (!answer.ok) return answer;
      const latest = latestShape.safeParse(answer.value);
      if (!latest.success) return failure("permanent", `electricity-maps: ${z.prettifyError(latest.error)}`);
      const ahead = horizonSeconds > 0 ? await get(`/carbon-intensity/forecast?zone=${encodeURIComponent(mapsZone)}`) : undefined;
      const forecast = ahead?.ok === true ? forecastShape.safeParse(ahead.value) : undefined;
      return success({
        signal: "average", zone: latest.data.zone, gramsPerKwh: latest.data.carbonIntensity, timeSeconds: Date.parse(latest.data.datetime) / 1000,
        source: "electricity-maps", estimated: latest.data.isEstimated ?? false, emissions: options.emissions,
        forecast: (forecast?.data?.forecast ?? []).flatMap(({ datetime, carbonIntensity }) => carbonIntensity === null ? [] : [{ timeSeconds: Date.parse(datetime) / 1000, gramsPerKwh: carbonIntensity }]),
      });
    },
  };
}
