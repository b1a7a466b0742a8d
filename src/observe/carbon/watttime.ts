import { z } from "zod";
import { failure, success } from "../../model/result.ts";
import type { Result } from "../../model/result.ts";
import { secret } from "../../policy/scalars.ts";
import { regionFacts } from "../market/catalog.ts";
import { GRAMS_PER_KWH_PER_LB_PER_MWH } from "./carbon-source.ts";
import type { CarbonDeps, CarbonSource } from "./carbon-source.ts";
import { getJson } from "./get-json.ts";

export const config = z.strictObject({
  username: z.string().min(1).describe("The account's name."),
  password: secret().describe("The account's password: give it as ${env:NAME} or ${file:PATH}."),
  baseUrl: z.url().default("https://api.watttime.org").describe("Where the service answers."),
});

const loginShape = z.object({ token: z.string() });
const forecastShape = z.object({
  data: z.array(z.object({ point_time: z.string(), value: z.number() })).min(1),
  meta: z.object({ region: z.string(), signal_type: z.literal("co2_moer"), units: z.literal("lbs_co2_per_mwh") }),
});

/** WattTime v3: marginal intensity (MOER, lb/MWh → g/kWh). A token lives half an hour; a refused one is renewed once. */
export function create(options: z.infer<typeof config>, deps: CarbonDeps): CarbonSource<"marginal"> {
  let token: string | undefined;
  const login = async (): Promise<Result<string>> => {
    const basic = Buffer.from(`${options.username}:${options.password?.reveal() ?? ""}`).toString("base64");
    const answer = await getJson(deps, `${options.baseUrl}/login`, { authorization: `Basic ${basic}` });
    if (!answer.ok) return answer;
    const parsed = loginShape.safeParse(answer.value);
    return parsed.success ? success(parsed.data.token) : failure("permanent", "watttime: the login gave no token");
  };
  const get = async (path: string): Promise<Result<unknown>> => {
    for (const renewed of [false, true]) {
      if (token === undefined || renewed) {
        const fresh = await login();
        if (!fresh.ok) return fresh;
        token = fresh.value;
      }
      const answer = await getJson(deps, options.baseUrl + path, { authorization: `Bearer ${token}` });
      if (answer.ok || renewed || !answer.message.endsWith(": 401")) return answer;
    }
    return failure("permanent", "watttime: not let in");
  };
  return {
    type: "watttime", signal: "marginal",
    async read({ region, cloud, zone, horizonSeconds }) {
      const watttimeRegion = zone ?? regionFacts(region, cloud)?.wattTimeRegion;
      if (watttimeRegion === undefined) return failure("missing", `no WattTime region is known for ${region}`);
      const hours = Math.min(72, Math.max(1, Math.ceil(horizonSeconds / 3600)));
      const answer = await get(`/v3/forecast?region=${encodeURIComponent(watttimeRegion)}&signal_type=co2_moer&horizon_hours=${hours}`);
      if (!answer.ok) return answer;
      const parsed = forecastShape.safeParse(answer.value);
      if (!parsed.success) return failure("permanent", `watttime: ${z.prettifyError(parsed.error)}`);
      const points = parsed.data.data.map(({ point_time, value }) => ({ timeSeconds: Date.parse(point_time) / 1000, gramsPerKwh: value * GRAMS_PER_KWH_PER_LB_PER_MWH }));
      const [now, ...forecast] = points;
      if (now === undefined) return failure("missing", "watttime: an empty forecast");
      return success({ signal: "marginal", zone: parsed.data.meta.region, ...now, source: "watttime", estimated: false, emissions: "direct", forecast });
    },
  };
}
